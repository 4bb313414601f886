"""The sensor that tells a person's own notifier of failed runs."""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from pipefy_exports_dagster.orchestration.definition_names import FAILURE_SENSOR
from pipefy_exports_dagster.orchestration.notify.export_failure import (
    RUN_DIED,
    ExportFailure,
    Notify,
    advice_for,
    notify_all,
)
from pipefy_exports_dagster.orchestration.partitions import RANGE_END, RANGE_START

WILL_RETRY = "dagster/will_retry"
"""Dagster's tag of a failed run that it starts again by itself."""
PARTITION = "dagster/partition"


def pipefy_failure_sensor(
    notify: Notify,
    *,
    assets: Sequence[str] | None = None,
    name: str = FAILURE_SENSOR,
    default_status: dg.DefaultSensorStatus = dg.DefaultSensorStatus.RUNNING,
) -> dg.SensorDefinition:
    """Return a sensor that calls a function for every asset that a failed run did not materialize.

    A run that Dagster starts again by itself is no failure yet. Runs that failed before the sensor was first
    switched on are not told.

    Args:
        notify: Called in the daemon's code server; when it raises, the tick fails, and the run is not told again.
        assets: Keys of the assets to tell of, `a/b` where they have several parts; None for all of the code location.
        name: The sensor's name.
        default_status: Running, unless said otherwise: it starts nothing.
    """
    wanted = None if assets is None else frozenset(assets)

    @dg.run_failure_sensor(
        name=name,
        default_status=default_status,
        description="Tells the project's notifier of every asset that a failed run did not materialize.",
    )
    def failures(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
        if context.dagster_run.tags.get(WILL_RETRY) == "true":
            return dg.SkipReason("Dagster starts this run again")
        found = (failure for failure in failures_of(context) if wanted is None or failure.asset in wanted)
        notify_all(found, notify)
        return None

    return failures


def failures_of(context: dg.RunFailureSensorContext) -> Iterator[ExportFailure]:
    """Yield what a failed run did not materialize, each with its error."""
    run = context.dagster_run
    failed_steps = {event.step_key: event for event in context.get_step_failure_events()}
    materialized = _assets(context, dg.DagsterEventType.ASSET_MATERIALIZATION)
    for key in sorted(_assets(context, dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED)):
        step = failed_steps.get(key.to_python_identifier())
        if step is None and (failed_steps or key in materialized):
            continue
        error, message = _told(step) if step else (RUN_DIED, "the run ended before its steps did")
        yield ExportFailure(
            asset=key.to_user_string(),
            partition=_partition(run.tags),
            run_id=run.run_id,
            error=error,
            message=message,
            what_to_do=advice_for(error),
        )


def _told(step: dg.DagsterEvent) -> tuple[str, str]:
    data = step.step_failure_data
    ours: Any = data.user_failure_data
    if ours and ours.description and "pipefy/error" in ours.metadata:
        return str(ours.metadata["pipefy/error"].value), str(ours.description)
    cause = data.error.cause if data.error and data.error.cause else data.error
    return (
        cause.cls_name if cause and cause.cls_name else "Error"
    ), "the step failed with an error of another kind"


def _assets(context: dg.RunFailureSensorContext, of_type: dg.DagsterEventType) -> set[dg.AssetKey]:
    records = context.instance.get_records_for_run(context.dagster_run.run_id, of_type=of_type).records
    events = (record.event_log_entry.dagster_event for record in records)
    return {event.asset_key for event in events if event and event.asset_key}


def _partition(tags: Any) -> str | None:
    if PARTITION in tags:
        return str(tags[PARTITION])
    if RANGE_START in tags:
        return f"{tags[RANGE_START]} to {tags[RANGE_END]}"
    return None
