"""The sensor that evaluates each day what should be loaded by now: what is missing starts no run.

It logs results of the checks `last_month_is_here` and `months_complete`, without a run, without Pipefy, and without the
database: the event log says what was loaded.
"""

import time
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import dagster as dg

from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.exports import ConfiguredExport, configured_exports
from pipefy_exports_dagster.orchestration.checks.due import CHECKED_ON, Today, last_month_is_here
from pipefy_exports_dagster.orchestration.checks.finding import Check, CheckFinding
from pipefy_exports_dagster.orchestration.checks.history_checks import months_finding
from pipefy_exports_dagster.orchestration.definition_names import DUE_SENSOR
from pipefy_exports_dagster.orchestration.events import newest_of_assets, newest_results
from pipefy_exports_dagster.orchestration.ledger import Ledger
from pipefy_exports_dagster.periods import PeriodFilter

INTERVAL_S = 600
LOOKING_BUDGET_S = 5.0
"""After this time of a tick no further asset is looked at: the next tick goes on."""


def due_sensor(config: PipefyExportsConfig, clock: Clock) -> dg.SensorDefinition:
    """Return the sensor, running: it starts nothing, and says nothing of an asset that was never materialized."""
    exports = configured_exports(config)
    judged: dict[dg.AssetCheckKey, Judged] = {}

    @dg.sensor(
        name=config.definition_name(DUE_SENSOR),
        minimum_interval_seconds=INTERVAL_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Evaluates each day whether this month's last_month is loaded by its due day, and whether the months of "
            "the histories are complete. It launches no run."
        ),
    )
    def due(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        events = list(due_news(context.instance, exports, config, clock, judged))
        if not events:
            return dg.SkipReason("every result is of today, and nothing has changed")
        return dg.SensorResult(asset_events=events)

    return due


@dataclass(frozen=True, slots=True)
class Judged:
    """What a check was judged by: as long as it is the same, so is its result.

    Args:
        day: The organization's.
        loaded: Place of the asset's newest materialization in the event log.
        result: The number of the check's newest result; 0 without one.
        was_news: Whether a new result was logged then: the next one without a run is it.
    """

    day: date
    loaded: int
    result: int
    was_news: bool = False

    def still_holds(self, now: "Judged", newest: Any) -> bool:
        """Whether nothing has happened since, but that the result was stored that was news."""
        if (self.day, self.loaded) != (now.day, now.loaded):
            return False
        return not newest.run_id and now.result > self.result if self.was_news else now == self


def due_news(
    instance: dg.DagsterInstance,
    exports: Sequence[ConfiguredExport],
    config: PipefyExportsConfig,
    clock: Clock,
    judged: MutableMapping[dg.AssetCheckKey, Judged],
    *,
    budget_s: float = LOOKING_BUDGET_S,
) -> Iterator[dg.AssetCheckEvaluation]:
    """Yield the results that should be logged now: those of another day, and those that say something else.

    The event log is asked for all assets at once what has changed. What is left after some seconds waits for the next
    tick.

    Args:
        instance: Has the event log.
        exports: The exports.
        config: Their configuration.
        clock: Tells the day.
        judged: What the ticks before have looked at, by check; what is looked at now is added.
        budget_s: After this time no further check is looked at.
    """
    checks = _expected(exports, config)
    loads = newest_of_assets(instance, sorted({key.asset_key for key in checks}))
    loaded = [key for key in checks if key.asset_key in loads]
    results = newest_results(instance, loaded)
    day = Today.of(clock.now(), config, 1).day
    until = time.monotonic() + budget_s
    for key in loaded:
        load, result = loads[key.asset_key], results.get(key)
        now = Judged(day, load.storage_id, result.id if result else 0)
        if result and key in judged and judged[key].still_holds(now, result):
            continue
        if time.monotonic() > until:
            return
        finding = _finding(instance, checks[key], Check(key.name), clock)
        if _is_news(instance, result, load, finding):
            yield finding.evaluation(key.asset_key, Check(key.name))
            judged[key] = replace(now, was_news=True)
        elif result and isinstance(result.evaluation, dg.AssetCheckEvaluation):
            judged[key] = now


def _expected(
    exports: Sequence[ConfiguredExport], config: PipefyExportsConfig
) -> dict[dg.AssetCheckKey, ConfiguredExport]:
    """Return the checks, each with the export whose asset or history it is of."""
    found = {}
    for export in exports:
        if config.last_month_due_day is not None and export.is_scheduled:
            key = dg.AssetKey(export.asset_key)
            found[dg.AssetCheckKey(key, Check.LAST_MONTH_IS_HERE.value)] = export
        if config.history:
            history = dg.AssetKey(export.history_key)
            found[dg.AssetCheckKey(history, Check.MONTHS_COMPLETE.value)] = export
    return found


def _finding(
    instance: dg.DagsterInstance, export: ConfiguredExport, check: Check, clock: Clock
) -> CheckFinding:
    if check is Check.MONTHS_COMPLETE:
        return months_finding(instance, export, clock)
    config = export.config
    ledger = Ledger(instance, dg.AssetKey(export.asset_key), PeriodFilter.LAST_MONTH.value)
    today = Today.of(clock.now(), config, config.last_month_due_day or 1)
    return last_month_is_here(ledger, export.asset, today)


def _is_news(
    instance: dg.DagsterInstance, record: Any, load: dg.EventLogRecord, finding: CheckFinding
) -> bool:
    """Whether the newest result is of another day or load, says something else, or was planned and never came."""
    if record is None:
        return True
    evaluation = record.evaluation
    if not isinstance(evaluation, dg.AssetCheckEvaluation):
        run = instance.get_run_by_id(record.run_id)
        return run is None or run.is_finished
    checked_on = evaluation.metadata.get(CHECKED_ON)
    return (
        evaluation.passed is not finding.passed
        or evaluation.severity is not finding.severity
        or checked_on is None
        or checked_on.value != finding.metadata[CHECKED_ON]
        or not _is_of_newest_load(load, record, evaluation)
    )


def _is_of_newest_load(load: dg.EventLogRecord, record: Any, evaluation: dg.AssetCheckEvaluation) -> bool:
    """Whether a result is of the asset's newest materialization: one of another is "not evaluated" in the UI.

    So it is where two partitions are loaded side by side, and the one that was first is checked last.
    """
    if load.run_id == record.run_id:
        return True
    if target := evaluation.target_materialization_data:
        return target.storage_id == load.storage_id
    return bool(load.timestamp <= record.create_timestamp)
