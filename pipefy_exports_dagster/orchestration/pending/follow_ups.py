"""The runs that were to load an export: whether one is at it, and whether another may try.

Each carries the export's id and the number of the attempt as tags, and is of one asset and one partition. A run
key without the number would launch one run for ever: one that was killed would never be replaced (tried). So the
number goes up, but only when the run before it has ended without loading the export, after a pause that grows, and
not for ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg

from pipefy_exports_dagster.config import PipefyExportsConfig
from pipefy_exports_dagster.orchestration.pending.exports import PendingKey
from pipefy_exports_dagster.orchestration.pending.roles import ATTEMPT, FOLLOWS_EXPORT

MAX_ATTEMPTS = 5
FIRST_PAUSE_S = 300.0
"""Between the end of the first run that did not load an export and the second; doubled for each after it."""

STEP_START_S = 300.0
"""How long a run may say nothing while its processes start."""

RUN_KEY, PARTITION = "dagster/run_key", "dagster/partition"
"""Dagster's tags of a run that a sensor launched."""
QUEUED = {dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.QUEUED}


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A run that was launched for an export.

    `ended_at` is when it ended or, of a dead run that Dagster believes alive, when it was last heard of; None
    if it is under way. `run_key` is what it was launched under: earlier keys had no asset and partition.
    """

    attempt: int
    was_submitted: bool
    ended_at: datetime | None
    run_key: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The attempt that may be launched now, or why none may; under `run_key` if its run is already written down."""

    attempt: int = 0
    run_key: str | None = None
    refusal: str = ""
    is_for_good: bool = False


def next_attempt(follow_ups: Sequence[FollowUp], now: datetime) -> Verdict:
    """Return which attempt to load an export may be launched.

    Args:
        follow_ups: The runs launched for it so far.
        now: The time.
    """
    # The daemon stopped between writing this run down and launching it: the same key launches it now.
    if lost := [run for run in follow_ups if not run.was_submitted]:
        newest = max(lost, key=lambda run: run.attempt)
        return Verdict(newest.attempt, newest.run_key)
    if any(run.ended_at is None for run in follow_ups):
        return Verdict(refusal="a run is loading it, or about to")
    attempts = max((run.attempt for run in follow_ups), default=0)
    if attempts >= MAX_ATTEMPTS:
        return Verdict(
            refusal=f"{attempts} runs did not load it; see what they say, then materialize the partition",
            is_for_good=True,
        )
    last_end = max((run.ended_at for run in follow_ups if run.ended_at), default=None)
    resting_until = last_end + timedelta(seconds=FIRST_PAUSE_S * 2 ** (attempts - 1)) if last_end else now
    if now < resting_until:
        return Verdict(
            refusal=f"attempt {attempts} did not load it; the next is at {resting_until:%H:%M:%S} UTC or later"
        )
    return Verdict(attempts + 1)


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
            follow_up = _follow_up(instance, record, config, now)
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


def _follow_up(
    instance: dg.DagsterInstance, record: dg.RunRecord, config: PipefyExportsConfig, now: datetime
) -> FollowUp:
    run = record.dagster_run
    return FollowUp(
        attempt=_attempt_of(run),
        was_submitted=run.status is not dg.DagsterRunStatus.NOT_STARTED,
        ended_at=_ended_at(instance, record, config, now),
        run_key=run.tags.get(RUN_KEY),
    )


def _ended_at(
    instance: dg.DagsterInstance, record: dg.RunRecord, config: PipefyExportsConfig, now: datetime
) -> datetime | None:
    run = record.dagster_run
    if run.is_finished and record.end_time is not None and not run.is_complete_and_waiting_to_retry:
        return datetime.fromtimestamp(record.end_time, UTC)
    if run.status in QUEUED:
        return None
    # A run whose worker was killed stays "started". Alive without the lock it is only at its start, and in
    # the pause before a step is tried again.
    newest = instance.get_records_for_run(run.run_id, limit=1, ascending=False).records
    heard_at = datetime.fromtimestamp(newest[0].timestamp, UTC) if newest else record.update_timestamp
    longest_pause_s = 2 * config.retry_delay_s * 2.0 ** max(config.max_retries - 1, 0)
    silence = timedelta(seconds=STEP_START_S + longest_pause_s)
    return heard_at if now - heard_at > silence else None


def _attempt_of(run: dg.DagsterRun) -> int:
    text = run.tags.get(ATTEMPT, "")
    return int(text) if text.isdecimal() else 1
