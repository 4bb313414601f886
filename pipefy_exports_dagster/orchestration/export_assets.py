"""The export assets: one table each, partitioned by period filter."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Optional

import dagster as dg
from pydantic import Field

from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.config import PipefyExportsConfig, Report
from pipefy_exports_dagster.errors import SupersededExportError, UnreadableFileError
from pipefy_exports_dagster.loading import Slice
from pipefy_exports_dagster.orchestration.exporting import ExportedFile, Exporter
from pipefy_exports_dagster.orchestration.failures import failures_for_dagster, retry_policy
from pipefy_exports_dagster.orchestration.ledger import Ledger
from pipefy_exports_dagster.orchestration.metadata import materialization_metadata
from pipefy_exports_dagster.orchestration.partition_lock import partition_lock
from pipefy_exports_dagster.orchestration.partitions import PERIODS
from pipefy_exports_dagster.orchestration.resources import ExportDatabaseResource, PipefyResource
from pipefy_exports_dagster.pipefy.automation_jobs import AutomationJobsExport
from pipefy_exports_dagster.pipefy.export import ExportKind
from pipefy_exports_dagster.pipefy.organization import require_organization_id
from pipefy_exports_dagster.pipefy.organization_report import OrganizationReportExport
from pipefy_exports_dagster.pipefy.periods import Period, PeriodFilter
from pipefy_exports_dagster.stages import OnStage

SLICES = (
    "Each partition is one slice of the table, and a materialization replaces that slice only. The slices "
    "overlap: filter on `_period_filter`."
)


class ExportRunConfig(dg.Config):
    """What a run may ask for in the Launchpad."""

    fresh: bool = Field(default=False, description="Ask Pipefy for a new export even if one is pending")


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
        return Report(
            name=report.name,
            organization_report_id=_chosen(self.organization_report_id, report.organization_report_id),
            pipe_ids=tuple(_chosen(self.pipe_ids, report.pipe_ids)),
            columns=tuple(_chosen(self.columns, report.columns)),
            filter=_chosen(self.filter, report.filter),
            sort_by=_chosen(self.sort_by, report.sort_by),
            period_field=report.period_field,
        )


@dataclass(frozen=True, slots=True)
class ExportAssets:
    """Builds the export assets of a configuration."""

    config: PipefyExportsConfig
    clock: Clock
    on_stage: OnStage

    def build(self) -> list[dg.AssetsDefinition]:
        """Return an asset for each export that is configured."""
        jobs = self.config.automation_jobs
        assets = [self._automation_jobs(jobs.name)] if jobs else []
        return assets + [self._report(report) for report in self.config.reports]

    def _automation_jobs(self, name: str) -> dg.AssetsDefinition:
        def automation_jobs(
            context: dg.AssetExecutionContext,
            config: ExportRunConfig,
            pipefy: PipefyResource,
            export_database: ExportDatabaseResource,
        ) -> dg.MaterializeResult:
            kind = AutomationJobsExport(self.config.organization_id)
            return self._materialize(context, name, kind, pipefy, export_database, fresh=config.fresh)

        rows = "Runs of the organization's automations: one row per automation job."
        return self._asset(name, automation_jobs, rows)

    def _report(self, report: Report) -> dg.AssetsDefinition:
        def organization_report(
            context: dg.AssetExecutionContext,
            config: ReportRunConfig,
            pipefy: PipefyResource,
            export_database: ExportDatabaseResource,
        ) -> dg.MaterializeResult:
            kind = OrganizationReportExport(self.config.organization_id, config.applied_to(report))
            return self._materialize(context, report.name, kind, pipefy, export_database, fresh=config.fresh)

        rows = "Cards of an organization report: one row per card, the columns that the report has when exported."
        return self._asset(report.name, organization_report, rows)

    def _asset(self, name: str, materialize: Callable[..., Any], rows: str) -> dg.AssetsDefinition:
        return dg.asset(
            name=name,
            description=f"{rows} {SLICES}",
            partitions_def=PERIODS,
            group_name=self.config.group_name,
            kinds={"pipefy", "duckdb"},
            owners=list(self.config.owners) or None,
            retry_policy=retry_policy(self.config),
        )(materialize)

    def _materialize(
        self,
        context: dg.AssetExecutionContext,
        asset: str,
        kind: ExportKind,
        pipefy: PipefyResource,
        database: ExportDatabaseResource,
        *,
        fresh: bool,
    ) -> dg.MaterializeResult:
        with failures_for_dagster():
            organization_id = require_organization_id(self.config.organization_id)
            with (
                pipefy.client() as client,
                partition_lock(
                    self.config.data_dir,
                    organization_id,
                    asset,
                    context.partition_key,
                    timeout_s=self.config.partition_lock_timeout_s,
                    on_wait=lambda: context.log.info("another run works on this partition; waiting for it"),
                ) as waited,
            ):
                ledger = Ledger(context.instance, context.asset_key, context.partition_key)
                exporter = Exporter(
                    context=context,
                    config=self.config,
                    asset=asset,
                    organization_id=organization_id,
                    kind=kind,
                    period_filter=PeriodFilter(context.partition_key),
                    client=client,
                    clock=self.clock,
                    ledger=ledger,
                    on_stage=self.on_stage,
                )
                exported = exporter.export(fresh=fresh, asked_at=_asked_at(context) if waited else None)
                return self._load(context, kind, exported, ledger, database)

    def _load(
        self,
        context: dg.AssetExecutionContext,
        kind: ExportKind,
        exported: ExportedFile,
        ledger: Ledger,
        database: ExportDatabaseResource,
    ) -> dg.MaterializeResult:
        sidecar = exported.raw.sidecar
        started = time.monotonic()
        try:
            loaded = database.load(
                exported.raw.path,
                table=sidecar.asset,
                slice_=Slice(
                    organization_id=sidecar.organization_id,
                    period_filter=sidecar.period_filter,
                    requested_month=sidecar.requested_month,
                    export_id=sidecar.export_id,
                    exported_at=sidecar.exported_at,
                ),
                on_stage=self.on_stage,
            )
        except (UnreadableFileError, SupersededExportError) as error:
            context.log_event(ledger.abandoned(sidecar.export_id, str(error)))
            raise
        loading_s = time.monotonic() - started
        context.log.info(
            f"loaded {loaded.rows:,} rows in {loading_s:.1f} s; the database was locked for "
            f"{loaded.seconds_writing:.1f} s"
        )
        for change in loaded.changes:
            context.log.info(f"table {sidecar.asset}: {change}")
        period = Period(PeriodFilter(sidecar.period_filter), sidecar.requested_month)
        return dg.MaterializeResult(
            metadata=materialization_metadata(
                exported,
                loaded,
                database=database.name,
                window=kind.window(period),
                exports_created=ledger.requests_since_materialization(),
                loading_s=loading_s,
            )
        )


def _asked_at(context: dg.AssetExecutionContext) -> datetime | None:
    """Return when the run was asked for, which is before its process and its step were started."""
    record = context.instance.get_run_record_by_id(context.run.run_id)
    return record.create_timestamp if record else None


def _chosen(override: Any, configured: Any) -> Any:
    return configured if override is None else override
