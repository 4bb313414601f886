"""The column that says to which month a row belongs: configured, or found where that is clear.

Pipefy documents no headers, so nothing is assumed about them: a column is found by what its values do,
and its name only settles what is left open.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.reading.names import position_of

BEGINNING = re.compile(r"(^|_)(start(ed)?|creat(ed|ion)|inici(o|ad[oa])|cria(d[oa]|cao))(_|$)")
"""Words of a column's name that say when something came into being, in English and Portuguese."""


@dataclass(frozen=True, slots=True)
class DateColumn:
    """A column of dates or times, in one file.

    Args:
        position: Of the column in the file, from 0.
        name: Its name in snake_case.
        header: Its header in the file.
        type: DuckDB's type.
        filled: How many rows have a value.
        inside: How many of the values lie in the dates that the export covers, or within a day of them.
        earliest: The smallest value, as text; empty where it is not to be shown.
        latest: The largest value, likewise.
    """

    position: int
    name: str
    header: str
    type: str
    filled: int
    inside: int
    earliest: str
    latest: str

    def __str__(self) -> str:
        reach = f", {self.earliest} to {self.latest}" if self.earliest else ""
        return f"{self.name!r} ({self.type}, {self.filled} values{reach})"


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """The column that was chosen, and how."""

    column: DateColumn
    how: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """Why no column was chosen: `problem` goes on after the file's name."""

    problem: str
    candidates: Sequence[DateColumn]


def choose_time_column(
    columns: Sequence[DateColumn], *, rows: int, configured: str | None, what: str
) -> TimeColumn:
    """Return the column that says to which month a row belongs, as `find_time_column` finds it.

    Args:
        columns: All columns of dates and times that have values.
        rows: How many rows the file has.
        configured: Name or header from the configuration.
        what: Names the file in the error, such as `export 'a1' of automation_jobs_export`.

    Raises:
        ConfigurationError: None is clearly it; the message lists the candidates.
    """
    return required(find_time_column(columns, rows=rows, configured=configured), what=what)


def required(found: TimeColumn | Unclear, *, what: str) -> TimeColumn:
    """Return what was found.

    Raises:
        ConfigurationError: Nothing was; the message lists the candidates.
    """
    if isinstance(found, TimeColumn):
        return found
    candidates = "; ".join(map(str, found.candidates[:20])) or "no column holds dates or times"
    raise ConfigurationError(
        f"{what} {found.problem}. Candidates: {candidates}. Set `time_column` of the export in the configuration "
        "(and `reading`, where dates are read as text); the history was not changed"
    )


def find_time_column(
    columns: Sequence[DateColumn], *, rows: int, configured: str | None
) -> TimeColumn | Unclear:
    """Find the column that says to which month a row belongs, or say why that is not clear.

    Without a configured one: the columns all of whose values lie in the export's window; if there are
    several, those that are never blank; if there still are, the one whose name says that something began. Where no
    column lies in the window altogether, the name decides alone, among those that are never blank.
    """
    if configured is not None:
        position = position_of(configured, [(column.name, column.header) for column in columns])
        if position is not None:
            return TimeColumn(columns[position], "configured")
        return Unclear(f"has no column of dates or times named {configured!r}", columns)
    inside = [column for column in columns if column.inside == column.filled]
    if not inside:
        named = [column for column in columns if column.filled == rows and BEGINNING.search(column.name)]
        if len(named) == 1:
            return TimeColumn(named[0], "by its name, although not all its values lie in the export's time")
        return Unclear("has no column whose dates all lie in the time that it covers", columns)
    if len(inside) == 1:
        return TimeColumn(
            inside[0], "the only column whose values all lie in the time that the export covers"
        )
    never_blank = [column for column in inside if column.filled == rows] or inside
    if len(never_blank) == 1:
        return TimeColumn(never_blank[0], "the only column in the export's time that no row leaves blank")
    named = [column for column in never_blank if BEGINNING.search(column.name)]
    if len(named) == 1:
        return TimeColumn(named[0], "by its name, of those in the export's time that no row leaves blank")
    return Unclear("has several columns that could say to which month a row belongs", inside)
