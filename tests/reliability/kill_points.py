"""Where a materialization can be killed, and what that costs. docs/reliability.md shows this table."""

from dataclasses import dataclass

from pipefy_exports_dagster.orchestration.milestones import Milestone


@dataclass(frozen=True)
class KillPoint:
    """A milestone at which the process dies, and how many exports it takes until the slice is loaded."""

    milestone: Milestone
    what: str
    exports: int = 1


KILL_POINTS = (
    KillPoint(
        Milestone.ANSWERED,
        "Pipefy has answered, and the id is not in the event log yet: a few milliseconds in which the id "
        "dies with the process. The next run cannot know of it and asks for another; unavoidable, because "
        "the API takes no idempotency key",
        exports=2,
    ),
    KillPoint(Milestone.REQUESTED, "the export is in the event log; the next run waits for it"),
    KillPoint(Milestone.WAITING, "the next run waits on"),
    KillPoint(Milestone.DOWNLOADING, "the half file is swept away, and downloaded again"),
    KillPoint(Milestone.DOWNLOADED, "the file is whole by its sidecar's sha256; the next run only loads it"),
    KillPoint(Milestone.IN_TRANSACTION, "DuckDB rolls back; the next run loads the file again"),
    KillPoint(
        Milestone.COMMITTED,
        "the slice is loaded, and Dagster does not know; the next run loads the same file over it",
    ),
)
