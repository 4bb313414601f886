"""The monthly schedule of the history: the month that ended, after its export."""

import warnings
from collections.abc import Sequence
from typing import Any

import dagster as dg

from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.exports import configured_exports
from pipefy_exports_dagster.orchestration.definition_names import HISTORY_JOB, MONTH_END_HISTORY_SCHEDULE
from pipefy_exports_dagster.orchestration.history.assets import history_partitions
from pipefy_exports_dagster.orchestration.schedules import NOTHING_SCHEDULED, schedule_status

DAY, HOUR = 2, 8
"""In the organization's time zone. Wherever that is, it is later than 15:00 UTC on the first day, when the export
is asked for, by three hours or more."""


def history_schedule(
    assets: Sequence[dg.AssetsDefinition], config: PipefyExportsConfig
) -> dg.ScheduleDefinition:
    """Return the schedule, stopped until a person or the configuration switches it on.

    Dagster's partitioned schedule asks for the newest partition. The assets' newest is the current month, so the
    schedule is built over the months that have ended, and asks the assets' own job for its answer's month.
    """
    job_name = config.definition_name(HISTORY_JOB)
    exports = configured_exports(config)
    scheduled = [dg.AssetKey(export.history_key) for export in exports if export.is_scheduled]
    with warnings.catch_warnings():
        # Setting it is called redundant, because it is the assets' own everywhere else.
        warnings.filterwarnings("ignore", message=".*partitions_def.*define_asset_job")
        months_that_ended = dg.define_asset_job(
            job_name,
            selection=dg.AssetSelection.assets(*assets),
            partitions_def=history_partitions(config, ended_only=True),
        )
    of_ended_months = dg.build_schedule_from_partitioned_job(
        months_that_ended, day_of_month=DAY, hour_of_day=HOUR
    )
    assert isinstance(of_ended_months, dg.ScheduleDefinition)  # noqa: S101 - its job's partitions are given

    @dg.schedule(
        name=config.definition_name(MONTH_END_HISTORY_SCHEDULE),
        job_name=job_name,
        cron_schedule=config.schedules.month_end_history.cron or of_ended_months.cron_schedule,
        default_status=schedule_status(config.schedules.month_end_history),
        execution_timezone=config.timezone,
        description="The month that ended, into the history of every export.",
    )
    def month_end_history(context: dg.ScheduleEvaluationContext) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of Dagster's own code
            evaluated: Any = of_ended_months(context)
        if len(scheduled) == len(exports):
            return evaluated
        if not scheduled:
            return dg.SkipReason(NOTHING_SCHEDULED)
        found = evaluated if isinstance(evaluated, list) else [evaluated]
        return [
            each.with_replaced_attrs(asset_selection=scheduled) if isinstance(each, dg.RunRequest) else each
            for each in found
        ]

    return month_end_history
