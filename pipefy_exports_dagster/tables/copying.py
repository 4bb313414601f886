"""Takes the tables of a DuckDB file into another place: types and comments, each in one transaction, counted."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipefy_exports_dagster.config.naming import MAIN, table_in_sql
from pipefy_exports_dagster.errors import LoadFailedError
from pipefy_exports_dagster.text.sql import identifier, literal

from .creating import NewColumn
from .database_file import DatabaseFile
from .lineage import EXPORT_TABLE, HISTORY_TABLE, LINEAGE
from .store import OpenTables, TableStore
from .table_state import TableState, table_state

if TYPE_CHECKING:
    import duckdb

_SOURCE = "pipefy_exports_copied"


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table, how many rows of it are in the other place now and in the file, and whether it was there already."""

    table: str
    rows: int
    rows_in_file: int
    was_there: bool

    @property
    def is_the_same(self) -> bool:
        """Whether both have as many rows."""
        return self.rows == self.rows_in_file


def copy_tables(source: Path, target: TableStore, *, lock_timeout_s: float) -> Iterator[CopiedTable]:
    """Copy each table of ours that the other place does not have, and yield it.

    Called again after an interruption, it goes on with the first table that is missing. A table that is there is
    counted, and left as it is.

    Raises:
        StorageError: There is no such file.
        DatabaseLockedError: Another process writes to the file, or to the table.
        LoadFailedError: Not all rows arrived; nothing of that table was changed.
    """
    with DatabaseFile(source).open_to_read(lock_timeout_s=lock_timeout_s) as connection:
        found = _our_tables(connection)
    for schema, table in found:
        with target.open_to_write(table=table, schema=schema, lock_timeout_s=lock_timeout_s) as opened:
            yield _copy(opened, source, schema, table)


def _our_tables(connection: "duckdb.DuckDBPyConnection") -> list[tuple[str, str]]:
    names = ", ".join(map(literal, LINEAGE))
    return connection.execute(
        "SELECT c.schema_name, c.table_name FROM duckdb_columns() c "
        "JOIN duckdb_tables() t USING (table_oid, database_oid) "
        f"WHERE c.database_name = current_database() AND c.column_name IN ({names}) "
        f"GROUP BY ALL HAVING count(*) = {len(LINEAGE)} ORDER BY ALL"
    ).fetchall()


def _copy(opened: OpenTables, source: Path, schema: str, table: str) -> CopiedTable:
    import duckdb

    connection = opened.connection
    shown, name = table_in_sql(schema, table), identifier(table)
    there = table_state(connection, table)
    connection.execute(f"ATTACH {literal(str(source))} AS {_SOURCE} (READ_ONLY)")
    copied = f"{_SOURCE}.{identifier(schema)}.{name}"
    if there.exists:
        return CopiedTable(shown, _count(connection, name), _count(connection, copied), was_there=True)
    state = _state_in_source(connection, schema, table)
    layout = EXPORT_TABLE if state.column("_month") is None else HISTORY_TABLE
    connection.begin()
    try:
        columns = [NewColumn(column.name, column.type, column.header) for column in state.columns]
        opened.create_table(table, columns, layout)
        connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM {copied}")
        rows, wanted = _count(connection, name), _count(connection, copied)
        _require_all(rows, wanted, f"{shown} of {source}")
        opened.commit(f"{shown}: copied from a DuckDB file")
    except BaseException:
        with suppress(duckdb.Error):
            connection.rollback()
        raise
    return CopiedTable(shown, rows, wanted, was_there=False)


def _require_all(rows: int, wanted: int, table: str) -> None:
    if rows != wanted:
        raise LoadFailedError(f"{wanted} rows are in {table}, but {rows} arrived; nothing was changed")


def _state_in_source(connection: "duckdb.DuckDBPyConnection", schema: str, table: str) -> TableState:
    row = connection.execute("SELECT current_database(), current_schema()").fetchone()
    assert row is not None  # noqa: S101  a row
    database, current = map(identifier, row)
    connection.execute(f"USE {_SOURCE}.{identifier(schema or MAIN)}")
    try:
        return table_state(connection, table)
    finally:
        connection.execute(f"USE {database}.{current}")


def _count(connection: "duckdb.DuckDBPyConnection", name: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {name}").fetchone()
    assert row is not None  # noqa: S101  a row
    return int(row[0])
