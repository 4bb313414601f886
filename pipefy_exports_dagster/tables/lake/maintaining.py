"""What a lake needs now and then: old snapshots forgotten, small files merged, files that nothing names deleted.

Never of the last day: files of a transaction under way look like orphans, and who reads a snapshot needs its files
(tried: the transaction commits, and its table cannot be read any more).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipefy_exports_dagster.config.naming import table_in_sql
from pipefy_exports_dagster.text.sql import literal

if TYPE_CHECKING:
    import duckdb

LEAST_DAYS = 1


@dataclass(frozen=True, slots=True)
class Maintained:
    """One thing that was done: what, to what, and how many."""

    what: str
    where: str
    count: int


def lake_tables_named(connection: "duckdb.DuckDBPyConnection", lake: str) -> list[tuple[str, str]]:
    """Return schema and name of each table of a lake."""
    return connection.execute(
        f"SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = {literal(lake)} ORDER BY ALL"
    ).fetchall()


def forget_snapshots(connection: "duckdb.DuckDBPyConnection", lake: str, days: int) -> Maintained:
    """Forget snapshots that are older than some days, but for the newest."""
    return Maintained("snapshots expired", lake, _count(connection, "ducklake_expire_snapshots", lake, days))


def merge_files(
    connection: "duckdb.DuckDBPyConnection", lake: str, schema: str, table: str
) -> Iterator[Maintained]:
    """Merge small files of a table; its lock has to be held, or a load that commits meanwhile fails."""
    merged = connection.execute(
        f"CALL ducklake_merge_adjacent_files({literal(lake)}, {literal(table)}, schema => {literal(schema)})"
    ).fetchall()
    if count := sum(int(row[2]) for row in merged):
        yield Maintained("files merged", table_in_sql(schema, table), count)


def delete_files(connection: "duckdb.DuckDBPyConnection", lake: str, days: int) -> Iterator[Maintained]:
    """Delete files that no snapshot names any more, and those that a killed load left."""
    yield Maintained("old files deleted", lake, _count(connection, "ducklake_cleanup_old_files", lake, days))
    yield Maintained(
        "orphaned files deleted", lake, _count(connection, "ducklake_delete_orphaned_files", lake, days)
    )


def _count(connection: "duckdb.DuckDBPyConnection", function: str, lake: str, days: int) -> int:
    older = f"older_than => now() - INTERVAL {max(days, LEAST_DAYS)} DAY"
    return len(connection.execute(f"CALL {function}({literal(lake)}, {older})").fetchall())
