"""What a load would do, without writing: the table's changes come from a read-only look at the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipefy_exports_dagster.reading.staged import StagedTable
from pipefy_exports_dagster.tables import LoadReport, Slice
from pipefy_exports_dagster.tables.replacing import refuse_older
from pipefy_exports_dagster.tables.report import LoadedColumn
from pipefy_exports_dagster.tables.store import TableStore
from pipefy_exports_dagster.tables.stores import store_at
from pipefy_exports_dagster.tables.table_state import table_state
from pipefy_exports_dagster.tables.widening import plan_columns

if TYPE_CHECKING:
    import duckdb


def plan_load(
    staged: StagedTable,
    *,
    database: Path | TableStore,
    schema: str,
    table: str,
    slice_: Slice,
    lock_timeout_s: float,
) -> LoadReport:
    """Return the report that a load of a staged file would give.

    Raises:
        SupersededExportError: The slice holds a newer export.
        DatabaseLockedError: Another process was writing until the deadline.
        LoadFailedError: The table cannot take the file.
    """
    with _looking_at(store_at(database), schema=schema, lock_timeout_s=lock_timeout_s) as connection:
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
    store: TableStore, *, schema: str, lock_timeout_s: float
) -> "Iterator[duckdb.DuckDBPyConnection]":
    """Open a database read-only; one in memory stands in for one that is not there."""
    import duckdb

    if not store.exists():
        with duckdb.connect() as connection:
            yield connection
        return
    with store.open_to_read(schema=schema, lock_timeout_s=lock_timeout_s, as_load=True) as connection:
        yield connection
