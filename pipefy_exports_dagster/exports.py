"""The configured exports: everything that there is to know of each, in one object.

Asset keys are tuples of text here, as Dagster takes them: what is below `orchestration` does not know Dagster.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pipefy_exports_dagster.config.discovery import FoundReport
from pipefy_exports_dagster.config.exports import (
    AutomationJobs,
    ExportSettings,
    PipeReport,
    Report,
    ReportSettings,
)
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.naming import history_name, schema_and_table
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.periods import Period, Window
from pipefy_exports_dagster.pipefy.automation_jobs import AutomationJobsExport
from pipefy_exports_dagster.pipefy.export import ExportKind
from pipefy_exports_dagster.pipefy.fingerprint import fingerprint_of
from pipefy_exports_dagster.pipefy.organization_report import OrganizationReportExport
from pipefy_exports_dagster.pipefy.pipe_report import PipeReportExport
from pipefy_exports_dagster.text.quoting import markdown_code


@dataclass(frozen=True, slots=True)
class DailyLimit:
    """How many exports Pipefy takes in 24 hours.

    Args:
        exports: How many.
        of: What they are counted of, such as `pipe`.
        request_key: The key of a request that holds its id.
    """

    exports: int
    of: str
    request_key: str


@dataclass(frozen=True, slots=True)
class ExportType:
    """What the exports of one class of settings have in common.

    Args:
        kind: Makes the export's kind of an organization's id and the settings.
        rows: What one row of the export's table is.
        history_rows: What one row of the history's table is.
        run_arguments: Fields of the settings that a run may replace by arguments of its own.
        daily_limit: How many Pipefy takes in a day, where it publishes that.
    """

    kind: Callable[[str | None, Any], ExportKind]
    rows: str
    history_rows: str
    run_arguments: tuple[str, ...] = ()
    daily_limit: DailyLimit | None = None


EXPORT_TYPES: Mapping[type, ExportType] = {
    AutomationJobs: ExportType(
        lambda organization_id, jobs: AutomationJobsExport(organization_id, jobs.last_3_months_window),
        rows="Runs of the organization's automations: one row per automation job.",
        history_rows="one row per automation job",
    ),
    Report: ExportType(
        OrganizationReportExport,
        rows="Cards of an organization report: one row per card, the columns that the report has when exported.",
        history_rows="one row per card, as the newest export of its month has it",
        run_arguments=("organization_report_id", "pipe_ids", "columns", "filter", "sort_by"),
    ),
    PipeReport: ExportType(
        PipeReportExport,
        rows="Cards of a pipe's report: one row per card, the columns that the report has when exported.",
        history_rows="one row per card, as the newest export of its month has it",
        run_arguments=("pipe_id", "pipe_report_id", "columns", "filter", "sort_by"),
        # Of the vendor's guide; another of its pages says 50.
        daily_limit=DailyLimit(25, of="pipe", request_key="pipeId"),
    ),
}
"""A new export of Pipefy's is one line here, by the class of its settings."""


@dataclass(frozen=True, slots=True)
class ConfiguredExport:
    """An export of a configuration: its asset, its table, its history, what is asked for, and how files are read.

    Args:
        config: The configuration that it belongs to.
        settings: Its own part of it.
    """

    config: PipefyExportsConfig = field(repr=False)
    settings: ExportSettings

    @property
    def type(self) -> ExportType:
        """What it has in common with others of its class of settings."""
        return EXPORT_TYPES[type(self.settings)]

    @property
    def asset(self) -> str:
        """The asset with its prefix: `acme/automation_jobs_export`."""
        return self.config.asset(self.settings.name)

    @property
    def asset_key(self) -> tuple[str, ...]:
        """The asset's key."""
        return (*self.config.prefix, self.settings.name)

    @property
    def schema(self) -> str:
        """The schema of its table."""
        return schema_and_table(self.asset)[0]

    @property
    def table(self) -> str:
        """Its table, in `schema`."""
        return schema_and_table(self.asset)[1]

    @property
    def history(self) -> str:
        """The history's asset: `acme/automation_jobs_history` of `acme/automation_jobs_export`."""
        return history_name(self.asset)

    @property
    def history_key(self) -> tuple[str, ...]:
        """The key of the history's asset."""
        return (*self.config.prefix, history_name(self.settings.name))

    @property
    def reading(self) -> ReadOptions:
        """How its files are read. Values are shown only where the configuration and the export allow it."""
        return replace(self.settings.reading, show_values=self.show_values)

    @property
    def show_values(self) -> bool:
        """Whether values of its files, and who asked for them, may be shown outside the tables."""
        return self.settings.reading.show_values and self.config.show_values

    @property
    def found(self) -> FoundReport | None:
        """The report that it exports, where it was found by itself."""
        return self.config.found.get(self.settings.name)

    @property
    def is_scheduled(self) -> bool:
        """Whether schedules export it."""
        return self.settings.schedule

    @property
    def description(self) -> str:
        """What a row of its table is, and which report it is, where that was found by itself."""
        if not (found := self.found):
            return self.type.rows
        # Dagster's UI renders it as Markdown, and anybody who saves a report names it.
        of_pipe = f" of the pipe {markdown_code(found.pipe)}" if found.pipe else ""
        gone = f" Pipefy does not have it any more, since {found.gone_since}." if found.gone_since else ""
        return f"{self.type.rows} The report is {markdown_code(found.name)} ({found.id}){of_pipe}.{gone}"

    @property
    def time_column(self) -> str | None:
        """Name or header of the column that says when a row was; None to find it."""
        return self.settings.time_column

    @property
    def row_key(self) -> tuple[str, ...]:
        """Names or headers of the columns that no two rows share; empty if none are configured."""
        return tuple(self.settings.key)

    @property
    def period_field(self) -> str | None:
        """The field that a report's period is about; None for other exports."""
        return self.settings.period_field if isinstance(self.settings, ReportSettings) else None

    @property
    def is_whole(self) -> bool:
        """Whether it is a report without a condition on the period: each partition holds all of its rows."""
        return self.period_field == ""

    def kind(
        self, organization_id: str | None = None, *, overrides: Mapping[str, Any] | None = None
    ) -> ExportKind:
        """Return what is asked of Pipefy.

        Args:
            organization_id: Another organization than the configured one, whose files are in the archive.
            overrides: Arguments of a run in place of the configured ones.

        Raises:
            ConfigurationError: The export has no such arguments, or they cannot be used.
        """
        return self.type.kind(organization_id or self.config.organization_id, self._with(overrides or {}))

    def window(self, period: Period) -> Window | None:
        """Return the dates that an export covers; None where that is not known."""
        return self.kind().window(period)

    def fingerprint(self, kind: ExportKind, request: Mapping[str, Any]) -> str:
        """Return the digest of a request to the configured Pipefy."""
        return fingerprint_of(self.config.connection.base_url, kind.label, request)

    def _with(self, overrides: Mapping[str, Any]) -> ExportSettings:
        if not overrides:
            return self.settings
        name = self.settings.name
        if unknown := sorted(overrides.keys() - set(self.type.run_arguments)):
            raise ConfigurationError(f"{name} was asked for with arguments that it does not have: {unknown}")
        try:
            return replace(self.settings, **overrides)
        except ConfigurationError as error:
            raise ConfigurationError(
                f"{name} was asked for with arguments that do not fit: {error}"
            ) from None


def configured_exports(config: PipefyExportsConfig) -> list[ConfiguredExport]:
    """Return every export of a configuration, the automation jobs' first."""
    return [ConfiguredExport(config, settings) for settings in config.exports]
