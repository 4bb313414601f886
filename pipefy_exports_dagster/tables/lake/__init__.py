"""Tables in DuckLake: a catalog in Postgres or in a file, and Parquet files in a folder or an object store."""

from .lake_tables import LakeTables, lake_tables

__all__ = ["LakeTables", "lake_tables"]
