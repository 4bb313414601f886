"""The job and its schedules, stopped until a person switches them on.

It is not public in which time zone Pipefy cuts a month, so schedules run at 15:00 UTC, when it is the
same month everywhere.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import dagster as dg

from pipefy_exports_dagster.config import PipefyExportsConfig
from pipefy_exports_dagster.orchestration.ledger import Ledger
from pipefy_exports_dagster.pipefy.periods import PeriodFilter, month_of

EVERY_DAY_AT_15_UTC = "0 15 * * *"


def exports_job(
    assets: Sequence[dg.AssetsDefinition], executor: dg.ExecutorDefinition
) -> dg.UnresolvedAssetJobDefinition:
    """Return the job that materializes one partition of every export asset."""
    return dg.define_asset_job(
        "pipefy_exports",
        selection=dg.AssetSelection.assets(*assets),
        description="Export one period filter from Pipefy, for all export assets side by side.",
        executor_def=executor,
    )


def last_month_schedule(
    job: dg.UnresolvedAssetJobDefinition, keys: Sequence[dg.AssetKey], config: PipefyExportsConfig
) -> dg.ScheduleDefinition:
    """Return the monthly schedule: evaluated daily, so that a missed or failed first day mends itself."""

    @dg.schedule(
        name="last_month_exports",
        job=job,
        cron_schedule=EVERY_DAY_AT_15_UTC,
        execution_timezone="UTC",
        description=(
            "Once a month: last month of every export. Looked at every day, and skipped when this month's "
            "export is loaded."
        ),
    )
    def last_month_exports(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        partition = PeriodFilter.LAST_MONTH.value
        moment = context.scheduled_execution_time or datetime.now(UTC)
        this_month = month_of(moment, config.zone)
        missing = [
            key for key in keys if Ledger(context.instance, key, partition).loaded_month() != this_month
        ]
        if not missing:
            return dg.SkipReason(f"the exports requested in {this_month:%Y-%m} are loaded already")
        return dg.RunRequest(
            run_key=f"{partition}:{moment:%Y-%m-%d}", partition_key=partition, asset_selection=missing
        )

    return last_month_exports


def current_month_schedule(job: dg.UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """Return the daily schedule of the month so far."""

    @dg.schedule(
        name="current_month_exports",
        job=job,
        cron_schedule=EVERY_DAY_AT_15_UTC,
        execution_timezone="UTC",
        description="Every day: the current month so far, of every export.",
    )
    def current_month_exports(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        partition = PeriodFilter.CURRENT_MONTH.value
        moment = context.scheduled_execution_time or datetime.now(UTC)
        return dg.RunRequest(run_key=f"{partition}:{moment:%Y-%m-%d}", partition_key=partition)

    return current_month_exports
