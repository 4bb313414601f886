"""What a load would do, without writing: the table's changes come from a read-only look at the database."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipefy_exports_dagster.asset_names import MAIN
from pipefy_exports_dagster.errors import DatabaseLockedError
from pipefy_exports_dagster.loading import LoadReport, Slice
from pipefy_exports_dagster.loading.database import translated
from pipefy_exports_dagster.loading.replacing import refuse_older
from pipefy_exports_dagster.loading.report import LoadedColumn
from pipefy_exports_dagster.loading.table_state import table_state
from pipefy_exports_dagster.loading.widening import plan_columns
from pipefy_exports_dagster.reading.staged import StagedTable
from pipefy_exports_dagster.sql import literal

if TYPE_CHECKING:
    import duckdb

PAUSE_S = 0.2


def plan_load(
    staged: StagedTable, *, database: Path, schema: str, table: str, slice_: Slice, lock_timeout_s: float
) -> LoadReport:
    """Return the report that a load of a staged file would give.

    Raises:
        SupersededExportError: The slice holds a newer export.
        DatabaseLockedError: Another process was writing until the deadline.
        LoadFailedError: The table cannot take the file.
    """
    with _looking_at(database, schema=schema, lock_timeout_s=lock_timeout_s) as connection:
        state = table_state(connection, table)
        if state.exists:
            refuse_older(connection, table, slice_)
        plan, changes = plan_columns(connection, state, staged, slice_.exported_at_utc)
    return LoadReport(
        table=table,
        rows=staged.rows,
        columns=tuple(LoadedColumn(column.name, column.type, column.staged.header) for column in plan),
        changes=changes,
        file=staged.file,
        broken_views=(),
        preview=staged.preview,
        seconds_reading=staged.seconds_reading,
        seconds_waiting_for_lock=0.0,
        seconds_writing=0.0,
        seconds_copying=0.0,
        read_copy=None,
        schema=schema,
    )


@contextmanager
def _looking_at(
    database: Path, *, schema: str, lock_timeout_s: float
) -> "Iterator[duckdb.DuckDBPyConnection]":
    """Open a database read-only; one in memory stands in for one that is not there."""
    import duckdb

    try:
        connection = _connect_when_free(database, lock_timeout_s) if database.exists() else duckdb.connect()
        with ExitStack() as stack:
            stack.enter_context(connection)
            if schema != MAIN and not _has_schema(connection, schema):
                connection = stack.enter_context(duckdb.connect())  # as empty as the schema will be
            elif schema != MAIN:
                connection.execute(f"SET schema = {literal(schema)}")
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
    except duckdb.Error as error:
        raise translated(error, database) from error


def _has_schema(connection: "duckdb.DuckDBPyConnection", schema: str) -> bool:
    known = f"database_name = current_database() AND schema_name = {literal(schema)}"
    return connection.execute(f"SELECT 1 FROM duckdb_schemas() WHERE {known}").fetchone() is not None


def _connect_when_free(database: Path, lock_timeout_s: float) -> "duckdb.DuckDBPyConnection":
    import duckdb

    deadline = time.monotonic() + lock_timeout_s
    while True:
        try:
            return duckdb.connect(database, read_only=True)
        except (duckdb.IOException, duckdb.ConnectionException) as error:
            if "Could not set lock" not in str(error):
                raise
            if time.monotonic() >= deadline:
                raise DatabaseLockedError(
                    f"{database} was locked by another process for {lock_timeout_s:g} s; close it there, "
                    "and run the command again"
                ) from error
        time.sleep(PAUSE_S)
