"""Trying it without an account: the sandbox as Pipefy, Dagster and DuckDB as they are."""
