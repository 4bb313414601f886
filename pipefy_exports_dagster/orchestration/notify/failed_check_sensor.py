"""The sensor that tells a person's own notifier of checks that did not pass: they fail no run."""

import json
from collections.abc import Sequence
from typing import Any

import dagster as dg

from pipefy_exports_dagster.orchestration.definition_names import FAILED_CHECK_SENSOR
from pipefy_exports_dagster.orchestration.events import newest_results
from pipefy_exports_dagster.orchestration.notify.export_failure import (
    CHECK_FAILED,
    CHECK_WARNED,
    ExportFailure,
    Notify,
)

LOOK = "Look at the check in Dagster's UI, on the asset's tab Checks"
RECORDS = 25
"""How many of a check's newest results are read per tick."""


def pipefy_failed_check_sensor(
    notify: Notify,
    checks: Sequence[dg.AssetCheckKey],
    *,
    name: str = FAILED_CHECK_SENSOR,
    default_status: dg.DefaultSensorStatus = dg.DefaultSensorStatus.RUNNING,
) -> dg.SensorDefinition:
    """Return a sensor that calls a function for every result of a check that did not pass, warnings as well.

    Results from before its first tick are not told. What stays missing is told once a day.

    Args:
        notify: Called in the daemon's code server; a result that it raises on is told again at the next tick.
        checks: The checks to tell of.
        name: The sensor's name.
        default_status: Running, unless said otherwise: it starts nothing.
    """
    settled: dict[dg.AssetCheckKey, int] = {}

    @dg.sensor(
        name=name,
        minimum_interval_seconds=60,
        default_status=default_status,
        description="Tells the project's notifier of every result of a check that did not pass.",
    )
    def failed_checks(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        told: dict[str, list[int]] = json.loads(context.cursor or "{}")
        now_told: dict[str, list[int]] = {}
        count, problem = 0, ""
        newest = newest_results(context.instance, checks)
        for key in checks:
            label = f"{key.asset_key.to_user_string()}:{key.name}"
            now_told[label] = []
            if key not in newest:
                continue
            if label in told and settled.get(key) == newest[key].id:
                now_told[label] = told[label]
                continue
            results = _results(context.instance, key)
            for record_id, failure in _failures(results):
                if context.cursor is not None and record_id not in told.get(label, ()):
                    try:
                        notify(failure)
                    except Exception as error:  # noqa: BLE001 - the notifier is a person's own
                        problem = f"; the notifier raised {type(error).__name__}, and is called again at the next tick"
                        continue
                    count += 1
                now_told[label].append(record_id)
            # A result that is planned comes under the number that it has already.
            if (
                all(isinstance(result.evaluation, dg.AssetCheckEvaluation) for result in results)
                and not problem
            ):
                settled[key] = results[0].id
        context.update_cursor(json.dumps(now_told))
        if problem:
            context.log.error(problem.removeprefix("; "))
        return dg.SkipReason(f"{count} results told{problem}")

    return failed_checks


def _results(instance: dg.DagsterInstance, key: dg.AssetCheckKey) -> Sequence[Any]:
    """Return the newest records of a check, newest first."""
    return instance.event_log_storage.get_asset_check_execution_history(key, limit=RECORDS)


def _failures(records: Sequence[Any]) -> list[tuple[int, ExportFailure]]:
    """Return the results that did not pass, oldest first, by the id of their record."""
    found = []
    for record in reversed(records):
        result = record.evaluation
        if isinstance(result, dg.AssetCheckEvaluation) and not result.passed:
            found.append((record.id, failed_check(result, record.run_id)))
    return found


def failed_check(result: dg.AssetCheckEvaluation, run_id: str) -> ExportFailure:
    """Return what is told of a result that did not pass.

    Args:
        result: The result.
        run_id: The run; empty for a result of the due sensor.
    """
    return ExportFailure(
        asset=result.asset_key.to_user_string(),
        partition=result.partition,
        run_id=run_id,
        error=CHECK_FAILED if result.severity is dg.AssetCheckSeverity.ERROR else CHECK_WARNED,
        message=result.description or "it did not pass",
        what_to_do=LOOK,
        check=result.check_name,
    )
