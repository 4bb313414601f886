"""The factory: a configuration in, Dagster definitions out. No I/O happens here."""

from collections.abc import Sequence

import dagster as dg

from pipefy_exports_dagster.clock import Clock, SystemClock
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.discovery.kept_reports import not_read, problems_of
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.exports import configured_exports
from pipefy_exports_dagster.orchestration.assets import export_asset
from pipefy_exports_dagster.orchestration.checks.due_sensor import due_sensor
from pipefy_exports_dagster.orchestration.checks.export_checks import export_checks
from pipefy_exports_dagster.orchestration.definition_names import (
    EXPORTS_JOB,
    FAILED_CHECK_SENSOR,
    FAILURE_SENSOR,
)
from pipefy_exports_dagster.orchestration.executor import side_by_side_executor
from pipefy_exports_dagster.orchestration.history.definitions import history_definitions
from pipefy_exports_dagster.orchestration.lake_maintenance import lake_maintenance
from pipefy_exports_dagster.orchestration.milestones import OnMilestone, ignore_milestone
from pipefy_exports_dagster.orchestration.notify.ended_runs import Told
from pipefy_exports_dagster.orchestration.notify.export_failure import Notify
from pipefy_exports_dagster.orchestration.notify.failed_check_sensor import pipefy_failed_check_sensor
from pipefy_exports_dagster.orchestration.notify.failure_sensor import pipefy_failure_sensor
from pipefy_exports_dagster.orchestration.notify.notify_sensor import notify_sensor
from pipefy_exports_dagster.orchestration.pending.sensor import pending_exports_sensor
from pipefy_exports_dagster.orchestration.quiet_alembic import keep_alembic_quiet
from pipefy_exports_dagster.orchestration.resources import resources_of
from pipefy_exports_dagster.orchestration.schedules import current_month_schedule, last_month_schedule


def build_pipefy_exports(
    config: PipefyExportsConfig,
    *,
    clock: Clock | None = None,
    on_milestone: OnMilestone = ignore_milestone,
    notify: Notify | None = None,
) -> dg.Definitions:
    """Return the assets, checks, jobs, schedules, sensors and resources of a configuration.

    Raises:
        ConfigurationError: Reports are to be found by themselves: that takes the component.

    Args:
        config: What to export, from where, to where.
        clock: The time, for tests that let a month pass.
        on_milestone: Called in the run's process as a materialization passes each `milestones.Milestone`.
        notify: Called for every asset that a failed run did not materialize, and every check that did not pass;
            besides the addresses of `config.notify`, which get one message for each run.
    """
    keep_alembic_quiet()
    if not_read(config):
        raise ConfigurationError(
            "`reports` or `pipe_reports` are to be found by themselves, and nobody has read the list of them: in "
            "Python, too, use the component, `PipefyExportsComponent(config)`, which keeps it"
        )
    for problem in problems_of(config):
        dg.get_dagster_logger().warning(problem)
    clock = clock or SystemClock()
    exports = configured_exports(config)
    if not exports:
        return dg.Definitions()  # reports are looked for, and none is found yet
    assets = [export_asset(export, clock, on_milestone) for export in exports]
    job_name = config.definition_name(EXPORTS_JOB)
    job = dg.define_asset_job(
        job_name,
        selection=dg.AssetSelection.assets(*assets),
        description="Export one period filter from Pipefy, for all export assets side by side.",
        executor_def=side_by_side_executor(),
    )
    definitions = dg.Definitions(
        assets=assets,
        asset_checks=export_checks(config, clock),
        jobs=[job],
        schedules=[
            last_month_schedule(job_name, exports, config),
            current_month_schedule(job_name, exports, config),
        ],
        sensors=[pending_exports_sensor(job_name, exports, config, clock)],
        resources=resources_of(config),
    )
    parts = [definitions, *([history_definitions(config, clock)] if config.history else [])]
    parts.append(lake_maintenance(config))
    if config.checks:
        parts.append(dg.Definitions(sensors=[due_sensor(config, clock)]))
    told_of = _told_of(parts)
    if config.notify:
        parts.append(dg.Definitions(sensors=[notify_sensor(config, told_of, clock)]))
    if notify:
        parts.append(dg.Definitions(sensors=notifying_sensors(config, told_of, notify)))
    return dg.Definitions.merge(*parts)


def _told_of(parts: Sequence[dg.Definitions]) -> Told:
    """Return all assets and checks: of what becomes of them, people are told."""
    assets = [
        asset for part in parts for asset in part.assets or () if isinstance(asset, dg.AssetsDefinition)
    ]
    checks = [check for part in parts for check in part.asset_checks or ()]
    return Told(
        frozenset(key for asset in assets for key in asset.keys),
        frozenset(key for definition in checks for key in definition.check_keys),
    )


def notifying_sensors(
    config: PipefyExportsConfig, told_of: Told, notify: Notify
) -> list[dg.SensorDefinition]:
    """Return the sensors that tell a person's own notifier of failed runs, and of checks that did not pass."""
    keys = sorted(told_of.checks)
    names = sorted(key.to_user_string() for key in told_of.assets)
    sensors = [pipefy_failure_sensor(notify, assets=names, name=config.definition_name(FAILURE_SENSOR))]
    if keys:
        sensors.append(
            pipefy_failed_check_sensor(notify, keys, name=config.definition_name(FAILED_CHECK_SENSOR))
        )
    return sensors
