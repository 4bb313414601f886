"""The job that maintains a lake, and its schedule, which is stopped until a person switches it on."""

import dagster as dg

from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.orchestration.definition_names import MAINTENANCE_JOB, MAINTENANCE_SCHEDULE
from pipefy_exports_dagster.orchestration.failures import failures_for_dagster
from pipefy_exports_dagster.tables.stores import table_store

EVERY_SUNDAY_AT_6_UTC = "0 6 * * 0"
DAYS = 7
DESCRIPTION = (
    f"Maintain the lake: forget snapshots of more than {DAYS} days, merge small files, and delete files that nothing "
    "names any more."
)


def lake_maintenance(config: PipefyExportsConfig) -> dg.Definitions:
    """Return the job and its schedule; nothing where the tables need no maintenance."""
    store = table_store(config)
    if not store.needs_maintenance:
        return dg.Definitions()
    name = config.definition_name(MAINTENANCE_JOB)

    @dg.op(name=f"{name}_step", description=DESCRIPTION)
    def maintain(context: dg.OpExecutionContext) -> None:
        with failures_for_dagster():
            for done in store.maintain(days=DAYS, lock_timeout_s=config.database_lock_timeout_s):
                context.log.info(f"{done.what}: {done.count} ({done.where})")

    @dg.job(name=name, description=DESCRIPTION, executor_def=dg.in_process_executor)
    def maintenance() -> None:
        maintain()

    schedule = dg.ScheduleDefinition(
        name=config.definition_name(MAINTENANCE_SCHEDULE),
        job=maintenance,
        cron_schedule=EVERY_SUNDAY_AT_6_UTC,
        execution_timezone="UTC",
        description=DESCRIPTION,
    )
    return dg.Definitions(jobs=[maintenance], schedules=[schedule])
