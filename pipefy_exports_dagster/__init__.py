"""Keep an organization's Pipefy exports in DuckDB, with Dagster."""
