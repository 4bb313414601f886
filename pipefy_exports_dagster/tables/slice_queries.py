"""Queries on one slice of a table as it is now, independent of what a load reported about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Self

from pipefy_exports_dagster.config.naming import MAIN
from pipefy_exports_dagster.reading.names import position_of
from pipefy_exports_dagster.text.sql import identifier, literal

from .lineage import is_lineage
from .table_state import TableColumn, table_state

if TYPE_CHECKING:
    import duckdb

MAX_EXPORTS = 5
_LONGEST_VALUE = 80


@dataclass(frozen=True, slots=True)
class SliceRows:
    """The number of rows, and whether they are the rows of one file, each once.

    Args:
        rows: Number of rows of the slice.
        numbers: Number of distinct `_file_row`.
        last: The largest `_file_row`; 0 without rows.
        exports: Ids of the exports that the rows come from, the first few.
        requested_month: The month that the period filter is relative to; None without rows.
    """

    rows: int
    numbers: int
    last: int
    exports: tuple[str, ...]
    requested_month: date | None


@dataclass(frozen=True, slots=True)
class Repeated:
    """Rows that share a key.

    Args:
        keys: Number of keys that several rows share.
        rows: Number of rows with such a key.
        examples: The keys with the most rows, as text, each with its number of rows.
    """

    keys: int
    rows: int
    examples: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class DateSpread:
    """Counts of a date or time column: all values, and those from `first` up to `end`."""

    filled: int
    inside: int


@dataclass(frozen=True, slots=True)
class SliceQueries:
    """A slice of a table, through an open connection. `columns` are the files' columns, without lineage."""

    connection: "duckdb.DuckDBPyConnection"
    table: str
    condition: str
    columns: tuple[TableColumn, ...]

    @classmethod
    def find(
        cls,
        connection: "duckdb.DuckDBPyConnection",
        table: str,
        organization_id: str,
        *,
        schema: str = MAIN,
        **where: str,
    ) -> Self | None:
        """Return the rows of an organization that have these values of lineage columns; None without the table.

        Afterwards `schema` is the default schema of the connection.

        Raises:
            LoadFailedError: The name is that of a view, or of a table that this package did not create.
        """
        if not connection.execute(
            "SELECT 1 FROM duckdb_schemas() WHERE database_name = current_database() "
            f"AND schema_name = {literal(schema)}"
        ).fetchone():
            return None
        connection.execute(f"SET schema = {literal(schema)}")
        state = table_state(connection, table)
        if not state.exists:
            return None
        # No parameters; `table_state` says why.
        conditions = {"_organization_id": organization_id, **where}
        condition = " AND ".join(f"{name} = {literal(value)}" for name, value in conditions.items())
        return cls(connection, table, condition, tuple(c for c in state.columns if not is_lineage(c.name)))

    def kept_rows(self) -> SliceRows:
        """Count the rows."""
        rows, numbers, last, month = self._row(
            "SELECT count(*), count(DISTINCT _file_row), coalesce(max(_file_row), 0), max(_requested_month) "
            f"FROM {self._rows}"
        )
        exports = self.connection.execute(
            f"SELECT DISTINCT _export_id FROM {self._rows} ORDER BY ALL LIMIT {MAX_EXPORTS}"
        ).fetchall()
        return SliceRows(rows, numbers, last, tuple(str(export) for (export,) in exports), month)

    def rows_of_table(self) -> int:
        """Count the rows of all slices."""
        return int(self._row(f"SELECT count(*) FROM {identifier(self.table)}")[0])

    def column(self, wanted: str) -> TableColumn | None:
        """Find a column by its name, or by its header in the file, in any spelling."""
        position = position_of(wanted, [(column.name, column.header) for column in self.columns])
        return None if position is None else self.columns[position]

    def repeated(self, key: Sequence[TableColumn], *, examples: int) -> Repeated:
        """Find rows that share a key; NULL is a value like any other."""
        names = [identifier(column.name) for column in key]
        listed = ", ".join(names)
        grouped = f"SELECT {listed}, count(*) AS _n FROM {self._rows} GROUP BY {listed} HAVING count(*) > 1"
        keys, rows = self._row(f"SELECT count(*), coalesce(sum(_n), 0)::BIGINT FROM ({grouped})")
        shown: list[tuple[Any, ...]] = []
        if keys and examples:
            texts = ", ".join(f"left(CAST({name} AS VARCHAR), {_LONGEST_VALUE})" for name in names)
            shown = self.connection.execute(
                f"SELECT {texts}, _n FROM ({grouped}) ORDER BY _n DESC, {listed} LIMIT {examples}"
            ).fetchall()
        return Repeated(keys, rows, tuple(shown))

    def spread(self, column: TableColumn, zone: str, first: date, end: date) -> DateSpread:
        """Count a date column's values."""
        local = local_time(column, zone)
        row = self._row(
            f"SELECT count({local}), count(*) FILTER ({local} >= DATE '{first}' AND {local} < DATE '{end}') "
            f"FROM {self._rows}"
        )
        return DateSpread(*row)

    def rows_by_month(self, column: TableColumn, zone: str) -> dict[str, int]:
        """Count the rows of each month, as `2026-11`, oldest first; rows without a value are left out."""
        local = local_time(column, zone)
        counted = self.connection.execute(
            f"SELECT left(CAST(date_trunc('month', {local}) AS VARCHAR), 7), count(*) FROM {self._rows} "
            f"AND {local} IS NOT NULL GROUP BY date_trunc('month', {local}) ORDER BY date_trunc('month', {local})"
        ).fetchall()
        return dict(counted)

    @property
    def _rows(self) -> str:
        return f"{identifier(self.table)} WHERE {self.condition}"

    def _row(self, query: str) -> tuple[Any, ...]:
        row = self.connection.execute(query).fetchone()
        assert row is not None  # noqa: S101 - an aggregate without GROUP BY has one row
        return row


def is_date(column: TableColumn) -> bool:
    """Whether a column holds dates or times of a day."""
    return column.type == "DATE" or column.type.startswith("TIMESTAMP")


def local_time(column: TableColumn, zone: str) -> str:
    """SQL for a value in the local time of a zone; a value without a zone stays as it is."""
    name = identifier(column.name)
    return f"timezone({literal(zone)}, {name})" if column.type == "TIMESTAMP WITH TIME ZONE" else name
