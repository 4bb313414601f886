"""Quoting text: for users, and for SQL."""
