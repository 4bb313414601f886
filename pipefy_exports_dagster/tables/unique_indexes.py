"""Replace rows in a table on which a user has created unique indexes.

DuckDB refuses to delete a row and insert another with its key in one transaction ("Duplicate key"), and dropping the
index first does not help (1.5.5). A table with a unique index is therefore rebuilt without the rows, and its indexes
are created after the new rows have arrived.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pipefy_exports_dagster.errors import LoadFailedError
from pipefy_exports_dagster.text.sql import identifier

from .rebuilding import replace_by_query
from .table_state import TableIndex, table_state

if TYPE_CHECKING:
    import duckdb

_LONGEST_KEY = 200


@contextmanager
def rows_replaced(connection: "duckdb.DuckDBPyConnection", table: str, condition: str) -> Iterator[None]:
    """Delete the rows of a condition before the block, which inserts others; within the caller's transaction.

    Raises:
        LoadFailedError: The rows of the table after the block violate a unique index.
    """
    state = table_state(connection, table)
    name = identifier(table)
    if not any(index.is_unique for index in state.indexes):
        if state.exists:
            connection.execute(f"DELETE FROM {name} WHERE {condition}")
        yield
        return
    replace_by_query(connection, state, f"SELECT * FROM {name} WHERE ({condition}) IS NOT TRUE")
    yield
    for index in state.indexes:
        if index.is_unique and (key := _repeated_key(connection, name, index)):
            raise _broken(table, index, key)
        connection.execute(index.sql)


def _repeated_key(
    connection: "duckdb.DuckDBPyConnection", table: str, index: TableIndex
) -> tuple[Any, ...] | None:
    """Return a key that several rows have, if any; a CREATE INDEX that fails would abort the transaction."""
    keys = (
        f"SELECT {', '.join(index.expressions)}, count(*) AS _n FROM {table} GROUP BY ALL HAVING count(*) > 1"
    )
    # A key that contains NULL equals no other key.
    found = connection.execute(
        f"SELECT * EXCLUDE _n FROM ({keys}) WHERE COLUMNS(*) IS NOT NULL LIMIT 1"
    ).fetchone()
    return tuple(found) if found else None


def _broken(table: str, index: TableIndex, key: tuple[Any, ...]) -> LoadFailedError:
    over = ", ".join(index.expressions)

    def message(values: str) -> str:
        return (
            f"the unique index {index.name!r} on {table!r} ({over}) cannot hold the new rows, because "
            f"several rows would have {values}; nothing was changed. Drop the index, or recreate it with more "
            "columns: slices overlap, so a key is unique at most within one `_period_filter`"
        )

    shown = ", ".join(map(str, key))
    shown = shown if len(shown) <= _LONGEST_KEY else f"{shown[:_LONGEST_KEY]}…"
    return LoadFailedError(message(f"the key {shown!r}"), without_values=message("the same key"))
