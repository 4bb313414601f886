"""What every kind of lock of a partition can do."""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from pipefy_exports_dagster.errors import PartitionLockedError
from pipefy_exports_dagster.orchestration.milestones import Milestone, OnMilestone


@dataclass(frozen=True, slots=True)
class PartitionName:
    """Which partition is locked. `asset` is with its prefix."""

    organization_id: str
    asset: str
    partition: str

    def __str__(self) -> str:
        """Name it as people do."""
        return f"{self.asset} {self.partition!r}"


class HeldPartition(Protocol):
    """A partition that this process works on."""

    @property
    def waited(self) -> bool:
        """Whether another run held it first: it may have done what this run was started for."""

    def check(self) -> None:
        """Ask whether it is still held, just before something is committed.

        Raises:
            LocksUnavailableError: It is not, or nobody can say.
        """


class PartitionLocks(Protocol):
    """The locks of all partitions. A lock is free within a second of its holder's death, whatever killed it."""

    def hold(
        self, name: PartitionName, *, timeout_s: float, on_wait: Callable[[str], None], run_id: str = ""
    ) -> AbstractContextManager[HeldPartition]:
        """Hold a partition's lock.

        Args:
            name: The partition.
            timeout_s: How long to wait for another run.
            on_wait: Called once if another run has to be waited for, with who holds what.
            run_id: The run, for others to see.

        Raises:
            PartitionLockedError: The other run did not end in time.
            StorageError: Nothing can be locked there.
            ConfigurationError: These locks do not work as they are set up.
            LocksUnavailableError: They cannot be reached.
        """

    def holders(self, names: Collection[PartitionName]) -> dict[PartitionName, str]:
        """Return who holds which of the partitions, on whatever machine.

        Raises:
            StorageError: It cannot be told.
            LocksUnavailableError: They cannot be reached.
        """

    def try_out(self) -> str:
        """Take and free a lock of no partition; say where.

        Raises:
            PipefyExportsError: As `hold`.
        """


def asking_before_commit(held: HeldPartition, on_milestone: OnMilestone) -> OnMilestone:
    """Return what hears of milestones and, as the last thing before the commit, asks for the lock."""

    def announce(milestone: str) -> None:
        on_milestone(milestone)
        if milestone == Milestone.IN_TRANSACTION:
            held.check()

    return announce


def locked_for_too_long(name: PartitionName, timeout_s: float, who: object) -> PartitionLockedError:
    """Return the error that every kind of lock ends a vain wait with."""
    return PartitionLockedError(
        f"another run works on {name} and did not end within {timeout_s:.0f} s: {who}; wait for it, or end it in the "
        "Dagster UI, then materialize the partition again"
    )
