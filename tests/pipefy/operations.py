"""Everything that Pipefy is asked, as functions of a client."""

from collections.abc import Callable
from datetime import date

from pipefy_exports_dagster.config.exports import PipeReport, Report
from pipefy_exports_dagster.periods import Period, PeriodFilter
from pipefy_exports_dagster.pipefy.automation_jobs import AutomationJobsExport
from pipefy_exports_dagster.pipefy.export import ExportKind
from pipefy_exports_dagster.pipefy.look_ups import (
    Pipe,
    find_organization,
    find_pipe,
    find_report,
    list_organizations,
    list_pipe_reports,
    list_pipes,
    list_reports,
    who_asks,
)
from pipefy_exports_dagster.pipefy.organization_report import OrganizationReportExport
from pipefy_exports_dagster.pipefy.pipe_report import PipeReportExport
from pipefy_exports_dagster.pipefy.status_batch import Question, StatusClient

JOBS = AutomationJobsExport("300")
REPORT = OrganizationReportExport("300", Report(organization_report_id=7))
PIPE_REPORT = PipeReportExport("300", PipeReport(pipe_id=301, pipe_report_id=8))
KINDS: tuple[ExportKind, ...] = (JOBS, REPORT, PIPE_REPORT)
PIPE = Pipe("301", "a-uuid", "Sales")
PERIOD = Period(PeriodFilter.LAST_MONTH, date(2026, 11, 1))

Operation = Callable[[StatusClient], object]
OPERATIONS: dict[str, Operation] = {
    "me": who_asks,
    "organizations": list_organizations,
    "organization": lambda client: find_organization(client, "300"),
    "reports": lambda client: list(list_reports(client, "300")),
    "report": lambda client: find_report(client, "7"),
    "pipes": lambda client: list_pipes(client, "300"),
    "pipe": lambda client: find_pipe(client, "301"),
    "pipe reports": lambda client: list(list_pipe_reports(client, PIPE)),
    "create jobs": lambda client: JOBS.create(client, PERIOD),
    "create report": lambda client: REPORT.create(client, PERIOD),
    "create pipe report": lambda client: PIPE_REPORT.create(client, PERIOD),
    "status of jobs": lambda client: JOBS.refresh(client, "e1"),
    "status of report": lambda client: REPORT.refresh(client, "e1"),
    "status of pipe report": lambda client: PIPE_REPORT.refresh(client, "e1"),
    "status of many": lambda client: client.ask(questions(), budget_s=5),
}


def questions() -> list[Question]:
    return [Question(number, f"e{number}", kind) for number, kind in enumerate(KINDS)]
