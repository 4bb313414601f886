"""The export of automation jobs: two dialects of the mutation, both in public use.

The vendor's guide documents plain arguments; the vendor's own SDK sends an input object. A server that
has only one of them refuses the other before it runs anything, so trying both creates nothing twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipefy_exports_dagster.errors import SchemaMismatchError
from pipefy_exports_dagster.pipefy.client import PipefyClient
from pipefy_exports_dagster.pipefy.creating import created_from
from pipefy_exports_dagster.pipefy.export import CreatedExport, Export
from pipefy_exports_dagster.pipefy.organization import require_organization_id
from pipefy_exports_dagster.pipefy.periods import Period, PeriodFilter, Window
from pipefy_exports_dagster.pipefy.refreshing import refresh_export

CREATE_FIELD = "createAutomationJobsExport"
CREATE = {
    "input object": """
        mutation CreateAutomationJobsExport($input: CreateAutomationJobsExportInput!) {
          createAutomationJobsExport(input: $input) { automationJobsExport { id status fileUrl } }
        }
    """,
    "documented": """
        mutation CreateAutomationJobsExport($organizationId: ID!, $filter: PeriodFilter!) {
          createAutomationJobsExport(organizationId: $organizationId, filter: $filter) {
            id status createdAt downloadUrl
          }
        }
    """,
}
REFRESH_FIELD = "automationJobsExport"
# Only `fileUrl` is known to be accepted by the live API: the vendor's SDK asks for it.
REFRESH = "query AutomationJobsExport($id: ID!) { automationJobsExport(id: $id) { id status fileUrl } }"


@dataclass(frozen=True, slots=True)
class AutomationJobsExport:
    """Creates and follows exports of one organization's automation jobs."""

    organization_id: str | None
    label: str = "automation jobs"

    def request(self, period: Period) -> Mapping[str, Any]:
        """Return the two arguments that Pipefy takes: the period filter is passed as it is."""
        return {
            "organizationId": require_organization_id(self.organization_id),
            "filter": period.filter.value,
        }

    def window(self, period: Period) -> Window | None:
        """Return the dates covered; None for `last_3_months`, whose meaning Pipefy does not publish."""
        return None if period.filter is PeriodFilter.LAST_3_MONTHS else period.window

    def create(self, client: PipefyClient, period: Period, *, dialect: str | None = None) -> CreatedExport:
        """Ask for a new export, in the dialect that worked last time first.

        Raises:
            SchemaMismatchError: The server takes neither dialect; the message is about the first.
            CreateAnswerLostError: An export may exist.
        """
        request = self.request(period)
        first_refusal: SchemaMismatchError | None = None
        for name in sorted(CREATE, key=lambda name: name != dialect):
            variables = {"input": request} if name == "input object" else request
            try:
                answer = client.execute(CREATE[name], variables, field=CREATE_FIELD)
            except SchemaMismatchError as error:
                first_refusal = first_refusal or error
                continue
            if name == "input object" and isinstance(answer, Mapping):
                answer = answer.get("automationJobsExport")
            return created_from(answer, state_field="status", request=request, dialect=name)
        assert first_refusal is not None  # noqa: S101 - each dialect returned, raised or was refused
        raise first_refusal

    def refresh(self, client: PipefyClient, export_id: str) -> Export:
        """Ask for the export's state and link.

        Raises:
            ExportNotFoundError: Pipefy does not know it.
        """
        return refresh_export(
            client, REFRESH, field=REFRESH_FIELD, export_id=export_id, state_field="status", label=self.label
        )
