"""The export of an organization report: it has no period argument, so a period becomes a filter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pipefy_exports_dagster.config.exports import Report
from pipefy_exports_dagster.errors import ConfigurationError, InvalidFilterError, RequestRejectedError
from pipefy_exports_dagster.periods import Period, Window
from pipefy_exports_dagster.pipefy.creating import before_create, created_from
from pipefy_exports_dagster.pipefy.export import CreatedExport, Export
from pipefy_exports_dagster.pipefy.foreign_text import sanitized_text
from pipefy_exports_dagster.pipefy.organization import require_organization_id
from pipefy_exports_dagster.pipefy.refreshing import refresh_export
from pipefy_exports_dagster.pipefy.report_filter import check_filter, within_period

if TYPE_CHECKING:
    from pipefy_exports_dagster.pipefy.client import PipefyClient

CREATE_FIELD = "exportOrganizationReport.organizationReportExport"
CREATE = """
    mutation ExportOrganizationReport($input: ExportOrganizationReportInput!) {
      exportOrganizationReport(input: $input) { organizationReportExport { id state } }
    }
"""
REFRESH = """
    query OrganizationReportExport($id: ID!) {
      organizationReportExport(id: $id) { id state startedAt finishedAt fileURL }
    }
"""
REPORT_FIELD = "organizationReport"
REPORT = "query OrganizationReport($id: ID!) { organizationReport(id: $id) { id name filter } }"
EMPTY_KEYS = {"operator", "queries", "groups"}
SORT_DIRECTIONS = ("asc", "desc")


@dataclass(frozen=True, slots=True)
class OrganizationReportExport:
    """Creates and follows exports of one report of an organization."""

    organization_id: str | None
    report: Report
    label: str = "organization report"
    refresh_field: ClassVar[str] = "organizationReportExport"
    state_field: ClassVar[str] = "state"

    def request(self, period: Period) -> Mapping[str, Any]:
        """Return the mutation's input, as far as it is known without asking Pipefy.

        A saved report's own filter is not in it: it is looked up when an export is created, and a pending
        export is resumed without a look-up.

        Raises:
            ConfigurationError: Neither columns nor a saved report: the file would have no columns.
        """
        report = self.report
        organization_id = int(require_organization_id(self.organization_id))
        if not report.columns and report.organization_report_id is None:
            raise ConfigurationError(
                f"the report {report.name!r} has neither columns nor a saved report, and its file would have no "
                "columns: set PIPEFY_ORGANIZATION_REPORT_ID, the number at the end of the report's address, or "
                "give `columns`"
            )
        if not report.period_field:
            raise ConfigurationError(
                f"the report {report.name!r} has an empty period_field; use 'created_at'"
            )
        own_filters = [check_filter(report.filter)] if report.filter else []
        request: dict[str, Any] = {"organizationId": organization_id}
        if report.organization_report_id is not None:
            request["organizationReportId"] = report.organization_report_id
        if report.pipe_ids:
            request["pipeIds"] = list(report.pipe_ids)
        if report.columns:
            request["columns"] = list(report.columns)
        if report.sort_by:
            request["sortBy"] = _check_sort(report.sort_by)
        request["filter"] = within_period(period.window, report.period_field, own_filters)
        return request

    def window(self, period: Period) -> Window | None:
        """Return the dates sent as the filter."""
        return period.window

    def create(self, client: "PipefyClient", period: Period, *, dialect: str | None = None) -> CreatedExport:  # noqa: ARG002 - this export has one dialect
        """Ask for a new export.

        Raises:
            CreateAnswerLostError: An export may exist.
        """
        request = dict(self.request(period))
        warnings: tuple[str, ...] = ()
        if self.report.organization_report_id is not None:
            with before_create():
                saved, warnings = saved_filter(client, self.report.organization_report_id)
            if saved:
                groups = [*request["filter"].get("groups", []), saved]
                request["filter"] = {**request["filter"], "groups": groups}
        answer = client.execute(CREATE, {"input": request}, field=CREATE_FIELD)
        return created_from(
            answer, state_field=self.state_field, request=request, dialect="input object", warnings=warnings
        )

    def refresh(self, client: "PipefyClient", export_id: str) -> Export:
        """Ask for the export's state and link.

        Raises:
            ExportNotFoundError: Pipefy does not know it.
        """
        return refresh_export(
            client,
            REFRESH,
            field=self.refresh_field,
            export_id=export_id,
            state_field=self.state_field,
            label=self.label,
        )


def saved_filter(client: "PipefyClient", report_id: int) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """Return a saved report's own filter, and warnings about it.

    It is not public whether the `filter` argument replaces it, so it is sent as well.

    Raises:
        RequestRejectedError: There is no such report.
    """
    try:
        answer = client.execute(REPORT, {"id": str(report_id)}, field=REPORT_FIELD)
    except RequestRejectedError as error:
        if not error.not_found:
            raise
        answer = None
    if not isinstance(answer, Mapping):
        raise RequestRejectedError(
            f"Pipefy does not know the saved report {report_id}: check PIPEFY_ORGANIZATION_REPORT_ID; "
            "it is the number at the end of the report's address"
        )
    return filter_to_send(answer.get("filter"), report_id)


def filter_to_send(saved: Any, report_id: int) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """Return a saved report's own filter as an export can take it, and warnings where it cannot."""
    if not saved or (isinstance(saved, Mapping) and saved.keys() <= EMPTY_KEYS and not _conditions(saved)):
        return None, ()
    try:
        return check_filter(saved, "its filter"), ()
    except InvalidFilterError as error:
        return None, (
            f"the saved report {report_id} has a filter of its own that cannot be sent along ({sanitized_text(error)}"
            "); rows that it leaves out in Pipefy may be in the export",
        )


def _conditions(saved: Mapping[str, Any]) -> bool:
    return any(saved.get(key) for key in ("queries", "groups"))


def _check_sort(sort_by: Mapping[str, str]) -> dict[str, str]:
    if set(sort_by) != {"field", "direction"} or sort_by["direction"] not in SORT_DIRECTIONS:
        raise ConfigurationError(
            f"sort_by {dict(sort_by)!r} has to be {{'field': <name>, 'direction': 'asc' or 'desc'}}"
        )
    return dict(sort_by)
