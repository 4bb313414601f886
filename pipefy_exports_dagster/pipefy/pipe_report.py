"""The export of a pipe's report."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pipefy_exports_dagster.config.exports import PipeReport
from pipefy_exports_dagster.config.setting_names import PIPE_ID, PIPE_REPORT_ID
from pipefy_exports_dagster.errors import ConfigurationError, RequestRejectedError
from pipefy_exports_dagster.pipefy.report_export import ReportExport

if TYPE_CHECKING:
    from pipefy_exports_dagster.pipefy.client import PipefyClient


@dataclass(frozen=True, slots=True)
class PipeReportExport(ReportExport):
    """Creates and follows exports of one report of a pipe."""

    report: PipeReport
    label: ClassVar[str] = "pipe report"
    refresh_field: ClassVar[str] = "pipeReportExport"
    create_field: ClassVar[str] = "exportPipeReport.pipeReportExport"
    create_document: ClassVar[str] = """
        mutation ExportPipeReport($input: ExportPipeReportInput!) {
          exportPipeReport(input: $input) { pipeReportExport { id state } }
        }
    """
    refresh_document: ClassVar[str] = """
        query PipeReportExport($id: ID!) {
          pipeReportExport(id: $id) { id state startedAt finishedAt fileURL requestedBy { id name } }
        }
    """

    @property
    def saved_id(self) -> int | None:
        """The saved report's id."""
        return self.report.pipe_report_id

    @property
    def saved_id_setting(self) -> str:
        """What a person sets to it."""
        return PIPE_REPORT_ID

    @property
    def where(self) -> str:
        """The pipe."""
        return f" in the pipe {self.report.pipe_id} (`pipefy-exports reports --pipe {self.report.pipe_id}` lists its)"

    def subject(self) -> dict[str, Any]:
        """Return the pipe and the saved report.

        Raises:
            ConfigurationError: One of them is missing.
        """
        report = self.report
        if report.pipe_id is None or report.pipe_report_id is None:
            missing = PIPE_ID if report.pipe_id is None else self.saved_id_setting
            raise ConfigurationError(
                f"the pipe report {report.name!r} lacks {missing}: `pipefy-exports pipes` lists the pipes, and "
                "`pipefy-exports reports --pipe ID` the reports of one"
            )
        return {"pipeId": str(report.pipe_id), "pipeReportId": str(report.pipe_report_id)}

    def saved_report(self, client: "PipefyClient") -> Mapping[str, Any] | None:
        """Return the saved report's name, fields and filter.

        Raises:
            RequestRejectedError: There is no such pipe.
        """
        from pipefy_exports_dagster.pipefy.look_ups import find_pipe, pipe_report_nodes  # imports httpx

        pipe = find_pipe(client, str(self.report.pipe_id))
        if pipe is None:
            raise RequestRejectedError(
                f"Pipefy does not know the pipe {self.report.pipe_id}: check {PIPE_ID}, the number "
                "after /pipes/ in the pipe's address; `pipefy-exports pipes` lists those that there are"
            )
        nodes = pipe_report_nodes(client, pipe.uuid)
        return next((node for node in nodes if str(node.get("id")) == str(self.saved_id)), None)
