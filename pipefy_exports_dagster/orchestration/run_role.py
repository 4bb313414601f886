"""What a run does about an export: wait for it, leave it to the sensor, or load what another run asked for."""

from dataclasses import dataclass
from typing import Self

import dagster as dg

from pipefy_exports_dagster.config.model import Wait

FOLLOWS_EXPORT = "pipefy/follows_export"
"""Tag of a run that the sensor launched: the id of the export that it loads."""

BACKFILL = "dagster/backfill"
RETRY_NUMBER = "dagster/retry_number"
"""Dagster's tag of a run that it started by itself in place of a dead one."""
ROOT_RUN_ID = "dagster/root_run_id"
"""Dagster's tag of every run in a chain of retries: the first of them."""


@dataclass(frozen=True, slots=True)
class RunRole:
    """How far a run goes.

    `follows` is the export that the run is to load: it asks for no other. A run that `defers` ends as soon as
    its export is requested. `run_ids` are the run and the whole chain that it is an automatic retry of: what
    they asked for is its own.
    """

    run_ids: frozenset[str] = frozenset()
    follows: str | None = None
    defers: bool = False

    @classmethod
    def of(cls, run: dg.DagsterRun, wait: Wait, instance: dg.DagsterInstance) -> Self:
        """Read a run's role from its tags, and the runs that it retries from the instance.

        A run of a backfill waits, because a backfill counts a run without a materialization as failed (tried).
        """
        follows = run.tags.get(FOLLOWS_EXPORT)
        root = run.tags.get(ROOT_RUN_ID) if RETRY_NUMBER in run.tags else None
        chain = instance.get_run_ids(dg.RunsFilter(tags={ROOT_RUN_ID: root})) if root else []
        return cls(
            run_ids=frozenset({run.run_id, *chain, *([root] if root else [])}),
            follows=follows,
            defers=wait is Wait.DEFERRED and follows is None and BACKFILL not in run.tags,
        )
