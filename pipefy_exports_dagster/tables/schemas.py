"""Schemas of an open database, or of an attached lake."""

from typing import TYPE_CHECKING

from pipefy_exports_dagster.config.naming import MAIN
from pipefy_exports_dagster.text.sql import literal

if TYPE_CHECKING:
    import duckdb


def uses_schema(connection: "duckdb.DuckDBPyConnection", schema: str) -> bool:
    """Make a schema of the current database the one of names without a schema; return whether it exists.

    Args:
        connection: Its current schema is `main`.
        schema: The schema.
    """
    if schema == MAIN:
        return True
    known = f"database_name = current_database() AND schema_name = {literal(schema)}"
    if connection.execute(f"SELECT 1 FROM duckdb_schemas() WHERE {known}").fetchone() is None:
        return False
    connection.execute(f"SET schema = {literal(schema)}")
    return True
