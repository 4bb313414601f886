"""Months of a history table: what the table holds for one, and the transaction that replaces one."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipefy_exports_dagster.config.naming import MAIN, table_in_sql
from pipefy_exports_dagster.errors import LoadFailedError
from pipefy_exports_dagster.reading.staged import StagedTable
from pipefy_exports_dagster.text.sql import identifier, literal

from .inserting import insert_rows
from .lineage import HISTORY_TABLE
from .report import ColumnChange, LoadedColumn
from .slice import Slice
from .store import OpenTables, TableStore
from .stores import store_at
from .table_state import TableState, table_state
from .unique_indexes import rows_replaced
from .widening import apply_plan, plan_columns

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class MonthSlice:
    """A month of one organization, and the export that it comes from.

    (`export.organization_id`, `month`) is the key that is replaced; `month` is a first day.
    """

    month: date
    is_complete: bool
    export: Slice


@dataclass(frozen=True, slots=True)
class HeldMonth:
    """A month in a history table; `exported_at` is in UTC, without a zone."""

    month: date
    is_complete: bool
    rows: int
    export_id: str
    requested_month: date
    exported_at: datetime


@dataclass(frozen=True, slots=True)
class MonthReport:
    """The result for a month: `kept` is what the table held, if it was not replaced."""

    rows: int
    columns: tuple[LoadedColumn, ...]
    changes: tuple[ColumnChange, ...]
    kept: HeldMonth | None = None


def replace_month(
    staged: StagedTable,
    *,
    database: Path | TableStore,
    schema: str = MAIN,
    table: str,
    slice_: MonthSlice,
    month_sql: str | None,
    rows: int,
    may_replace: Callable[[HeldMonth], bool],
    lock_timeout_s: float = 300.0,
) -> MonthReport:
    """Replace a month of a history table by its rows of a staged file, in one transaction.

    Args:
        month_sql: SQL over the staged file for the month of a row; None if no row has one.
        rows: How many rows of the file belong to the month; the table must have as many afterwards.
        may_replace: Called within the transaction with what the table holds; False leaves the month as it is.

    Raises:
        DatabaseLockedError: Another process held the database until the deadline.
        LoadFailedError: DuckDB raised an error, or the number of inserted rows is not the counted one.
        DiskFullError: No space was left; nothing was changed.
    """
    import duckdb

    with store_at(database).open_to_write(
        table=table, schema=schema, lock_timeout_s=lock_timeout_s
    ) as opened:
        connection = opened.connection
        connection.begin()
        try:
            report = _replace(
                opened,
                staged,
                table=table,
                slice_=slice_,
                month_sql=month_sql,
                rows=rows,
                may_replace=may_replace,
            )
            if report.kept is None:
                opened.commit(
                    f"{table_in_sql(schema, table)} {slice_.month:%Y-%m}: export {slice_.export.export_id}"
                )
            else:
                connection.rollback()
        except BaseException:
            with contextlib.suppress(duckdb.Error):
                connection.rollback()
            raise
        return report


def held_months(
    database: Path | TableStore,
    table: str,
    organization_id: str,
    *,
    schema: str = MAIN,
    lock_timeout_s: float = 300.0,
) -> dict[date, HeldMonth]:
    """Return the months of an organization in a history table; nothing if there is no such table.

    Raises:
        DatabaseLockedError: Another process held the database until the deadline.
        StorageError: The database cannot be read.
        LoadFailedError: The table is a view, or was not created by this package.
    """
    store = store_at(database)
    if not store.exists():
        return {}
    with store.open_to_read(schema=schema, lock_timeout_s=lock_timeout_s) as connection:
        state = table_state(connection, table)
        return _held(connection, state, organization_id) if state.exists else {}


def _replace(
    opened: OpenTables,
    staged: StagedTable,
    *,
    table: str,
    slice_: MonthSlice,
    month_sql: str | None,
    rows: int,
    may_replace: Callable[[HeldMonth], bool],
) -> MonthReport:
    connection = opened.connection
    state = table_state(connection, table)
    if state.exists:
        held = _held(connection, state, slice_.export.organization_id).get(slice_.month)
        if held and not may_replace(held):
            return MonthReport(held.rows, (), (), kept=held)
    plan, changes = plan_columns(connection, state, staged, slice_.export.exported_at_utc)
    apply_plan(opened, state, plan, HISTORY_TABLE)
    of_month = (
        f"_organization_id = {literal(slice_.export.organization_id)} AND _month = DATE '{slice_.month}'"
    )
    with rows_replaced(connection, table, of_month):
        if month_sql is not None:
            insert_rows(
                connection,
                staged,
                plan,
                table=table,
                slice_=slice_.export,
                layout=HISTORY_TABLE,
                more={"_month": slice_.month.isoformat(), "_is_complete": str(slice_.is_complete).lower()},
                where=f"{month_sql} = DATE '{slice_.month}'",
            )
    counted = connection.execute(f"SELECT count(*) FROM {identifier(table)} WHERE {of_month}").fetchone()
    if not counted or counted[0] != rows:
        raise LoadFailedError(
            f"{rows} rows of {slice_.month:%Y-%m} were counted in export {slice_.export.export_id!r}, but "
            f"{counted and counted[0]} arrived in {table!r}; nothing was changed"
        )
    loaded = tuple(LoadedColumn(column.name, column.type, column.staged.header) for column in plan)
    return MonthReport(rows, loaded, changes)


def _held(
    connection: "duckdb.DuckDBPyConnection", state: TableState, organization_id: str
) -> dict[date, HeldMonth]:
    missing = [name for name in HISTORY_TABLE.lineage if state.column(name) is None]
    if missing:
        raise LoadFailedError(
            f"table {state.name!r} is not a history: it has no {', '.join(missing)}; load into another name"
        )
    rows = connection.execute(
        "SELECT _month, bool_and(_is_complete), count(*), max(_export_id), max(_requested_month), "
        f"max(_exported_at) FROM {identifier(state.name)} WHERE _organization_id = {literal(organization_id)} "
        "AND _month IS NOT NULL GROUP BY _month"
    ).fetchall()
    return {row[0]: HeldMonth(*row) for row in rows}
