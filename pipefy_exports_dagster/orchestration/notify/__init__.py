"""Telling a person of failed runs and of checks that did not pass."""
