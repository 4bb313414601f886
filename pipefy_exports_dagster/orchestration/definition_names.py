"""The names of the package's jobs, schedules, sensors and resources: `pipefy_`, what it is about, what it is.

A project shows them beside its own. With a key prefix they carry it: `acme__pipefy_history_sensor`
(`PipefyExportsConfig.definition_name`).
"""

from collections.abc import Mapping

EXPORTS_JOB = "pipefy_exports"
HISTORY_JOB = "pipefy_history"
MAINTENANCE_JOB = "pipefy_lake_maintenance"

LAST_MONTH_SCHEDULE = "pipefy_last_month_schedule"
CURRENT_MONTH_SCHEDULE = "pipefy_current_month_schedule"
MONTH_END_HISTORY_SCHEDULE = "pipefy_month_end_history_schedule"
MAINTENANCE_SCHEDULE = "pipefy_lake_maintenance_schedule"

HISTORY_SENSOR = "pipefy_history_sensor"
PENDING_EXPORTS_SENSOR = "pipefy_pending_exports_sensor"
DUE_SENSOR = "pipefy_due_sensor"
FAILURE_SENSOR = "pipefy_failure_sensor"
NOTIFY_SENSOR = "pipefy_notify_sensor"
FAILED_CHECK_SENSOR = "pipefy_failed_check_sensor"

PIPEFY_RESOURCE = "pipefy"
DATABASE_RESOURCE = "pipefy_export_database"
TABLES_RESOURCE = "pipefy_tables"

FORMER_NAMES: Mapping[str, str] = {
    LAST_MONTH_SCHEDULE: "last_month_exports",
    CURRENT_MONTH_SCHEDULE: "current_month_exports",
    MONTH_END_HISTORY_SCHEDULE: "month_end_history",
    HISTORY_SENSOR: "history_sensor",
    PENDING_EXPORTS_SENSOR: "pending_exports_sensor",
}
"""What schedules and sensors were called before. Dagster keeps their state, switched on or off, under that name."""
