"""The months that a run of the history's sensor failed to build: which of them another run may try.

The cursor has passed their export, so the runs themselves say what is left to do: each carries the export's id, the
number of the attempt and the months. Runs of versions before these tags are left alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import dagster as dg

from pipefy_exports_dagster.exports import ConfiguredExport
from pipefy_exports_dagster.orchestration.attempts import (
    PARTITION,
    FollowUp,
    NextAttempt,
    Silence,
    Work,
    next_attempt,
)
from pipefy_exports_dagster.orchestration.definition_names import HISTORY_JOB
from pipefy_exports_dagster.orchestration.events import run_ids_since
from pipefy_exports_dagster.orchestration.history.assets import MONTH_FORMAT, month_of_key
from pipefy_exports_dagster.orchestration.partitions import RANGE_END, RANGE_START
from pipefy_exports_dagster.periods import add_months

BUILDS_EXPORT = "pipefy/builds_export"
"""Tag of a run that the history's sensor launched: the id of the export whose months it builds."""
BUILDING = Work("a run is building it, or about to", "did not build it", "materialize the months")
LOOK_BACK = timedelta(days=7)
"""Runs that were heard of earlier are left alone."""
SILENCE = Silence(*3 * [timedelta(hours=6)])
"""A run that said nothing for so long is taken for dead. A second one beside it would do no harm, but be in vain."""
ENDED = {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.CANCELED}
"""No other run is launched: the months are built, or a person did not want them to be."""
MAX_RECORDS = 200


@dataclass(frozen=True, slots=True)
class UnbuiltExport:
    """An export whose months no run has built yet, and whether another may try."""

    export: ConfiguredExport
    export_id: str
    months: tuple[date, ...]
    verdict: NextAttempt

    def __str__(self) -> str:
        """Say why no run is launched."""
        first, last = (month.strftime(MONTH_FORMAT) for month in (self.months[0], self.months[-1]))
        months = first if first == last else f"{first} to {last}"
        return f"{months} of {self.export.history} (export {self.export_id!r}): {self.verdict.refusal}"


def find_unbuilt(
    instance: dg.DagsterInstance, exports: Sequence[ConfiguredExport], now: datetime
) -> list[UnbuiltExport]:
    """Return the exports for which a run was launched, and none has built their months."""
    if not exports:
        return []
    job = exports[0].config.definition_name(HISTORY_JOB)
    unsuccessful = dg.RunsFilter(
        job_name=job,
        statuses=[status for status in dg.DagsterRunStatus if status not in ENDED],
        updated_after=now - LOOK_BACK,
    )
    runs = [run for run in instance.get_runs(unsuccessful) if BUILDS_EXPORT in run.tags]
    export_ids = list({run.tags[BUILDS_EXPORT] for run in runs})
    if not export_ids:
        return []
    attempts = instance.get_run_records(dg.RunsFilter(job_name=job, tags={BUILDS_EXPORT: export_ids}))
    found = (_of_export(instance, export, attempts, now) for export in exports)
    return [each for of_one in found for each in of_one]


def _of_export(
    instance: dg.DagsterInstance, export: ConfiguredExport, attempts: Iterable[dg.RunRecord], now: datetime
) -> list[UnbuiltExport]:
    by_export: dict[str, list[dg.RunRecord]] = defaultdict(list)
    for record in attempts:
        if dg.AssetKey(export.history_key) in (record.dagster_run.asset_selection or ()):
            by_export[record.dagster_run.tags[BUILDS_EXPORT]].append(record)
    unbuilt = []
    for export_id, records in by_export.items():
        wanted = (month for month in _months_of(records[0]) if month >= export.config.history_start)
        months = tuple(sorted(wanted))
        if not months or any(record.dagster_run.status in ENDED for record in records):
            continue
        if _built_since(instance, export, records).issuperset(months):
            continue
        runs = [FollowUp.of(instance, record, now, silence=SILENCE) for record in records]
        unbuilt.append(UnbuiltExport(export, export_id, months, next_attempt(runs, now, BUILDING)))
    return unbuilt


def _built_since(
    instance: dg.DagsterInstance, export: ConfiguredExport, attempts: Sequence[dg.RunRecord]
) -> set[date]:
    """Return the months of the runs that succeeded after a first attempt: a person's, or those of a newer export.

    A run looks at all files, so that later ones have looked at this export's as well.
    """
    since = min(record.create_timestamp for record in attempts)
    run_ids = run_ids_since(instance, dg.AssetKey(export.history_key), since, limit=MAX_RECORDS)
    if not run_ids:
        return set()
    succeeded = dg.RunsFilter(run_ids=run_ids, statuses=[dg.DagsterRunStatus.SUCCESS], created_after=since)
    return {month for record in instance.get_run_records(succeeded) for month in _months_of(record)}


def _months_of(record: dg.RunRecord) -> set[date]:
    """Return the months that a run was asked for."""
    tags = record.dagster_run.tags
    first = tags.get(RANGE_START) or tags.get(PARTITION)
    last = tags.get(RANGE_END) or first
    if not (first and last):
        return set()
    try:
        month, end, months = month_of_key(first), month_of_key(last), set[date]()
    except ValueError:
        return set()
    while month <= end:
        months.add(month)
        month = add_months(month, 1)
    return months
