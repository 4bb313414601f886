from typing import TYPE_CHECKING

from pipefy_exports_dagster.text.sql import identifier

if TYPE_CHECKING:
    import duckdb


def broken_views(connection: "duckdb.DuckDBPyConnection", table: str) -> tuple[str, ...]:
    """Return the views on a table that no longer bind, because a column's type changed."""
    import duckdb

    broken = []
    for schema, view, sql in connection.execute(
        "SELECT schema_name, view_name, sql FROM duckdb_views() "
        "WHERE NOT internal AND database_name = current_database() ORDER BY ALL"
    ).fetchall():
        if table.lower() not in str(sql).lower():
            continue
        try:
            # LIMIT 0: only bound, not executed.
            connection.execute(f"SELECT * FROM {identifier(schema)}.{identifier(view)} LIMIT 0")
        except duckdb.Error:
            broken.append(view if schema == "main" else f"{schema}.{view}")
    return tuple(broken)
