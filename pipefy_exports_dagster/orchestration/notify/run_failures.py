"""What a failed run did not materialize, read from the event log."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from pipefy_exports_dagster.orchestration.notify.export_failure import RUN_DIED, ExportFailure, advice_for
from pipefy_exports_dagster.orchestration.partitions import RANGE_END, RANGE_START

WILL_RETRY = "dagster/will_retry"
"""Dagster's tag of a failed run that it starts again by itself."""
PARTITION = "dagster/partition"


def is_retried(run: dg.DagsterRun) -> bool:
    """Whether Dagster starts a failed run again by itself."""
    return run.tags.get(WILL_RETRY) == "true"


def failures_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Iterator[ExportFailure]:
    """Yield what a failed run did not materialize, each with its error."""
    failed_steps = failed_steps_of(instance, run)
    materialized = assets_of(instance, run, dg.DagsterEventType.ASSET_MATERIALIZATION)
    for key in sorted(assets_of(instance, run, dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED)):
        step = failed_steps.get(key.to_python_identifier())
        if step is None and (failed_steps or key in materialized):
            continue
        error, message = told(step)
        yield ExportFailure(
            asset=key.to_user_string(),
            partition=partition_of(run),
            run_id=run.run_id,
            error=error,
            message=message,
            what_to_do=advice_for(error),
        )


def failed_steps_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dict[str | None, dg.DagsterEvent]:
    """Return the events of a run's failed steps, by the steps' keys."""
    events = events_of(instance, run, dg.DagsterEventType.STEP_FAILURE)
    return {event.step_key: event for event in events}


def told(step: dg.DagsterEvent | None) -> tuple[str, str]:
    """Return class and message of the error that a step failed with, or of a run that ended before its steps did."""
    if step is None:
        return RUN_DIED, "the run ended before its steps did"
    data = step.step_failure_data
    ours: Any = data.user_failure_data
    if ours and ours.description and "pipefy/error" in ours.metadata:
        return str(ours.metadata["pipefy/error"].value), str(ours.description)
    cause = data.error.cause if data.error and data.error.cause else data.error
    return (
        cause.cls_name if cause and cause.cls_name else "Error"
    ), "the step failed with an error of another kind"


def events_of(
    instance: dg.DagsterInstance, run: dg.DagsterRun, of_type: dg.DagsterEventType
) -> list[dg.DagsterEvent]:
    """Return a run's events of a type."""
    records = instance.get_records_for_run(run.run_id, of_type=of_type).records
    events = (record.event_log_entry.dagster_event for record in records)
    return [event for event in events if event]


def assets_of(
    instance: dg.DagsterInstance, run: dg.DagsterRun, of_type: dg.DagsterEventType
) -> set[dg.AssetKey]:
    """Return the assets that a run has events of a type for."""
    return {event.asset_key for event in events_of(instance, run, of_type) if event.asset_key}


def partition_of(run: dg.DagsterRun) -> str | None:
    """Return a run's partition, or the first and last of its range."""
    if PARTITION in run.tags:
        return str(run.tags[PARTITION])
    if RANGE_START in run.tags:
        return f"{run.tags[RANGE_START]} to {run.tags[RANGE_END]}"
    return None
