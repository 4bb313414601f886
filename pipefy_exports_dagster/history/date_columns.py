"""The columns of dates and times of a staged file, and which of them says when a row was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pipefy_exports_dagster.history.time_column import DateColumn, TimeColumn, Unclear, find_time_column
from pipefy_exports_dagster.periods import Window, add_months
from pipefy_exports_dagster.reading.staged import StagedTable
from pipefy_exports_dagster.reading.staged_query import rows_of
from pipefy_exports_dagster.text.sql import literal

if TYPE_CHECKING:
    import duckdb

TOLERANCE = timedelta(days=1)
"""How far from the export's window a value may lie: Pipefy may cut it in another time zone."""

_COLUMNS_AT_ONCE = 50
"""DuckDB plans the question about 2,000 columns for a minute, in parts for a second."""


@dataclass(frozen=True, slots=True)
class TimeQuestion:
    """What is asked about the time of a file's rows.

    Args:
        months: The months that the export may cover, oldest first.
        zone: Where the organization's months begin; for values that have a time zone.
        time_column: Name or header of the column; None to find it.
        show_values: Whether candidates may be described with their smallest and largest value.
    """

    months: Sequence[date]
    zone: ZoneInfo
    time_column: str | None = None
    show_values: bool = True

    @property
    def days(self) -> Window:
        """The days of the months."""
        return Window(self.months[0], add_months(self.months[-1], 1))

    def answer(self, connection: "duckdb.DuckDBPyConnection", staged: StagedTable) -> TimeColumn | Unclear:
        """Return the column that says when a row was, or why it is not clear."""
        columns = self._date_columns(connection, staged)
        return find_time_column(columns, rows=staged.rows, configured=self.time_column)

    def local(self, column: DateColumn) -> str:
        """SQL over the staged file for a value as the organization's clocks show it."""
        return self._local(column.position, column.type)

    def _date_columns(
        self, connection: "duckdb.DuckDBPyConnection", staged: StagedTable
    ) -> Sequence[DateColumn]:
        first, end = self.days.first - TOLERANCE, self.days.end + TOLERANCE
        positions = [
            position
            for position, column in enumerate(staged.columns)
            if column.has_values and (column.type == "DATE" or column.type.startswith("TIMESTAMP"))
        ]
        found = []
        for start in range(0, len(positions), _COLUMNS_AT_ONCE):
            some = positions[start : start + _COLUMNS_AT_ONCE]
            asked = []
            for position in some:
                local = self._local(position, staged.columns[position].type)
                inside = f"count(*) FILTER ({local} >= DATE '{first}' AND {local} < DATE '{end}')"
                ends = [
                    f"CAST({end_}({local}) AS VARCHAR)" if self.show_values else "''"
                    for end_ in ("min", "max")
                ]
                asked += [f"count(c{position})", inside, *ends]
            row = connection.execute(f"SELECT {', '.join(asked)} FROM {rows_of(staged)}").fetchone() or ()
            for nth, position in enumerate(some):
                column, facts = staged.columns[position], row[4 * nth : 4 * nth + 4]
                if facts[0]:
                    found.append(DateColumn(position, column.name, column.header, column.type, *facts))
        return found

    def _local(self, position: int, type_: str) -> str:
        if type_ == "TIMESTAMP WITH TIME ZONE":
            return f"timezone({literal(self.zone.key)}, c{position})"
        return f"c{position}"
