"""Rows of a file by day."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from .staged import StagedTable
from .staged_query import rows_of

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class DailyRows:
    """Rows by day.

    Args:
        by_day: Number of rows by day, for days that have rows.
        outside: Number of rows before or after the requested days.
        blank: Number of rows without a day.
    """

    by_day: dict[date, int]
    outside: int
    blank: int


def rows_per_day(
    connection: "duckdb.DuckDBPyConnection", staged: StagedTable, time_sql: str, *, first: date, end: date
) -> DailyRows:
    """Count the rows of a staged file on each day from `first` up to, but not including, `end`.

    Args:
        time_sql: SQL over the staged file for the date or time of a row.
    """
    counted = connection.execute(
        f"SELECT CASE WHEN day >= DATE '{first}' AND day < DATE '{end}' THEN day END, day IS NULL, count(*) "
        f"FROM (SELECT CAST({time_sql} AS DATE) AS day FROM {rows_of(staged)}) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return DailyRows(
        by_day={day: rows for day, _, rows in counted if day is not None},
        outside=sum(rows for day, is_blank, rows in counted if day is None and not is_blank),
        blank=sum(rows for _, is_blank, rows in counted if is_blank),
    )
