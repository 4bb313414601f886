"""What a person is shown of a file: its columns in short, and how its rows spread over the days."""

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from pipefy_exports_dagster.history.date_columns import TimeQuestion
from pipefy_exports_dagster.history.file_facts import FileFacts
from pipefy_exports_dagster.history.month_coverage import months_possibly_covered
from pipefy_exports_dagster.history.time_column import TimeColumn
from pipefy_exports_dagster.periods import Window, add_months
from pipefy_exports_dagster.reading.daily_rows import DailyRows, rows_per_day
from pipefy_exports_dagster.reading.profile import ColumnProfile, profile_columns
from pipefy_exports_dagster.reading.staged import StagedTable
from pipefy_exports_dagster.reading.staged_query import staged_query


@dataclass(frozen=True, slots=True)
class RowsOverTime:
    """How the rows spread over the days of a window, by the column that says when a row was."""

    time: TimeColumn
    window: Window
    rows: DailyRows


@dataclass(frozen=True, slots=True)
class FileSummary:
    """A staged file in short.

    Args:
        profile: Of each column, in the order of the file.
        over_time: Rows by day, or why there are none to show, in a sentence that goes on after the file's name.
    """

    profile: tuple[ColumnProfile, ...]
    over_time: RowsOverTime | str


def summarize_file(
    staged: StagedTable,
    *,
    window: Window | None,
    requested_month: date,
    zone: ZoneInfo,
    time_column: str | None,
    show_values: bool,
) -> FileSummary:
    """Look at a staged file of an export. The database is not needed.

    Args:
        window: The dates that the export covers; None where they are not known.
        requested_month: First day of the month in which it was asked for.
        zone: Where the organization's days begin; for values that have a time zone.
        time_column: Name or header of the column that says when a row was; None to find it.
        show_values: Whether the profile may show the smallest and largest values.
    """
    import duckdb

    months = months_possibly_covered(window, requested_month)
    question = TimeQuestion(months, zone, time_column, show_values)
    profile: tuple[ColumnProfile, ...] = ()
    try:
        with staged_query() as connection:
            profile = profile_columns(connection, staged, show_values=show_values)
            if not staged.rows:
                return FileSummary(profile, "has no rows")
            time = question.answer(connection, staged)
            if not isinstance(time, TimeColumn):
                return FileSummary(profile, f"{time.problem}; name one with `time_column` of the export")
            days = window or question.days
            local = question.local(time.column)
            rows = rows_per_day(connection, staged, local, first=days.first, end=days.end)
    except (duckdb.Error, OSError) as error:
        # A picture is no reason to fail a load.
        return FileSummary(profile, f"could not be asked for its days ({type(error).__name__})")
    return FileSummary(profile, RowsOverTime(time, window or _reach(rows, days), rows))


def _reach(rows: DailyRows, days: Window) -> Window:
    """Return the days from the first to the last that has rows: what an export without a known window reaches."""
    if not rows.by_day:
        return days
    return Window(min(rows.by_day), max(rows.by_day) + timedelta(days=1))


def summarize_month(facts: FileFacts, month: date, *, show_values: bool) -> FileSummary:
    """Look at the rows of one month in a staged file.

    Args:
        facts: What is known of the file; its scratch folder has to be there still.
        month: Its first day.
        show_values: Whether the profile may show the smallest and largest values.
    """
    if facts.time is None or facts.month_sql is None:
        return FileSummary((), "has no rows")
    profile = _profile(facts.staged, show_values=show_values, where=f"{facts.month_sql} = DATE '{month}'")
    window = Window(month, add_months(month, 1))
    by_day = {day: rows for day, rows in facts.rows_by_day.items() if window.first <= day < window.end}
    return FileSummary(profile, RowsOverTime(facts.time, window, DailyRows(by_day, outside=0, blank=0)))


def _profile(staged: StagedTable, *, show_values: bool, where: str) -> tuple[ColumnProfile, ...]:
    import duckdb

    try:
        with staged_query() as connection:
            return profile_columns(connection, staged, show_values=show_values, where=where)
    except (duckdb.Error, OSError):
        return ()
