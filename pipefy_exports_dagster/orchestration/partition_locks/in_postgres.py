"""Advisory locks in the Postgres of the Dagster instance: for runs on any machine."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pipefy_exports_dagster.locks.advisory_locks import AdvisoryLocks, HeldAdvisoryLock
from pipefy_exports_dagster.locks.held import LockHeldError
from pipefy_exports_dagster.orchestration.partition_locks.protocol import PartitionName, locked_for_too_long


@dataclass(frozen=True, slots=True)
class PostgresPartitionLocks:
    """The locks of one Postgres. Each that is held is a session of its own there."""

    locks: AdvisoryLocks

    @contextmanager
    def hold(
        self,
        name: PartitionName,
        *,
        timeout_s: float,
        on_wait: Callable[[str], None],
        run_id: str = "",
    ) -> Iterator[HeldAdvisoryLock]:
        """Hold a partition's lock; Postgres releases it when the session's process or machine is gone."""
        try:
            with self.locks.held(
                _lock_of(name),
                timeout_s=timeout_s,
                on_wait=lambda holder: on_wait(f"{holder} holds its lock in Postgres"),
                run_id=run_id,
            ) as held:
                yield held
        except LockHeldError as error:
            raise locked_for_too_long(name, timeout_s, error) from None

    def holders(self, names: Collection[PartitionName]) -> dict[PartitionName, str]:
        """Return who holds which of the partitions: one question for all."""
        names_of = {_lock_of(name): name for name in names}
        return {names_of[lock]: holder for lock, holder in self.locks.holders(names_of).items()}

    def try_out(self) -> str:
        """Take a lock that nobody else needs, in a session that nobody else gets."""
        with self.locks.held("a lock that the doctor tries", timeout_s=10) as held:
            held.check()
            return held.server


def _lock_of(name: PartitionName) -> str:
    return f"{name.organization_id}/{name.asset}/{name.partition}"
