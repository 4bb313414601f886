"""The sensor that evaluates each day what should be loaded by now: what is missing starts no run.

It logs results of the checks `last_month_is_here` and `months_complete`, without a run, without Pipefy, and without the
database: the event log says what was loaded.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.exports import ConfiguredExport, configured_exports
from pipefy_exports_dagster.orchestration.checks.due import CHECKED_ON, Today, last_month_is_here
from pipefy_exports_dagster.orchestration.checks.finding import Check, Finding
from pipefy_exports_dagster.orchestration.checks.history_checks import months_finding
from pipefy_exports_dagster.orchestration.definition_names import DUE_SENSOR
from pipefy_exports_dagster.orchestration.events import was_materialized
from pipefy_exports_dagster.orchestration.ledger import Ledger
from pipefy_exports_dagster.periods import PeriodFilter

INTERVAL_S = 600


def due_sensor(config: PipefyExportsConfig, clock: Clock) -> dg.SensorDefinition:
    """Return the sensor, running: it starts nothing, and says nothing of an asset that was never materialized."""
    exports = configured_exports(config)

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
        events = list(due_news(context.instance, exports, config, clock))
        if not events:
            return dg.SkipReason("every result is of today, and nothing has changed")
        return dg.SensorResult(asset_events=events)

    return due


def due_news(
    instance: dg.DagsterInstance,
    exports: Sequence[ConfiguredExport],
    config: PipefyExportsConfig,
    clock: Clock,
) -> Iterator[dg.AssetCheckEvaluation]:
    """Yield the results that should be logged now: those of another day, and those that say something else."""
    for export in exports:
        key, history = dg.AssetKey(export.asset_key), dg.AssetKey(export.history_key)
        is_due = config.last_month_due_day is not None and export.is_scheduled
        if is_due and was_materialized(instance, key):
            ledger = Ledger(instance, key, PeriodFilter.LAST_MONTH.value)
            today = Today.of(clock.now(), config, config.last_month_due_day or 1)
            finding = last_month_is_here(ledger, export.asset, today)
            if _is_news(instance, dg.AssetCheckKey(key, Check.LAST_MONTH_IS_HERE.value), finding):
                yield finding.evaluation(key, Check.LAST_MONTH_IS_HERE)
        if config.history and was_materialized(instance, history):
            finding = months_finding(instance, export, clock)
            if _is_news(instance, dg.AssetCheckKey(history, Check.MONTHS_COMPLETE.value), finding):
                yield finding.evaluation(history, Check.MONTHS_COMPLETE)


def _is_news(instance: dg.DagsterInstance, key: dg.AssetCheckKey, finding: Finding) -> bool:
    """Whether the newest result is of another day or load, says something else, or was planned and never came."""
    record = instance.get_latest_asset_check_evaluation_record(key)
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
        or not _is_of_newest_load(instance, record, evaluation)
    )


def _is_of_newest_load(
    instance: dg.DagsterInstance, record: Any, evaluation: dg.AssetCheckEvaluation
) -> bool:
    """Whether a result is of the asset's newest materialization: one of another is "not evaluated" in the UI.

    So it is where two partitions are loaded side by side, and the one that was first is checked last.
    """
    loads = instance.fetch_materializations(evaluation.asset_key, limit=1).records
    if not loads or loads[0].run_id == record.run_id:
        return True
    if target := evaluation.target_materialization_data:
        return target.storage_id == loads[0].storage_id
    return bool(loads[0].timestamp <= record.create_timestamp)
