"""SQL over a staged file, without the database: such a query does not hold the database's lock."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipefy_exports_dagster.text.sql import literal

from .column_types import INTERVAL
from .staged import StagedTable

if TYPE_CHECKING:
    import duckdb

_MEMORY = "500MB"


@contextmanager
def staged_query() -> Iterator["duckdb.DuckDBPyConnection"]:
    """Open an in-memory connection for queries on staged files."""
    import duckdb

    # One thread runs these queries in the same time as two, with half the work (measured with 200,000 rows).
    with duckdb.connect(config={"memory_limit": _MEMORY, "threads": 1}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def rows_of(staged: StagedTable) -> str:
    """SQL for a staged file as a relation."""
    return f"read_parquet({literal(str(staged.path))})"


def typed(expression: str, type_: str) -> str:
    """SQL for a value of a staged file in its type: Parquet holds an interval as its microseconds."""
    return f"to_microseconds({expression})" if type_ == INTERVAL else expression
