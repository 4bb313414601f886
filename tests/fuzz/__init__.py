"""Inputs that nobody thought of, for each place where text of others comes in."""
