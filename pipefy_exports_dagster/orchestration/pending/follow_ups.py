"""The runs that were to load pending exports: each carries the export's id, and is of one asset and one partition."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import dagster as dg

from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.orchestration.attempts import PARTITION, FollowUp, Silence
from pipefy_exports_dagster.orchestration.pending.pending_exports import PendingKey
from pipefy_exports_dagster.orchestration.run_role import FOLLOWS_EXPORT

WORKING_S = 60.0
"""How long a run may say nothing without the partition's lock: its step is about to take it, or is dead."""
STARTING_S = 300.0
"""How long until a run that was launched says that it has begun: a worker may be busy."""


def find_follow_ups(
    instance: dg.DagsterInstance, keys: Sequence[PendingKey], config: PipefyExportsConfig, now: datetime
) -> dict[PendingKey, list[FollowUp]]:
    """Return the runs launched for exports.

    Args:
        instance: Where the runs are.
        keys: Exports whose partitions are not locked: no run works on them at this moment.
        config: Says how long a step may rest before it is tried again.
        now: The time.
    """
    found: dict[PendingKey, list[FollowUp]] = {key: [] for key in keys}
    if not keys:
        return found
    export_ids = list({key.export_id for key in keys})
    for record in instance.get_run_records(dg.RunsFilter(tags={FOLLOWS_EXPORT: export_ids})):
        followed = [key for key in keys if _follows(record.dagster_run, key)]
        if followed:
            follow_up = FollowUp.of(instance, record, now, silence=_silence(config))
            for key in followed:
                found[key].append(follow_up)
    return found


def _follows(run: dg.DagsterRun, key: PendingKey) -> bool:
    """Tell whether a run is for an export: by what it selects, which runs of older versions carry as well."""
    asset = dg.AssetKey.from_user_string(key.asset)
    return (
        run.tags[FOLLOWS_EXPORT] == key.export_id
        and run.tags.get(PARTITION, key.partition) == key.partition
        and asset in (run.asset_selection or {asset})
    )


def _silence(config: PipefyExportsConfig) -> Silence:
    """Return how long a run without the partition's lock may be alive."""
    longest_pause_s = 2 * config.retry_delay_s * 2.0 ** max(config.max_retries - 1, 0)
    return Silence(
        starting=timedelta(seconds=STARTING_S),
        working=timedelta(seconds=WORKING_S),
        resting=timedelta(seconds=WORKING_S + longest_pause_s),
    )
