"""Locks that end with their holder: of files, which the operating system keeps, and in a Postgres."""
