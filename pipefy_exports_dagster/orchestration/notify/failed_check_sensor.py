"""The sensor that tells a person's own notifier of checks that did not pass: they fail no run."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
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
            of_check = _Told.of(told.get(label, ()), newest[key].id)
            if of_check.up_to == newest[key].id or (context.cursor is None and _is_evaluated(newest[key])):
                now_told[label] = _Told(newest[key].id).numbers()
                continue
            records = context.instance.event_log_storage.get_asset_check_execution_history(key, limit=RECORDS)
            lacking = not records or not all(_is_evaluated(record) for record in records)
            for record_id, failure in _failures(records):
                if context.cursor is not None and not of_check.has(record_id):
                    try:
                        notify(failure)
                    except Exception as error:  # noqa: BLE001 - the notifier is a person's own
                        problem = f"; the notifier raised {type(error).__name__}, and is called again at the next tick"
                        lacking = True
                        continue
                    count += 1
                of_check.others.add(record_id)
            now_told[label] = (of_check if lacking else _Told(records[0].id)).numbers()
        context.update_cursor(json.dumps(now_told))
        if problem:
            context.log.error(problem.removeprefix("; "))
        return dg.SkipReason(f"{count} results told{problem}")

    return failed_checks


@dataclass(frozen=True, slots=True)
class _Told:
    """Which results of a check need not be looked at any more, by the numbers of their records.

    A result that is planned comes under the number that it has already, so `up_to` is set when none is planned.
    """

    up_to: int
    others: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, numbers: Sequence[int], newest: int) -> "_Told":
        """Read what the cursor holds; nothing of it counts in an event log that was begun anew."""
        up_to = max((-number for number in numbers if number < 0), default=0)
        return cls(0) if newest < up_to else cls(up_to, {number for number in numbers if number > up_to})

    def has(self, number: int) -> bool:
        """Whether a result was told, or was before the first tick."""
        return number <= self.up_to or number in self.others

    def numbers(self) -> list[int]:
        """Return it for the cursor, which had positive numbers only in earlier versions."""
        return [*([-self.up_to] if self.up_to else []), *sorted(n for n in self.others if n > self.up_to)]


def _is_evaluated(record: Any) -> bool:
    return isinstance(record.evaluation, dg.AssetCheckEvaluation)


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
