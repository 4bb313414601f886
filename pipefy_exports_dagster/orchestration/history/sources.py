"""The exports that have a history, from the configuration."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

from pipefy_exports_dagster.asset_names import history_name
from pipefy_exports_dagster.config import AutomationJobs, PipefyExportsConfig, ReadOptions, Report
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.history import HistoryPlan
from pipefy_exports_dagster.orchestration.ledger import fingerprint_of
from pipefy_exports_dagster.pipefy.automation_jobs import AutomationJobsExport
from pipefy_exports_dagster.pipefy.export import ExportKind
from pipefy_exports_dagster.pipefy.organization_report import OrganizationReportExport
from pipefy_exports_dagster.pipefy.periods import Period

KindOf = Callable[[str], ExportKind]
"""Makes an export's kind for an organization."""


@dataclass(frozen=True, slots=True)
class HistorySource:
    """An export asset, and how its months are told apart. The history is named after it.

    `row_key` names the columns that no two rows share, `period_field` the field that a report's period is about.
    """

    config: PipefyExportsConfig
    export: str
    kind_of: KindOf
    reading: ReadOptions
    rows: str
    time_column: str | None = None
    row_key: tuple[str, ...] = ()
    period_field: str | None = None

    @property
    def name(self) -> str:
        """The history's asset: `automation_jobs_history` of `automation_jobs_export`, with the same prefix."""
        return history_name(self.export)

    @property
    def export_key(self) -> dg.AssetKey:
        """The key of the export's asset."""
        return dg.AssetKey.from_user_string(self.export)

    @property
    def key(self) -> dg.AssetKey:
        """The key of the history's asset."""
        return dg.AssetKey.from_user_string(self.name)

    def plan(self, organization_id: str) -> HistoryPlan:
        """Return what the history of one organization is made from."""
        kind = self.kind_of(organization_id)

        def request(period: Period) -> Mapping[str, Any] | None:
            try:
                return kind.request(period)
            except ConfigurationError:
                return None  # nothing to compare with: rebuilding needs no report to be configured

        return HistoryPlan(
            organization_id=organization_id,
            export=self.export,
            asset=self.name,
            data_dir=self.config.data_dir,
            database=self.config.database_path,
            zone=self.config.zone,
            reading=self.reading,
            window=kind.window,
            request=request,
            fingerprint=lambda made: fingerprint_of(self.config.connection.base_url, kind.label, made),
            time_column=self.time_column,
            lock_timeout_s=self.config.database_lock_timeout_s,
        )


def history_sources(config: PipefyExportsConfig) -> list[HistorySource]:
    """Return every configured export with its history, whether the configuration has histories or leaves them out."""
    jobs = [_of_jobs(config, config.automation_jobs)] if config.automation_jobs else []
    return jobs + [_of_report(config, report) for report in config.reports]


def _of_jobs(config: PipefyExportsConfig, jobs: AutomationJobs) -> HistorySource:
    return HistorySource(
        config,
        config.asset(jobs.name),
        lambda organization_id: AutomationJobsExport(organization_id, jobs.last_3_months_window),
        jobs.reading,
        "one row per automation job",
        time_column=jobs.time_column,
        row_key=tuple(jobs.key),
    )


def _of_report(config: PipefyExportsConfig, report: Report) -> HistorySource:
    return HistorySource(
        config,
        config.asset(report.name),
        lambda organization_id: OrganizationReportExport(organization_id, report),
        report.reading,
        "one row per card, as the newest export of its month has it",
        time_column=report.time_column,
        row_key=tuple(report.key),
        period_field=report.period_field,
    )
