"""The factory: a configuration in, Dagster definitions out. No I/O happens here."""

import dagster as dg

from pipefy_exports_dagster.clock import Clock, SystemClock
from pipefy_exports_dagster.config import PipefyExportsConfig
from pipefy_exports_dagster.orchestration.export_assets import ExportAssets
from pipefy_exports_dagster.orchestration.history_definitions import history_definitions
from pipefy_exports_dagster.orchestration.pending_sensor import pending_exports_sensor
from pipefy_exports_dagster.orchestration.resources import resources_of
from pipefy_exports_dagster.orchestration.schedules import (
    current_month_schedule,
    last_month_schedule,
)
from pipefy_exports_dagster.stages import OnStage, ignore_stage

JOB_NAME = "pipefy_exports"
SIDE_BY_SIDE = 16
"""Exports of one run wait for Pipefy at the same time; the default, the number of cores, would queue them."""


def side_by_side_executor() -> dg.ExecutorDefinition:
    """Return the executor of our jobs; a code location of its own uses it for every run."""
    return dg.multiprocess_executor.configured({"max_concurrent": SIDE_BY_SIDE})


def build_pipefy_exports(
    config: PipefyExportsConfig, *, clock: Clock | None = None, on_stage: OnStage = ignore_stage
) -> dg.Definitions:
    """Return the assets, job, schedules, sensor and resources of a configuration.

    Args:
        config: What to export, from where, to where.
        clock: The time, for tests that let a month pass.
        on_stage: Called in the run's process as a materialization passes each `stages.Stage`.
    """
    clock = clock or SystemClock()
    exports = ExportAssets(config, clock, on_stage)
    assets = exports.build()
    job_name = config.named(JOB_NAME)
    job = dg.define_asset_job(
        job_name,
        selection=dg.AssetSelection.assets(*assets),
        description="Export one period filter from Pipefy, for all export assets side by side.",
        executor_def=side_by_side_executor(),
    )
    definitions = dg.Definitions(
        assets=assets,
        jobs=[job],
        schedules=[
            last_month_schedule(job_name, [asset.key for asset in assets], config),
            current_month_schedule(job_name, config),
        ],
        sensors=[pending_exports_sensor(job_name, exports.sources(), config, clock)],
        resources=resources_of(config),
    )
    return dg.Definitions.merge(definitions, history_definitions(config)) if config.history else definitions
