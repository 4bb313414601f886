"""A client that speaks to a sandbox as a user's would: real HTTP, real files."""

import csv
import functools
import io
from typing import Any

import httpx
import openpyxl

from pipefy_exports_dagster.sandbox import ORGANIZATION_ID, TOKEN

# Loading the certificates takes longer than most requests; and a sandbox has none.
_TLS = httpx.create_ssl_context()
get = functools.partial(httpx.get, verify=_TLS)
post = functools.partial(httpx.post, verify=_TLS)
delete = functools.partial(httpx.delete, verify=_TLS)
stream = functools.partial(httpx.stream, verify=_TLS)

CREATE_JOBS = """
mutation ($input: CreateAutomationJobsExportInput!) {
  createAutomationJobsExport(input: $input) { automationJobsExport { id status fileUrl } }
}"""
JOBS_STATUS = "query ($id: ID!) { automationJobsExport(id: $id) { id status fileUrl } }"
CREATE_REPORT = """
mutation ($input: ExportOrganizationReportInput!) {
  exportOrganizationReport(input: $input) {
    organizationReportExport { id state startedAt finishedAt fileURL requestedBy { id name } }
  }
}"""
REPORT_STATUS = """
query ($id: ID!) {
  organizationReportExport(id: $id) {
    id state startedAt finishedAt fileURL requestedBy { id name } report { id name }
  }
}"""


class Api:
    """What a client of Pipefy does, over real HTTP."""

    def __init__(self, url: str, token: str | None = TOKEN) -> None:
        self.http = httpx.Client(base_url=url, timeout=30, verify=_TLS)
        if token is not None:
            self.http.headers["authorization"] = f"Bearer {token}"

    def post(self, query: str, **variables: Any) -> httpx.Response:
        return self.http.post("/graphql", json={"query": query, "variables": variables})

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        response = self.post(query, **variables)
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    def data(self, query: str, **variables: Any) -> dict[str, Any]:
        body = self.ask(query, **variables)
        assert "errors" not in body, body["errors"]
        data: dict[str, Any] = body["data"]
        return data

    def error(self, query: str, **variables: Any) -> dict[str, Any]:
        error: dict[str, Any] = self.ask(query, **variables)["errors"][0]
        return error

    def create_jobs(self, period: str = "last_month", organization: str = ORGANIZATION_ID) -> dict[str, Any]:
        data = self.data(CREATE_JOBS, input={"organizationId": organization, "filter": period})
        export: dict[str, Any] = data["createAutomationJobsExport"]["automationJobsExport"]
        return export

    def jobs(self, export_id: str) -> dict[str, Any]:
        export: dict[str, Any] = self.data(JOBS_STATUS, id=export_id)["automationJobsExport"]
        return export

    def create_report(self, organization: str = ORGANIZATION_ID, **given: Any) -> dict[str, Any]:
        data = self.data(CREATE_REPORT, input={"organizationId": int(organization), **given})
        export: dict[str, Any] = data["exportOrganizationReport"]["organizationReportExport"]
        return export

    def report(self, export_id: str) -> dict[str, Any]:
        export: dict[str, Any] = self.data(REPORT_STATUS, id=export_id)["organizationReportExport"]
        return export

    def rows(self, link: str) -> list[tuple[Any, ...]]:
        """Download a file, without any credentials, and read it: headers first."""
        response = get(link, timeout=30)
        assert response.status_code == 200, response.text
        if ".csv?" in link:
            return [tuple(row) for row in csv.reader(io.StringIO(response.text, newline=""))]
        workbook = openpyxl.load_workbook(io.BytesIO(response.content), read_only=True)
        rows = [tuple(cell.value for cell in row) for row in workbook.active.iter_rows()]
        workbook.close()
        width = len(rows[0]) if rows else 0  # blank cells at a row's end are not in the file
        return [row + (None,) * (width - len(row)) for row in rows]
