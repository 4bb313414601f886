"""The schedules, stopped until a person or the configuration switches them on.

It is not public in which time zone Pipefy cuts a month. At 15:00 UTC on a month's first day it is that
month everywhere on earth. On its last day it is the next month already from UTC+9 eastwards (no hour
suits both days: zones span 26 hours), so an organization there skips that day.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg

from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.schedules import Schedule
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.exports import ConfiguredExport
from pipefy_exports_dagster.orchestration.definition_names import CURRENT_MONTH_SCHEDULE, LAST_MONTH_SCHEDULE
from pipefy_exports_dagster.orchestration.events import FROM_FILE, newest_materialization
from pipefy_exports_dagster.periods import Period, PeriodFilter, month_of
from pipefy_exports_dagster.pipefy.fingerprint import fingerprint_of

EVERY_DAY_AT_15_UTC = "0 15 * * *"
NOTHING_SCHEDULED = (
    "no export is in the schedules: reports that are found by themselves are where `include` names them, or with "
    "`schedule: true`"
)


def last_month_schedule(
    job_name: str, exports: Sequence[ConfiguredExport], config: PipefyExportsConfig
) -> dg.ScheduleDefinition:
    """Return the monthly schedule: evaluated daily, so that a missed or failed first day is made up for."""

    @dg.schedule(
        name=config.definition_name(LAST_MONTH_SCHEDULE),
        job_name=job_name,
        cron_schedule=config.schedules.last_month.cron or EVERY_DAY_AT_15_UTC,
        default_status=schedule_status(config.schedules.last_month),
        execution_timezone="UTC",
        description=(
            "Once a month: last month of every export. Looked at each time, and skipped when this month's "
            "export is loaded; after a change of the organization or of a report, another is asked for."
        ),
    )
    def last_month_exports(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        partition = PeriodFilter.LAST_MONTH.value
        moment = context.scheduled_execution_time
        if turning := month_is_turning(moment, config.zone):
            return turning
        this_month = month_of(moment, config.zone)
        period = Period(PeriodFilter.LAST_MONTH, this_month)
        scheduled = [export for export in exports if export.is_scheduled]
        if not scheduled:
            return dg.SkipReason(NOTHING_SCHEDULED)
        missing = [
            dg.AssetKey(export.asset_key)
            for export in scheduled
            if not is_loaded(context.instance, export, period, config)
        ]
        if not missing:
            return dg.SkipReason(f"the exports requested in {this_month:%Y-%m} are loaded already")
        return dg.RunRequest(
            run_key=f"{partition}:{moment:%Y-%m-%d}", partition_key=partition, asset_selection=missing
        )

    return last_month_exports


def is_loaded(
    instance: dg.DagsterInstance, export: ConfiguredExport, period: Period, config: PipefyExportsConfig
) -> bool:
    """Whether a partition holds what would be asked for now, or a file that a person has loaded instead.

    Where the address of Pipefy has become one that is refused, it does not: the run that is launched says so.
    """
    loaded = newest_materialization(
        instance, dg.AssetKey(export.asset_key), period.filter.value, organization_id=config.organization_id
    )
    if loaded is None or loaded.requested_month != period.requested_month:
        return False
    if loaded.fingerprint is None or loaded.dialect == FROM_FILE:
        return True
    kind = export.kind()
    try:
        request = kind.request(period)
    except ConfigurationError:
        return True  # nothing could be asked for
    return loaded.fingerprint == fingerprint_of(config.connection.base_url, kind.label, request)


def current_month_schedule(
    job_name: str, exports: Sequence[ConfiguredExport], config: PipefyExportsConfig
) -> dg.ScheduleDefinition:
    """Return the daily schedule of the month so far."""

    @dg.schedule(
        name=config.definition_name(CURRENT_MONTH_SCHEDULE),
        job_name=job_name,
        cron_schedule=config.schedules.current_month.cron or EVERY_DAY_AT_15_UTC,
        default_status=schedule_status(config.schedules.current_month),
        execution_timezone="UTC",
        description="The current month so far, of every export.",
    )
    def current_month_exports(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        partition = PeriodFilter.CURRENT_MONTH.value
        moment = context.scheduled_execution_time
        if turning := month_is_turning(moment, config.zone):
            return turning
        scheduled = [dg.AssetKey(export.asset_key) for export in exports if export.is_scheduled]
        if not scheduled:
            return dg.SkipReason(NOTHING_SCHEDULED)
        return dg.RunRequest(
            run_key=f"{partition}:{moment:%Y-%m-%d}",
            partition_key=partition,
            asset_selection=scheduled if len(scheduled) < len(exports) else None,
        )

    return current_month_exports


def schedule_status(schedule: Schedule) -> dg.DefaultScheduleStatus:
    """Return whether a schedule runs until a person says otherwise."""
    return dg.DefaultScheduleStatus.RUNNING if schedule.enabled else dg.DefaultScheduleStatus.STOPPED


def month_is_turning(moment: datetime, zone: ZoneInfo) -> dg.SkipReason | None:
    """Return why nothing should be exported now: Pipefy may be in another month than the organization."""
    here, there = month_of(moment, zone), month_of(moment, ZoneInfo("UTC"))
    if here == there:
        return None
    return dg.SkipReason(
        f"it is {here:%Y-%m} in {zone.key} and {there:%Y-%m} in UTC; tomorrow is soon enough"
    )
