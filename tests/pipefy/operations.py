"""Everything that Pipefy is asked, as functions of a client."""

from collections.abc import Callable
from datetime import date

from pipefy_exports_dagster.config.exports import Report
from pipefy_exports_dagster.periods import Period, PeriodFilter
from pipefy_exports_dagster.pipefy.automation_jobs import AutomationJobsExport
from pipefy_exports_dagster.pipefy.export import ExportKind
from pipefy_exports_dagster.pipefy.look_ups import (
    find_organization,
    find_report,
    list_organizations,
    list_reports,
    who_asks,
)
from pipefy_exports_dagster.pipefy.organization_report import OrganizationReportExport
from pipefy_exports_dagster.pipefy.status_batch import Question, StatusClient

JOBS = AutomationJobsExport("300")
REPORT = OrganizationReportExport("300", Report(organization_report_id=7))
PERIOD = Period(PeriodFilter.LAST_MONTH, date(2026, 11, 1))

Operation = Callable[[StatusClient], object]
OPERATIONS: dict[str, Operation] = {
    "me": who_asks,
    "organizations": list_organizations,
    "organization": lambda client: find_organization(client, "300"),
    "reports": lambda client: list(list_reports(client, "300")),
    "report": lambda client: find_report(client, "7"),
    "create jobs": lambda client: JOBS.create(client, PERIOD),
    "create report": lambda client: REPORT.create(client, PERIOD),
    "status of jobs": lambda client: JOBS.refresh(client, "e1"),
    "status of report": lambda client: REPORT.refresh(client, "e1"),
    "status of many": lambda client: client.ask(questions(), budget_s=5),
}


def questions() -> list[Question]:
    kinds: list[ExportKind] = [JOBS, REPORT]
    return [Question(number, f"e{number}", kind) for number, kind in enumerate(kinds)]
