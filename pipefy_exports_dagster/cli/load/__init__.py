"""`pipefy-exports load`: a file that is here already, loaded as if a run had downloaded it.

Into an asset's partition (archived, reported to Dagster), or into any table of any DuckDB file.
"""
