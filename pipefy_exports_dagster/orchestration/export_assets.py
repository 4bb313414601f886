"""The export assets: one table each, partitioned by period filter."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Optional

import dagster as dg
from pydantic import Field, ValidationError

from pipefy_exports_dagster.asset_names import schema_and_table
from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.config import AutomationJobs, PipefyExportsConfig, Report
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.orchestration.failures import retry_policy
from pipefy_exports_dagster.orchestration.materializing import Materializer
from pipefy_exports_dagster.orchestration.partitions import PERIODS
from pipefy_exports_dagster.orchestration.pending.exports import ExportSource
from pipefy_exports_dagster.orchestration.resources import ResourceKeys
from pipefy_exports_dagster.pipefy.automation_jobs import AutomationJobsExport
from pipefy_exports_dagster.pipefy.export import ExportKind
from pipefy_exports_dagster.pipefy.organization_report import OrganizationReportExport
from pipefy_exports_dagster.stages import OnStage

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


class ReportRunConfig(ExportRunConfig):
    """The report's arguments for one run; what is left out stays as configured."""

    # `Optional[...]`: Dagster's config does not read `X | None`.
    organization_report_id: Optional[int] = Field(default=None, description="Saved report to export")  # noqa: UP045
    pipe_ids: Optional[list[int]] = Field(default=None, description="Pipes to include")  # noqa: UP045
    columns: Optional[list[str]] = Field(default=None, description="Field names to export")  # noqa: UP045
    filter: Optional[dict[str, Any]] = Field(  # noqa: UP045
        default=None, description="A ReportCardsFilter, ANDed with the period"
    )
    sort_by: Optional[dict[str, str]] = Field(  # noqa: UP045
        default=None, description="{field, direction: asc or desc}"
    )

    def applied_to(self, report: Report) -> Report:
        """Return the configured report with this run's arguments in place of its own."""
        return replace(report, **self.overrides())


@dataclass(frozen=True, slots=True)
class ExportAssets:
    """Builds the export assets of a configuration."""

    config: PipefyExportsConfig
    clock: Clock
    on_stage: OnStage

    def build(self) -> list[dg.AssetsDefinition]:
        """Return an asset for each export that is configured."""
        jobs = self.config.automation_jobs
        assets = [self._automation_jobs(jobs)] if jobs else []
        return assets + [self._report(report) for report in self.config.reports]

    def sources(self) -> list[ExportSource]:
        """Return what each of the assets asks Pipefy for, without its run."""
        jobs = self.config.automation_jobs
        sources = [ExportSource(self.config.asset(jobs.name), self._jobs_kind)] if jobs else []
        return sources + [
            ExportSource(self.config.asset(report.name), partial(self._report_kind, report))
            for report in self.config.reports
        ]

    def _jobs_kind(self, overrides: Mapping[str, Any]) -> ExportKind:  # noqa: ARG002 - it has no arguments
        window = (
            self.config.automation_jobs.last_3_months_window if self.config.automation_jobs else "unknown"
        )
        return AutomationJobsExport(self.config.organization_id, window)

    def _report_kind(self, report: Report, overrides: Mapping[str, Any]) -> ExportKind:
        try:
            arguments = ReportRunConfig(**overrides)
        except ValidationError:
            raise ConfigurationError(
                f"{report.name} was exported with arguments that do not fit: {sorted(overrides)}"
            ) from None
        return OrganizationReportExport(self.config.organization_id, arguments.applied_to(report))

    def _automation_jobs(self, jobs: AutomationJobs) -> dg.AssetsDefinition:
        def automation_jobs(
            context: dg.AssetExecutionContext, config: ExportRunConfig
        ) -> Iterator[dg.MaterializeResult]:
            kind = AutomationJobsExport(self.config.organization_id, jobs.last_3_months_window)
            yield from self._materialized(context, config, jobs, kind)

        rows = "Runs of the organization's automations: one row per automation job."
        return self._asset(jobs.name, automation_jobs, rows)

    def _report(self, report: Report) -> dg.AssetsDefinition:
        def organization_report(
            context: dg.AssetExecutionContext, config: ReportRunConfig
        ) -> Iterator[dg.MaterializeResult]:
            kind = OrganizationReportExport(self.config.organization_id, config.applied_to(report))
            yield from self._materialized(context, config, report, kind)

        rows = "Cards of an organization report: one row per card, the columns that the report has when exported."
        return self._asset(report.name, organization_report, rows)

    def _materialized(
        self,
        context: dg.AssetExecutionContext,
        config: ExportRunConfig,
        export: AutomationJobs | Report,
        kind: ExportKind,
    ) -> Iterator[dg.MaterializeResult]:
        asset = self.config.asset(export.name)
        materializer = Materializer(
            self.config, asset, kind, export.reading, export.time_column, self.clock, self.on_stage
        )
        keys = ResourceKeys.of(self.config)
        result = materializer.run(
            context,
            keys.pipefy_of(context.resources),
            keys.database_of(context.resources),
            fresh=config.fresh,
            overrides=config.overrides(),
        )
        if result:
            yield result

    def _asset(self, name: str, materialize: Callable[..., Any], rows: str) -> dg.AssetsDefinition:
        schema, table = schema_and_table(self.config.asset(name))
        return dg.asset(
            name=name,
            key_prefix=self.config.prefix or None,
            description=f"{rows} {SLICES}",
            partitions_def=PERIODS,
            group_name=self.config.group_name,
            kinds={"pipefy", "duckdb"},
            owners=list(self.config.owners) or None,
            metadata={"dagster/table_name": f"{self.config.database_path.stem}.{schema}.{table}"},
            # By name and not as arguments: the names of several configurations in one project differ.
            required_resource_keys=ResourceKeys.of(self.config).all,
            retry_policy=retry_policy(self.config),
            # A run that leaves the waiting to the sensor materializes nothing, and is a success.
            output_required=False,
        )(materialize)
