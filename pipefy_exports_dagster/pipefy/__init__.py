"""Pipefy over HTTP: from a request for an export to a file on disk. Knows neither DuckDB nor Dagster."""
