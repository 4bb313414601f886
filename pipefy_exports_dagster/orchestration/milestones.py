"""The milestones of a materialization, announced as they are reached.

Tests hang on here to kill a process at exactly one of them; anyone else may watch.
"""

from collections.abc import Callable
from enum import StrEnum


class Milestone(StrEnum):
    """What has just happened, or is about to."""

    ANSWERED = "answered"
    """Pipefy has created an export; the ledger does not know it yet."""
    REQUESTED = "requested"
    """The export is in the ledger: from here on it is resumed."""
    WAITING = "waiting"
    """A poll was answered, and the export is not finished."""
    DOWNLOADING = "downloading"
    """The first bytes of the file are on disk."""
    DOWNLOADED = "downloaded"
    """The raw file has its final name."""
    READING = "reading"
    """The file is about to be read; the database is not open."""
    IN_TRANSACTION = "in_transaction"
    """The slice is replaced, the transaction is about to commit."""
    COMMITTED = "committed"
    """The slice is in the table; the materialization event is not in the event log."""


OnMilestone = Callable[[str], None]


def ignore_milestone(milestone: str) -> None:
    """Do nothing; the default."""
