"""How a load changes a table's columns: added, widened, or unchanged; never narrowed."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from pipefy_exports_dagster.errors import LoadFailedError
from pipefy_exports_dagster.reading.column_types import (
    BIGINT,
    DOUBLE,
    INTERVAL,
    MAX_EXACT_IN_DOUBLE,
    VARCHAR,
    canonical_text,
    respelt_text,
    widest,
)
from pipefy_exports_dagster.reading.names import column_names, folded
from pipefy_exports_dagster.reading.staged import StagedColumn, StagedTable
from pipefy_exports_dagster.text.sql import identifier, literal

from .creating import NewColumn
from .lineage import EXPORT_TABLE, TableLayout, is_lineage
from .report import ChangeKind, ColumnChange
from .store import OpenTables
from .table_state import TableColumn, TableState

if TYPE_CHECKING:
    import duckdb

_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"}


@dataclass(frozen=True, slots=True)
class PlannedColumn:
    """A file's column, and what the table needs for it.

    Args:
        old: The column in the table; None if it will be added.
        type: The type that the column will have.
        expression: SQL over the staged Parquet file for its values.
        conversion: SQL over the table's column for existing values; None if the type stays.
        comment: The header to store in the table; None if the stored one stays.
    """

    staged: StagedColumn
    name: str
    old: TableColumn | None
    type: str
    expression: str
    conversion: str | None
    comment: str | None


def plan_columns(
    connection: "duckdb.DuckDBPyConnection", state: TableState, staged: StagedTable, exported_at: datetime
) -> tuple[tuple[PlannedColumn, ...], tuple[ColumnChange, ...]]:
    """Decide each column's name, type and conversions from the table and the file.

    Args:
        exported_at: Time of the file's export, in UTC, without a zone. Only the newest export of a table changes the
            spelling of a header, so that it does not alternate when older files are loaded.
    """
    names = column_names([column.header for column in staged.columns], state.names_by_header())
    plan: list[PlannedColumn] = []
    changes: list[ColumnChange] = []
    by_name = {column.name.lower(): column for column in state.columns}
    for position, (name, column) in enumerate(zip(names, staged.columns, strict=True)):
        old = by_name.get(name.lower())
        type_, conversion = _target(connection, state, staged, position, old)
        expression, comment = _expression(position, column, type_), _comment(column, old)
        plan.append(PlannedColumn(column, name, old, type_, expression, conversion, comment))
        if old is None and state.exists:
            changes.append(ColumnChange(ChangeKind.ADDED, name, new_type=type_))
        elif old is not None and conversion is not None:
            changes.append(ColumnChange(ChangeKind.WIDENED, old.name, old.type, type_))
    if any(map(_is_respelled, plan)) and not _is_newest(connection, state, exported_at):
        plan = [replace(column, comment=None) if _is_respelled(column) else column for column in plan]
    changes += [
        ColumnChange(
            ChangeKind.RESPELLED, column.old.name, old_header=column.old.header, new_header=column.comment
        )
        for column in plan
        if column.old is not None and _is_respelled(column)
    ]
    present = {name.lower() for name in names}
    changes += [
        ColumnChange(ChangeKind.MISSING, known.name, old_type=known.type)
        for known in state.columns
        if known.header is not None and not is_lineage(known.name) and known.name.lower() not in present
    ]
    return tuple(plan), tuple(changes)


def apply_plan(
    opened: OpenTables,
    state: TableState,
    plan: tuple[PlannedColumn, ...],
    layout: TableLayout = EXPORT_TABLE,
) -> None:
    """Create the table, or add and widen its columns; set the comments of new columns and new spellings."""
    if not state.exists:
        columns = [NewColumn(column.name, column.type, column.staged.header) for column in plan]
        columns += [NewColumn(name, column.type, column.comment) for name, column in layout.lineage.items()]
        opened.create_table(state.name, columns, layout)
        return
    retyped = {
        column.old.name: (column.type, column.conversion)
        for column in plan
        if column.old is not None and column.conversion is not None
    }
    added = [
        NewColumn(column.name, column.type, column.staged.header) for column in plan if column.old is None
    ]
    respelled = {
        column.old.name: column.comment
        for column in plan
        if column.old is not None and column.comment is not None
    }
    opened.change_columns(state, layout, retyped=retyped, added=added, comments=respelled)


def _comment(column: StagedColumn, old: TableColumn | None) -> str | None:
    """Return the header to store for a column, if it differs from the one in the table."""
    if old is None or (old.header is None and column.header):
        return column.header
    is_alike = old.header is not None and folded(old.header) == folded(column.header)
    return column.header if is_alike and old.header != column.header else None


def _is_respelled(column: PlannedColumn) -> bool:
    return column.comment is not None and column.old is not None and column.old.header is not None


def _is_newest(connection: "duckdb.DuckDBPyConnection", state: TableState, exported_at: datetime) -> bool:
    newer = f"SELECT 1 FROM {identifier(state.name)} WHERE _exported_at > TIMESTAMP '{exported_at}'"
    return not _exists(connection, newer)


def _target(
    connection: "duckdb.DuckDBPyConnection",
    state: TableState,
    staged: StagedTable,
    position: int,
    old: TableColumn | None,
) -> tuple[str, str | None]:
    """Decide a column's type, and the SQL that converts its existing values."""
    column = staged.columns[position]
    if old is None or old.type == column.type:
        return column.type, None
    if not column.has_values and not column.pinned:
        return old.type, None
    table, name = identifier(state.name), identifier(old.name)
    if not _exists(connection, f"SELECT 1 FROM {table} WHERE {name} IS NOT NULL"):
        return column.type, f"CAST(NULL AS {column.type})"
    if column.pinned:
        return column.type, _exact_cast(connection, table, name, old, column)
    old_type = BIGINT if old.type in _INTEGERS else old.type
    wide = widest(old_type, column.type)
    if wide == DOUBLE and BIGINT in (old_type, column.type):
        whole, source = (name, table) if old_type == BIGINT else (f"c{position}", _parquet(staged))
        if _exists(connection, f"SELECT 1 FROM {source} WHERE abs({whole}::HUGEINT) > {MAX_EXACT_IN_DOUBLE}"):
            wide = VARCHAR
    if wide == old.type:
        return wide, None
    return wide, canonical_text(name, old.type) if wide == VARCHAR else f"CAST({name} AS {wide})"


def _exact_cast(
    connection: "duckdb.DuckDBPyConnection", table: str, name: str, old: TableColumn, column: StagedColumn
) -> str:
    """SQL that converts existing values to a pinned type, after a check that it changes none."""
    there = f"TRY_CAST({canonical_text(name, old.type)} AS {column.type})"
    back = canonical_text(there, column.type)
    unfit = connection.execute(
        f"SELECT {name} FROM {table} WHERE {name} IS NOT NULL "
        f"AND {back} IS DISTINCT FROM {canonical_text(name, old.type)} LIMIT 1"
    ).fetchone()
    if unfit:

        def message(value: str) -> str:
            return (
                f"column {old.name!r} is pinned as {column.type}, but the table holds {value} there as {old.type}; "
                "pin a type that holds it, or drop the column"
            )

        raise LoadFailedError(message(repr(unfit[0])), without_values=message("a value that does not fit"))
    return there


def _expression(position: int, column: StagedColumn, type_: str) -> str:
    typed = f"to_microseconds(c{position})" if column.type == INTERVAL else f"c{position}"
    if type_ == column.type:
        return typed
    if type_ == VARCHAR:
        text = canonical_text(typed, column.type)
        if not column.has_raw:
            return text
        respelt = respelt_text(text, column.type)
        said = (
            f"r{position}"
            if respelt is None
            else f"CASE r{position} WHEN '' THEN {respelt} ELSE r{position} END"
        )
        return f"coalesce({said}, {text})"
    return f"CAST({typed} AS {type_})"


def _parquet(staged: StagedTable) -> str:
    return f"read_parquet({literal(str(staged.path))})"


def _exists(connection: "duckdb.DuckDBPyConnection", query: str) -> bool:
    return connection.execute(f"{query} LIMIT 1").fetchone() is not None
