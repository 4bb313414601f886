"""The export of an organization's report."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pipefy_exports_dagster.config.exports import Report
from pipefy_exports_dagster.config.setting_names import REPORT_ID
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.pipefy.organization import require_organization_id
from pipefy_exports_dagster.pipefy.report_export import ReportExport

if TYPE_CHECKING:
    from pipefy_exports_dagster.pipefy.client import PipefyClient
REPORT = "query OrganizationReport($id: ID!) { organizationReport(id: $id) { id name fields filter } }"


@dataclass(frozen=True, slots=True)
class OrganizationReportExport(ReportExport):
    """Creates and follows exports of one report of an organization."""

    report: Report
    label: ClassVar[str] = "organization report"
    refresh_field: ClassVar[str] = "organizationReportExport"
    create_field: ClassVar[str] = "exportOrganizationReport.organizationReportExport"
    create_document: ClassVar[str] = """
        mutation ExportOrganizationReport($input: ExportOrganizationReportInput!) {
          exportOrganizationReport(input: $input) { organizationReportExport { id state } }
        }
    """
    refresh_document: ClassVar[str] = """
        query OrganizationReportExport($id: ID!) {
          organizationReportExport(id: $id) {
            id state startedAt finishedAt fileURL requestedBy { id name } report { id name }
          }
        }
    """

    @property
    def saved_id(self) -> int | None:
        """The saved report's id."""
        return self.report.organization_report_id

    @property
    def saved_id_setting(self) -> str:
        """What a person sets to it."""
        return REPORT_ID

    def subject(self) -> dict[str, Any]:
        """Return the organization, the saved report and the pipes.

        Raises:
            ConfigurationError: Neither columns nor a saved report: the file would have no columns.
        """
        report = self.report
        organization_id = int(require_organization_id(self.organization_id))
        if not report.columns and report.organization_report_id is None:
            raise ConfigurationError(
                f"the report {report.name!r} has neither columns nor a saved report, and its file would have no "
                f"columns: set {REPORT_ID}, the number at the end of the report's address, or "
                "give `columns`"
            )
        subject: dict[str, Any] = {"organizationId": organization_id}
        if report.organization_report_id is not None:
            subject["organizationReportId"] = report.organization_report_id
        if report.pipe_ids:
            subject["pipeIds"] = list(report.pipe_ids)
        return subject

    def saved_report(self, client: "PipefyClient") -> Mapping[str, Any] | None:
        """Return the saved report's name, fields and filter."""
        answer = client.execute(REPORT, {"id": str(self.saved_id)}, field="organizationReport")
        return answer if isinstance(answer, Mapping) else None
