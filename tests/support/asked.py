"""Tables that are asked and changed where they are, in a DuckDB file or in a lake, as a person with DuckDB does."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import duckdb

from pipefy_exports_dagster.tables.lake import LakeTables

Tables = Path | LakeTables
"""A DuckDB file, or a lake."""

_PATIENCE_S = 10


def connected(tables: Tables) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    """Open tables for reading."""
    if isinstance(tables, Path):
        return duckdb.connect(tables, read_only=True)
    return tables.open_to_read(lock_timeout_s=_PATIENCE_S)


def asked(tables: Tables, sql: str) -> list[tuple[Any, ...]]:
    with connected(tables) as connection:
        return connection.execute(sql).fetchall()


def changed(tables: Tables, sql: str) -> None:
    """Run statements that change tables."""
    if isinstance(tables, Path):
        with duckdb.connect(tables) as connection:
            connection.execute(sql)
    else:
        with tables.open_to_write(table="of a test", lock_timeout_s=_PATIENCE_S) as opened:
            opened.connection.execute(sql)
