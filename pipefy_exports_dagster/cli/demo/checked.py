"""What the checks found, as the Dagster instance tells it."""

import math
from collections.abc import Sequence

import dagster as dg

from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.exports import configured_exports
from pipefy_exports_dagster.orchestration.checks.due_sensor import due_news
from pipefy_exports_dagster.orchestration.checks.export_checks import export_checks
from pipefy_exports_dagster.orchestration.checks.history_checks import history_checks

RECORDS = 25
"""How many of a check's newest results are read: more than its partitions have from one demo."""


def evaluate_due_checks(instance: dg.DagsterInstance, config: PipefyExportsConfig, clock: Clock) -> None:
    """Log what should be there by now, as `pipefy_due_sensor` does each day: a demo has no daemon."""
    for evaluation in due_news(
        instance, configured_exports(config), config, clock, judged={}, budget_s=math.inf
    ):
        instance.report_runless_asset_event(evaluation)


def newest_results(
    instance: dg.DagsterInstance, config: PipefyExportsConfig, clock: Clock
) -> Sequence[dg.AssetCheckEvaluation]:
    """Return the newest result of each check, and of each partition where it has some."""
    newest: dict[tuple[dg.AssetCheckKey, str | None], dg.AssetCheckEvaluation] = {}
    for definition in [*export_checks(config, clock), *history_checks(config, clock)]:
        for key in definition.check_keys:
            for record in instance.event_log_storage.get_asset_check_execution_history(key, limit=RECORDS):
                if isinstance(record.evaluation, dg.AssetCheckEvaluation):
                    newest.setdefault((key, record.evaluation.partition), record.evaluation)
    return list(newest.values())
