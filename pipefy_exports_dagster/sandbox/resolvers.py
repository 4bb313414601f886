"""The root fields of the GraphQL schema."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo

from pipefy_exports_dagster.sandbox import answers
from pipefy_exports_dagster.sandbox.exports import SandboxExport, SandboxExportKind
from pipefy_exports_dagster.sandbox.organizations import SandboxOrganization
from pipefy_exports_dagster.sandbox.periods import SandboxPeriod
from pipefy_exports_dagster.sandbox.refusals import (
    Refusal,
    extensions_of,
    invalid_input,
    not_found,
    permission_denied,
)
from pipefy_exports_dagster.sandbox.reports import ReportRequest, Sort
from pipefy_exports_dagster.sandbox.settings import ApiDialect
from pipefy_exports_dagster.sandbox.state import SandboxState
from pipefy_exports_dagster.sandbox.tokens import Principal

KINDS: Mapping[str, SandboxExportKind] = {
    "automationJobsExport": SandboxExportKind.AUTOMATION_JOBS,
    "organizationReportExport": SandboxExportKind.ORGANIZATION_REPORT,
    "pipeReportExport": SandboxExportKind.PIPE_REPORT,
    "createAutomationJobsExport": SandboxExportKind.AUTOMATION_JOBS,
    "exportOrganizationReport": SandboxExportKind.ORGANIZATION_REPORT,
    "exportPipeReport": SandboxExportKind.PIPE_REPORT,
}
"""The export that a root field creates or looks up."""


@dataclass(frozen=True, slots=True)
class RequestContext:
    """Who asks, and the address under which they reach the sandbox."""

    principal: Principal
    base_url: str


class Resolvers:
    """Answers each root field for whoever asks."""

    def __init__(self, state: SandboxState) -> None:
        self._state = state

    def roots(self) -> dict[str, Callable[..., Any]]:
        """Return the resolver of each root field; a refusal becomes a GraphQL error."""
        resolvers: dict[str, Callable[..., Any]] = {
            "me": self.me,
            "organizations": self.organizations,
            "organization": self.organization,
            "organizationReports": self.organization_reports,
            "organizationReport": self.organization_report,
            "pipe": self.pipe,
            "pipeReports": self.pipe_reports,
            "pipeReportColumns": self.pipe_report_columns,
            "automationJobsExport": self.automation_jobs_export,
            "organizationReportExport": self.organization_report_export,
            "pipeReportExport": self.pipe_report_export,
            "createAutomationJobsExport": self.create_automation_jobs_export,
            "exportOrganizationReport": self.export_organization_report,
            "exportPipeReport": self.export_pipe_report,
        }
        return {name: _refusing(resolver) for name, resolver in resolvers.items()}

    def me(self, context: RequestContext) -> dict[str, Any]:
        """Say who asks."""
        return answers.user_answer(context.principal)

    def organizations(self, context: RequestContext) -> list[dict[str, Any]]:
        """List what the token can see; what it cannot is left out without an error."""
        return [
            answers.organization_answer(organization, context.principal)
            for organization in self._state.world.organizations.values()
            if _may_see(context.principal, organization)
        ]

    def organization(self, context: RequestContext, id: str) -> dict[str, Any]:  # noqa: A002
        """Look up an organization."""
        return answers.organization_answer(self._visible(context, id), context.principal)

    def organization_reports(
        self,
        context: RequestContext,
        organizationId: str,  # noqa: N803
        first: int | None = None,
        after: str | None = None,
    ) -> dict[str, Any]:
        """List an organization's saved reports, a page at a time."""
        organization = self._visible(context, organizationId)
        reports = self._state.world.reports(organization.id)
        shaped = [answers.report_answer(self._state, organization, report) for report in reports]
        return answers.page(shaped, first, after)

    def organization_report(self, context: RequestContext, id: str) -> dict[str, Any]:  # noqa: A002
        """Look up a saved report."""
        organization, report = self._state.world.report(id)
        self._visible(context, organization.id)
        return answers.report_answer(self._state, organization, report)

    def pipe(self, context: RequestContext, id: str) -> dict[str, Any]:  # noqa: A002
        """Look up a pipe."""
        organization, pipe = self._state.world.pipe(id_=id)
        self._visible(context, organization.id)
        return answers.pipe_answer(pipe)

    def pipe_reports(
        self,
        context: RequestContext,
        *,
        pipeUuid: str,  # noqa: N803
        first: int | None = None,
        after: str | None = None,
        search: str | None = None,
        reportId: str | None = None,  # noqa: N803
        order: Mapping[str, Any] | None = None,  # noqa: ARG002 - they have one order here
    ) -> dict[str, Any]:
        """List a pipe's saved reports, a page at a time."""
        organization, pipe = self._state.world.pipe(uuid=pipeUuid)
        self._visible(context, organization.id)
        shaped = [
            answers.pipe_report_answer(self._state, organization, report)
            for report in self._state.world.pipe_reports(pipe)
            if (search or "").casefold() in report.name.casefold() and reportId in (None, report.id)
        ]
        return answers.page(shaped, first, after)

    def pipe_report_columns(self, context: RequestContext, pipeUuid: str) -> list[dict[str, Any]]:  # noqa: N803
        """List the columns that a report of a pipe may have."""
        organization, pipe = self._state.world.pipe(uuid=pipeUuid)
        self._visible(context, organization.id)
        return answers.column_answers(organization, pipe)

    def automation_jobs_export(self, context: RequestContext, id: str) -> dict[str, Any]:  # noqa: A002
        """Look up an export of automation jobs; once it is finished, with a link."""
        export = self._export(context, id, SandboxExportKind.AUTOMATION_JOBS)
        return answers.automation_jobs_export_answer(self._state, export, context.base_url)

    def organization_report_export(self, context: RequestContext, id: str) -> dict[str, Any]:  # noqa: A002
        """Look up an export of a report; once it is done, with a link."""
        export = self._export(context, id, SandboxExportKind.ORGANIZATION_REPORT)
        return answers.report_export_answer(self._state, export, context.base_url)

    def pipe_report_export(self, context: RequestContext, id: str) -> dict[str, Any]:  # noqa: A002
        """Look up an export of a pipe's report; once it is done, with a link."""
        export = self._export(context, id, SandboxExportKind.PIPE_REPORT)
        return answers.report_export_answer(self._state, export, context.base_url)

    def create_automation_jobs_export(
        self,
        context: RequestContext,
        organizationId: str | None = None,  # noqa: N803
        filter: str | None = None,  # noqa: A002
        input: Mapping[str, Any] | None = None,  # noqa: A002
    ) -> dict[str, Any]:
        """Create an export, in whichever dialect the request is."""
        given = input or {"organizationId": organizationId, "filter": filter}
        if None in (given["organizationId"], given["filter"]):
            raise invalid_input("give organizationId and filter, or input")
        organization = self._visible(context, given["organizationId"])
        if not context.principal.is_admin:
            raise permission_denied("automation jobs of organization", organization.id)
        export = self._state.exports.create_automation_jobs(
            organization, SandboxPeriod(given["filter"]), context.principal
        )
        answer = answers.automation_jobs_export_answer(self._state, export, context.base_url)
        if self._state.settings.dialect is ApiDialect.DOCUMENTED:
            return answer
        return {
            **answer,
            "automationJobsExport": answer,
            "clientMutationId": given.get("clientMutationId"),
        }

    def export_organization_report(
        self,
        context: RequestContext,
        input: Mapping[str, Any],  # noqa: A002
    ) -> dict[str, Any]:
        """Create an export of a report."""
        organization = self._visible(context, str(input["organizationId"]))
        export = self._state.exports.create_report(
            organization, _report_request(organization.id, input), context.principal
        )
        return {
            "clientMutationId": input.get("clientMutationId"),
            "organizationReportExport": answers.report_export_answer(self._state, export, context.base_url),
        }

    def export_pipe_report(
        self,
        context: RequestContext,
        input: Mapping[str, Any],  # noqa: A002
    ) -> dict[str, Any]:
        """Create an export of a pipe's report."""
        owner, pipe = self._state.world.pipe(id_=input["pipeId"])
        organization = self._visible(context, owner.id)
        request = replace(
            _report_request(organization.id, input), report_id=input["pipeReportId"], pipe_id=pipe.id
        )
        export = self._state.exports.create_report(organization, request, context.principal)
        return {
            "clientMutationId": input.get("clientMutationId"),
            "pipeReportExport": answers.report_export_answer(self._state, export, context.base_url),
        }

    def _visible(self, context: RequestContext, organization_id: str) -> SandboxOrganization:
        organization = self._state.world.organizations.get(organization_id)
        if organization is None:
            raise not_found("Organization", organization_id)
        if not _may_see(context.principal, organization):
            raise permission_denied("organization", organization_id)
        return organization

    def _export(self, context: RequestContext, export_id: str, kind: SandboxExportKind) -> SandboxExport:
        export = self._state.exports.get(export_id, kind)
        self._visible(context, export.organization.id)
        return export


def _may_see(principal: Principal, organization: SandboxOrganization) -> bool:
    seen = principal.organization_ids
    return organization.visible and (seen is None or organization.id in seen)


def _report_request(organization_id: str, given: Mapping[str, Any]) -> ReportRequest:
    sort, columns, pipe_ids = given.get("sortBy"), given.get("columns"), given.get("pipeIds")
    report_id = given.get("organizationReportId")
    return ReportRequest(
        organization_id=organization_id,
        columns=tuple(columns) if columns is not None else None,
        pipe_ids=tuple(map(str, pipe_ids)) if pipe_ids is not None else None,
        filter=given.get("filter"),
        sort=Sort(sort["field"], descending=sort["direction"] == "desc") if sort else None,
        report_id=str(report_id) if report_id is not None else None,
    )


def _refusing(resolver: Callable[..., Any]) -> Callable[..., Any]:
    def resolve(info: GraphQLResolveInfo, **arguments: Any) -> Any:
        try:
            return resolver(info.context, **arguments)
        except Refusal as refusal:
            raise GraphQLError(str(refusal), extensions=extensions_of(refusal.code)) from refusal

    return resolve
