import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pipefy_exports_dagster.config.naming import MAIN, table_in_sql
from pipefy_exports_dagster.errors import LoadFailedError, SupersededExportError
from pipefy_exports_dagster.reading.staged import StagedTable
from pipefy_exports_dagster.text.sql import identifier, literal

from .inserting import insert_rows
from .lineage import EXPORT_TABLE
from .report import ColumnChange, LoadedColumn, LoadReport
from .slice import Slice
from .store import OpenTables, TableStore
from .stores import store_at
from .table_state import table_state
from .unique_indexes import rows_replaced
from .views import broken_views
from .widening import apply_plan, plan_columns

if TYPE_CHECKING:
    import duckdb


def ignore(_milestone: str) -> None:
    """Do nothing at a milestone."""


def replace_slice(
    staged: StagedTable,
    *,
    database: Path | TableStore,
    schema: str = MAIN,
    table: str,
    slice_: Slice,
    lock_timeout_s: float = 300.0,
    read_copy: bool = True,
    on_milestone: Callable[[str], None] = ignore,
) -> LoadReport:
    """Replace one slice of a table by the rows of a staged file, in one transaction.

    The steps of the transaction: create, add columns, widen types, delete the slice, insert by name, count, commit.
    ALTER comes before DELETE: an ALTER after a DELETE on the same table fails to commit (DuckDB 1.5).

    Args:
        database: The place of the table, or the path of a DuckDB file.
        read_copy: Whether to publish a copy for readers, where `database` is a path.
        on_milestone: Called with `in_transaction` just before the commit and `committed` just after.

    Raises:
        SupersededExportError: The slice holds a newer export.
        DatabaseLockedError: Another process held the database until the deadline.
        LoadFailedError: DuckDB raised an error, or the inserted rows are not those of the file.
        DiskFullError: No space was left; nothing was changed.
    """
    store = store_at(database, read_copy=read_copy)
    with store.open_to_write(table=table, schema=schema, lock_timeout_s=lock_timeout_s) as opened:
        locked_at = time.monotonic()
        connection = opened.connection
        connection.begin()
        try:
            columns, changes = _replace(opened, staged, table=table, slice_=slice_)
            on_milestone("in_transaction")
            opened.commit(f"{table_in_sql(schema, table)} {slice_.period_filter}: export {slice_.export_id}")
        except BaseException:
            _roll_back(connection)
            raise
        on_milestone("committed")
        views = broken_views(connection, table)
        opened.checkpoint()
        written_at = time.monotonic()
        copy, problem = opened.publish()
        copied_at = time.monotonic()
    return LoadReport(
        table=table,
        rows=staged.rows,
        columns=columns,
        changes=changes,
        file=staged.file,
        broken_views=views,
        preview=staged.preview,
        seconds_reading=staged.seconds_reading,
        seconds_waiting_for_lock=opened.seconds_waiting,
        seconds_writing=written_at - locked_at,
        seconds_copying=copied_at - written_at,
        read_copy=copy,
        read_copy_problem=problem,
        schema=schema,
    )


def _replace(
    opened: OpenTables, staged: StagedTable, *, table: str, slice_: Slice
) -> tuple[tuple[LoadedColumn, ...], tuple[ColumnChange, ...]]:
    connection = opened.connection
    state = table_state(connection, table)
    if state.exists:
        refuse_older(connection, table, slice_)
    plan, changes = plan_columns(connection, state, staged, slice_.exported_at_utc)
    apply_plan(opened, state, plan)
    of_slice = _of_slice(slice_)
    with rows_replaced(connection, table, of_slice):
        insert_rows(connection, staged, plan, table=table, slice_=slice_, layout=EXPORT_TABLE)
    counted = connection.execute(f"SELECT count(*) FROM {identifier(table)} WHERE {of_slice}").fetchone()
    inserted = counted[0] if counted else 0
    if inserted != staged.rows:
        raise LoadFailedError(
            f"{staged.rows} rows were counted in the file, but {inserted} arrived in {table!r}; nothing was changed"
        )
    loaded = tuple(LoadedColumn(column.name, column.type, column.staged.header) for column in plan)
    return loaded, changes


def _of_slice(slice_: Slice) -> str:
    # No parameters; `table_state` says why.
    organization, period = literal(slice_.organization_id), literal(slice_.period_filter)
    return f"_organization_id = {organization} AND _period_filter = {period}"


def refuse_older(connection: "duckdb.DuckDBPyConnection", table: str, slice_: Slice) -> None:
    """Refuse to replace a newer slice by an older export.

    Raises:
        SupersededExportError: The slice's rows come from a newer export.
    """
    month, moment = f"DATE '{slice_.requested_month}'", f"TIMESTAMP '{slice_.exported_at_utc}'"
    newer = connection.execute(
        f"SELECT _export_id, _requested_month, _exported_at FROM {identifier(table)} "
        f"WHERE {_of_slice(slice_)} AND _export_id IS DISTINCT FROM {literal(slice_.export_id)} "
        f"AND (_requested_month > {month} OR (_requested_month = {month} AND _exported_at > {moment})) LIMIT 1"
    ).fetchone()
    if newer:
        raise SupersededExportError(
            f"table {table!r} already holds export {newer[0]!r} for {slice_.period_filter!r} (requested in "
            f"{newer[1]:%Y-%m}, exported at {newer[2]} UTC); export {slice_.export_id!r} of "
            f"{slice_.exported_at_utc} UTC is older and was not loaded"
        )


def _roll_back(connection: "duckdb.DuckDBPyConnection") -> None:
    import contextlib

    import duckdb

    with contextlib.suppress(duckdb.Error):
        connection.rollback()
