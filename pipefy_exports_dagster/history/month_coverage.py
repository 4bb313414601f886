"""Which months an export covers, how well, and which of several exports a month is taken from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum

from pipefy_exports_dagster.periods import Window, add_months

MONTHS_BACK = 3
"""How far before its own month an export can reach whose window is not known."""


class Grade(IntEnum):
    """How well an export covers a month. Only `COMPLETE` is final; the other two are provisional."""

    EDGE = 0
    """The oldest month of a window that is not known: its first days may be missing."""
    TO_DATE = 1
    """From its first day up to the export, which was made while the month was the current one."""
    COMPLETE = 2
    """The month was over, and the window holds all of it."""


@dataclass(frozen=True, slots=True)
class MonthCoverage:
    """A month as one export has it.

    `month` and `requested_month` are first days; `exported_at` is in UTC, naive, as tables keep it.
    """

    month: date
    grade: Grade
    rows: int
    export_id: str
    requested_month: date
    exported_at: datetime

    @property
    def age(self) -> tuple[date, datetime, str]:
        """What orders exports from old to new."""
        return self.requested_month, self.exported_at, self.export_id


def months_possibly_covered(window: Window | None, requested_month: date) -> tuple[date, ...]:
    """Return the months that an export may cover, oldest first, without looking into its file.

    Args:
        window: The dates it covers; None where they are not known.
        requested_month: First day of the month in which it was asked for.
    """
    if window is None:
        return tuple(add_months(requested_month, -back) for back in range(MONTHS_BACK, -1, -1))
    months, month = [], window.first.replace(day=1)
    while month < window.end:
        months.append(month)
        month = add_months(month, 1)
    return tuple(months)


def month_coverages(
    window: Window | None,
    rows_by_month: Mapping[date, int],
    *,
    export_id: str,
    requested_month: date,
    exported_at: datetime,
) -> tuple[MonthCoverage, ...]:
    """Return the months that an export covers, oldest first.

    A window that is known covers its months, also those without rows. But where there are rows and all lie outside,
    it is not the window after all (asked for while the month was turning), and nothing is covered. Of a
    window that is not known the months found are covered, and those between; the oldest may be cut.

    Args:
        window: The dates that the export covers; None where they are not known.
        rows_by_month: How many rows of the file belong to each month.
        export_id: Pipefy's id of the export.
        requested_month: First day of the month in which it was asked for.
        exported_at: When it was finished, UTC, naive.
    """
    months = months_possibly_covered(window, requested_month)
    found = [month for month in months if rows_by_month.get(month)]
    if window is None:
        months = tuple(month for month in months if found and found[0] <= month <= found[-1])
    elif rows_by_month and not found:
        return ()

    def grade(month: date) -> Grade:
        if month >= requested_month:
            return Grade.TO_DATE
        return Grade.EDGE if window is None and month == found[0] else Grade.COMPLETE

    return tuple(
        MonthCoverage(
            month, grade(month), rows_by_month.get(month, 0), export_id, requested_month, exported_at
        )
        for month in months
    )


def choose_coverage(coverages: Iterable[MonthCoverage]) -> MonthCoverage | None:
    """Return the one that a month is to be taken from: of the complete ones, the newest.

    Where none is complete: the newest that was made in the month, or one that reached it from later with
    the edge of an unknown window, whichever has more rows. One without rows is taken only where none has
    any: nothing empties a month.
    """
    coverages = list(coverages)
    coverages = [coverage for coverage in coverages if coverage.rows] or coverages
    if complete := [coverage for coverage in coverages if coverage.grade is Grade.COMPLETE]:
        return max(complete, key=lambda coverage: coverage.age)
    to_date = [coverage for coverage in coverages if coverage.grade is Grade.TO_DATE]
    edges = [coverage for coverage in coverages if coverage.grade is Grade.EDGE]
    best = [max(to_date, key=lambda coverage: coverage.age)] if to_date else []
    best += [max(edges, key=lambda coverage: (coverage.rows, coverage.age))] if edges else []
    return max(best, key=lambda coverage: (coverage.rows, coverage.grade), default=None)
