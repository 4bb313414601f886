"""Whether a raw file may go: not while the history could still use it."""

from collections.abc import Mapping, Sequence
from datetime import date

from pipefy_exports_dagster.history.month_coverage import MonthCoverage, choose_coverage


def months_that_need(
    coverages: Sequence[MonthCoverage], held: Mapping[date, MonthCoverage]
) -> tuple[date, ...]:
    """Return the months for which a file is still needed: they have not absorbed it, nor a better one.

    A file that covers nothing is needed by nothing and absorbed by nothing; `may_prune` keeps it.

    Args:
        coverages: What the file covers.
        held: What the history's table holds, by month.
    """
    return tuple(
        coverage.month for coverage in coverages if not _absorbed(coverage, held.get(coverage.month))
    )


def may_prune(coverages: Sequence[MonthCoverage], held: Mapping[date, MonthCoverage]) -> bool:
    """Say whether a file may be deleted: it covers a month, and each has absorbed it or a better one."""
    return bool(coverages) and not months_that_need(coverages, held)


def _absorbed(coverage: MonthCoverage, held: MonthCoverage | None) -> bool:
    if held is None:
        return False
    if held.export_id == coverage.export_id:
        return True
    return choose_coverage([coverage, held]) == held
