"""The export of automation jobs: two dialects of the mutation, both in public use.

The vendor's guide documents plain arguments; the vendor's own SDK sends an input object. A server that
has only one of them refuses the other before it runs anything, so trying both creates nothing twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from pipefy_exports_dagster.errors import SchemaMismatchError
from pipefy_exports_dagster.periods import Period, PeriodFilter, Window, add_months
from pipefy_exports_dagster.pipefy.creating import created_from
from pipefy_exports_dagster.pipefy.export import CreatedExport, Export
from pipefy_exports_dagster.pipefy.organization import require_organization_id
from pipefy_exports_dagster.pipefy.refreshing import refresh_export

if TYPE_CHECKING:
    from pipefy_exports_dagster.pipefy.client import PipefyClient

CREATE_FIELD = "createAutomationJobsExport"
INPUT_OBJECT, DOCUMENTED = "input object", "documented"
# As few fields as possible: the link's name differs between servers, and comes with the first look.
CREATE = {
    INPUT_OBJECT: (
        f"{CREATE_FIELD}.automationJobsExport",
        """
        mutation CreateAutomationJobsExport($input: CreateAutomationJobsExportInput!) {
          createAutomationJobsExport(input: $input) { automationJobsExport { id status } }
        }
        """,
    ),
    DOCUMENTED: (
        CREATE_FIELD,
        """
        mutation CreateAutomationJobsExport($organizationId: ID!, $filter: PeriodFilter!) {
          createAutomationJobsExport(organizationId: $organizationId, filter: $filter) { id status }
        }
        """,
    ),
}
REFRESH = "query AutomationJobsExport($id: ID!) {{ automationJobsExport(id: $id) {{ id status {link} }} }}"
LINK_NAMES = ("fileUrl", "downloadUrl", "filedUrl")
"""The link's names, the likeliest first: the vendor's SDK asks the live API for `fileUrl`."""


@dataclass(frozen=True, slots=True)
class AutomationJobsExport:
    """Creates and follows exports of one organization's automation jobs.

    `last_3_months_window` is what `last_3_months` covers: `complete`, `including_current` or `unknown`, as
    `AutomationJobs` of the configuration describes them.
    """

    organization_id: str | None
    last_3_months_window: str = "unknown"
    label: str = "automation jobs"
    refresh_field: ClassVar[str] = "automationJobsExport"
    state_field: ClassVar[str] = "status"
    _link_names: list[str] = field(default_factory=lambda: list(LINK_NAMES), repr=False, compare=False)
    """Changed in place: the name that the server took moves to the front."""

    def request(self, period: Period) -> Mapping[str, Any]:
        """Return the two arguments that Pipefy takes: the period filter is passed as it is."""
        return {
            "organizationId": require_organization_id(self.organization_id),
            "filter": period.filter.value,
        }

    def window(self, period: Period) -> Window | None:
        """Return the dates covered; None for `last_3_months` unless it is configured: Pipefy does not publish it."""
        if period.filter is not PeriodFilter.LAST_3_MONTHS or self.last_3_months_window == "complete":
            return period.window
        if self.last_3_months_window == "including_current":
            month = period.requested_month
            return Window(add_months(month, -2), add_months(month, 1))
        return None

    def create(self, client: "PipefyClient", period: Period, *, dialect: str | None = None) -> CreatedExport:
        """Ask for a new export, in the dialect that worked last time first.

        Raises:
            SchemaMismatchError: The server takes neither dialect; the message is about the first.
            CreateAnswerLostError: An export may exist.
        """
        request = self.request(period)
        first_refusal: SchemaMismatchError | None = None
        for name in sorted(CREATE, key=lambda name: name != dialect):
            answer_field, document = CREATE[name]
            variables = {"input": request} if name == INPUT_OBJECT else request
            try:
                answer = client.execute(document, variables, field=answer_field)
            except SchemaMismatchError as error:
                first_refusal = first_refusal or error
                continue
            return created_from(answer, state_field=self.state_field, request=request, dialect=name)
        assert first_refusal is not None  # noqa: S101 - each dialect returned, raised or was refused
        raise first_refusal

    def refresh(self, client: "PipefyClient", export_id: str) -> Export:
        """Ask for the export's state and link.

        Raises:
            ExportNotFoundError: Pipefy does not know it.
        """
        first_refusal: SchemaMismatchError | None = None
        for name in tuple(self._link_names):
            try:
                export = refresh_export(
                    client,
                    REFRESH.format(link=name),
                    field=self.refresh_field,
                    export_id=export_id,
                    state_field=self.state_field,
                    label=self.label,
                )
            except SchemaMismatchError as error:
                first_refusal = first_refusal or error
                continue
            self._link_names.sort(key=lambda known: known != name)
            return export
        assert first_refusal is not None  # noqa: S101 - each name returned, raised or was refused
        raise first_refusal
