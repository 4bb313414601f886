"""Everything that the history adds to the code location."""

import dagster as dg

from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.orchestration.checks.history_checks import history_checks
from pipefy_exports_dagster.orchestration.definition_names import HISTORY_JOB
from pipefy_exports_dagster.orchestration.history.assets import history_assets
from pipefy_exports_dagster.orchestration.history.schedule import history_schedule
from pipefy_exports_dagster.orchestration.history.sensor import history_sensor


def history_definitions(config: PipefyExportsConfig, clock: Clock) -> dg.Definitions:
    """Return the history assets with their checks, job, schedule and sensor."""
    assets = history_assets(config, clock)
    job = dg.define_asset_job(
        config.definition_name(HISTORY_JOB),
        selection=dg.AssetSelection.assets(*assets),
        description="Build months of the history of every export from the raw files.",
    )
    return dg.Definitions(
        assets=assets,
        asset_checks=history_checks(config, clock),
        jobs=[job],
        schedules=[history_schedule(assets, config)],
        sensors=[history_sensor(config, clock)],
    )
