"""What there is to tell since a place in the event log: of runs that ended, and of results that need no run."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import dagster as dg

from pipefy_exports_dagster.orchestration.checks.finding import Check
from pipefy_exports_dagster.orchestration.notify.export_failure import IN_THE_LOG, ExportFailure
from pipefy_exports_dagster.orchestration.notify.failed_check_sensor import failed_check
from pipefy_exports_dagster.orchestration.notify.notice import Notice
from pipefy_exports_dagster.orchestration.notify.run_failures import (
    assets_of,
    events_of,
    failed_steps_of,
    failures_of,
    is_retried,
    partition_of,
    told,
)

ENDS = (dg.DagsterEventType.RUN_FAILURE, dg.DagsterEventType.RUN_SUCCESS, dg.DagsterEventType.RUN_CANCELED)
MOST_ENDS = 200
"""Of each kind that are read per tick."""
RUNLESS = (Check.LAST_MONTH_IS_HERE.value, Check.MONTHS_COMPLETE.value)
"""The checks that the due sensor evaluates as well, without a run."""


@dataclass(frozen=True, slots=True)
class Told:
    """Of which assets and checks people are told."""

    assets: Collection[dg.AssetKey]
    checks: Collection[dg.AssetCheckKey]

    def concerns(self, run: dg.DagsterRun) -> bool:
        """Whether a run may be of them: a job without a selection may be, and so may a job of checks alone."""
        if not run.asset_selection and run.asset_check_selection is None:
            return True
        selected = set(run.asset_selection or ()) & set(self.assets)
        return bool(selected or set(run.asset_check_selection or ()) & set(self.checks))


@dataclass(frozen=True, slots=True)
class EndedRuns:
    """Ends of runs after a place in the event log: their numbers and runs, in order, and up to where they were read."""

    ends: Sequence[tuple[int, float, dg.DagsterRun]]
    read_to: int


def newest_number(instance: dg.DagsterInstance) -> int:
    """Return the number of the newest end of a run; 0 without one."""
    newest = [instance.fetch_run_status_changes(end, limit=1).records for end in ENDS]
    return max((records[0].storage_id for records in newest if records), default=0)


def ended_runs(
    instance: dg.DagsterInstance, after: int, is_ours: Callable[[dg.DagsterRun], bool]
) -> EndedRuns:
    """Return the runs that ended after a place in the event log, some hundreds at most; the rest comes next time.

    Args:
        instance: Has the event log.
        after: The number of the last end that was read.
        is_ours: Which runs are wanted.
    """
    found = []
    read_to = None
    for end in ENDS:
        records = instance.fetch_run_status_changes(
            dg.RunStatusChangeRecordsFilter(event_type=end, after_storage_id=after),  # type: ignore[arg-type]
            limit=MOST_ENDS,
            ascending=True,
        ).records
        found += [(record.storage_id, record.timestamp, record.event_log_entry.run_id) for record in records]
        if len(records) == MOST_ENDS:
            last = records[-1].storage_id
            read_to = last if read_to is None else min(read_to, last)
    found = sorted(each for each in found if read_to is None or each[0] <= read_to)
    if not found:
        return EndedRuns([], after)
    run_records = instance.get_run_records(dg.RunsFilter(run_ids=[run_id for _, _, run_id in found]))
    runs = {record.dagster_run.run_id: record.dagster_run for record in run_records}
    ends = [
        (number, moment, runs[run_id])
        for number, moment, run_id in found
        if run_id in runs and is_ours(runs[run_id])
    ]
    return EndedRuns(ends, found[-1][0])


def notice_of(instance: dg.DagsterInstance, number: int, run: dg.DagsterRun, told_of: Told) -> Notice | None:
    """Return what there is to tell of a run that ended; None if all is well."""
    failures: list[ExportFailure] = []
    results = _results(instance, run, told_of)
    if run.is_failure and not is_retried(run):
        assets = {key.to_user_string() for key in told_of.assets}
        failures += [failure for failure in failures_of(instance, run) if failure.asset in assets]
        failures += _not_checked(instance, run, told_of, results)
    failures += [failed_check(result, run.run_id) for result in results if not result.passed]
    return Notice(number, failures, run.run_id) if failures else None


@dataclass(frozen=True, slots=True)
class RunlessResults:
    """The newest results of the due sensor's checks, by their numbers; those that a run brought are told with it."""

    results: Mapping[int, dg.AssetCheckEvaluation]
    newest: int

    @classmethod
    def read(cls, instance: dg.DagsterInstance, told_of: Told) -> Self:
        """Read the newest result of each check."""
        keys = sorted(key for key in told_of.checks if key.name in RUNLESS)
        records = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys).values()
        results = {
            record.id: record.evaluation
            for record in records
            if not record.run_id and isinstance(record.evaluation, dg.AssetCheckEvaluation)
        }
        return cls(results, max((record.id for record in records), default=0))

    def notice(self, after: int) -> Notice | None:
        """Return what did not pass after a place in the event log."""
        news = sorted(number for number in self.results if number > after)
        failures = [failed_check(self.results[n], "") for n in news if not self.results[n].passed]
        return Notice(news[-1], failures) if failures else None


def _results(
    instance: dg.DagsterInstance, run: dg.DagsterRun, told_of: Told
) -> list[dg.AssetCheckEvaluation]:
    if not told_of.checks:
        return []
    events = events_of(instance, run, dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    results = (event.asset_check_evaluation_data for event in events)
    return [result for result in results if result.asset_check_key in told_of.checks]


def _not_checked(
    instance: dg.DagsterInstance,
    run: dg.DagsterRun,
    told_of: Told,
    results: Sequence[dg.AssetCheckEvaluation],
) -> Iterator[ExportFailure]:
    """Yield the assets whose step of checks failed: no asset says so. Those that were not materialized are told."""
    planned = {
        event.asset_check_planned_data.asset_check_key
        for event in events_of(instance, run, dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED)
    }
    lacking = (planned & set(told_of.checks)) - {result.asset_check_key for result in results}
    materialized = assets_of(instance, run, dg.DagsterEventType.ASSET_MATERIALIZATION)
    missing = assets_of(instance, run, dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED) - materialized
    steps = list(failed_steps_of(instance, run).values())
    for key in sorted({check.asset_key for check in lacking} - missing):
        error, _ = told(steps[0] if steps else None)
        yield ExportFailure(
            asset=key.to_user_string(),
            partition=partition_of(run),
            run_id=run.run_id,
            error=error,
            message="it was loaded, and " * (key in materialized)
            + "the run failed before all of its checks were evaluated",
            what_to_do=IN_THE_LOG,
        )
