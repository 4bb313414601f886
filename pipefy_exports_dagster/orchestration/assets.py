"""The export assets: one table each, partitioned by period filter."""

from collections.abc import Iterator, Mapping
from typing import Any, Optional

import dagster as dg
from pydantic import Field

from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.config.exports import AutomationJobs, PipeReport, Report
from pipefy_exports_dagster.exports import ConfiguredExport
from pipefy_exports_dagster.orchestration.failures import retry_policy
from pipefy_exports_dagster.orchestration.materializing import Materializer
from pipefy_exports_dagster.orchestration.milestones import OnMilestone
from pipefy_exports_dagster.orchestration.partitions import PERIODS
from pipefy_exports_dagster.orchestration.pipefy_tables import table_metadata
from pipefy_exports_dagster.orchestration.resources import ResourceKeys
from pipefy_exports_dagster.tables.relations import PERIOD_COLUMN

SLICES = (
    "Each partition is one slice of the table, and a materialization replaces that slice only. The slices "
    "overlap: filter on `_period_filter`."
)


class ExportRunConfig(dg.Config):
    """What a run may ask for in the Launchpad."""

    fresh: bool = Field(default=False, description="Ask Pipefy for a new export even if one is pending")

    def overrides(self) -> dict[str, Any]:
        """Return the arguments of the request that this run changes, JSON-able."""
        return self.model_dump(mode="json", exclude_none=True, exclude={"fresh"})


class CardsRunConfig(ExportRunConfig):
    """A report's arguments for one run; what is left out stays as configured."""

    # `Optional[...]`: Dagster's config does not read `X | None`.
    columns: Optional[list[str]] = Field(default=None, description="Field names to export")  # noqa: UP045
    filter: Optional[dict[str, Any]] = Field(  # noqa: UP045
        default=None, description="A ReportCardsFilter, ANDed with the period"
    )
    sort_by: Optional[dict[str, str]] = Field(  # noqa: UP045
        default=None, description="{field, direction: asc or desc}"
    )


class ReportRunConfig(CardsRunConfig):
    """An organization report's."""

    organization_report_id: Optional[int] = Field(default=None, description="Saved report to export")  # noqa: UP045
    pipe_ids: Optional[list[int]] = Field(default=None, description="Pipes to include")  # noqa: UP045


class PipeReportRunConfig(CardsRunConfig):
    """A pipe report's."""

    pipe_id: Optional[int] = Field(default=None, description="Pipe of the report")  # noqa: UP045
    pipe_report_id: Optional[int] = Field(default=None, description="Saved report of the pipe")  # noqa: UP045


RUN_CONFIGS: Mapping[type, type[ExportRunConfig]] = {
    AutomationJobs: ExportRunConfig,
    Report: ReportRunConfig,
    PipeReport: PipeReportRunConfig,
}
"""What a run may ask for, by the class of the export's settings."""


def export_asset(export: ConfiguredExport, clock: Clock, on_milestone: OnMilestone) -> dg.AssetsDefinition:
    """Return the asset of an export."""
    run_config = RUN_CONFIGS[type(export.settings)]
    resources = ResourceKeys.of(export.config)

    def materialize(
        context: dg.AssetExecutionContext,
        config: run_config,  # type: ignore[valid-type]  # Dagster reads it at run time
    ) -> Iterator[dg.MaterializeResult]:
        result = Materializer(export, clock, on_milestone).run(
            context,
            resources.pipefy_of(context.resources),
            resources.database_of(context.resources),
            fresh=config.fresh,  # type: ignore[attr-defined]
            overrides=config.overrides(),  # type: ignore[attr-defined]
        )
        if result:
            yield result

    return dg.asset(
        key=export.asset_key,
        description=f"{export.description} {SLICES}",
        partitions_def=PERIODS,
        group_name=export.config.group_name,
        kinds={"pipefy", "duckdb"},
        owners=list(export.config.owners) or None,
        metadata=table_metadata(export, export.table, PERIOD_COLUMN),
        # By name and not as arguments: the names of several configurations in one project differ.
        required_resource_keys=resources.all,
        retry_policy=retry_policy(export.config),
        # A run that leaves the waiting to the sensor materializes nothing, and is a success.
        output_required=False,
    )(materialize)
