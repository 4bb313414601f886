"""Whether a raw file may go: not while the history could still use it."""

from collections.abc import Mapping, Sequence
from datetime import date

from pipefy_exports_dagster.history.covers import Cover, choose_cover


def months_that_need(covers: Sequence[Cover], held: Mapping[date, Cover]) -> tuple[date, ...]:
    """Return the months for which a file is still needed: they have not absorbed it, nor a better one.

    A file that covers nothing is needed by nothing and absorbed by nothing; `may_prune` keeps it.

    Args:
        covers: What the file covers.
        held: What the history's table holds, by month.
    """
    return tuple(cover.month for cover in covers if not _absorbed(cover, held.get(cover.month)))


def may_prune(covers: Sequence[Cover], held: Mapping[date, Cover]) -> bool:
    """Say whether a file may be deleted: it covers a month, and each has absorbed it or a better one."""
    return bool(covers) and not months_that_need(covers, held)


def _absorbed(cover: Cover, held: Cover | None) -> bool:
    if held is None:
        return False
    if held.export_id == cover.export_id:
        return True
    return choose_cover([cover, held]) == held
