"""What an export is, whichever of Pipefy's exports it is.

The two exports name their states and links differently; those names end in the modules
`automation_jobs` and `organization_report`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from pipefy_exports_dagster.pipefy.periods import Period, Window

if TYPE_CHECKING:
    from pipefy_exports_dagster.pipefy.client import PipefyClient


class ExportState(StrEnum):
    """The life of an export at Pipefy."""

    CREATED = "created"
    PROCESSING = "processing"
    FINISHED = "finished"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """A word we do not know: waited on like `PROCESSING`, and said in the log."""


@dataclass(frozen=True, slots=True)
class Export:
    """One answer of Pipefy about one export.

    `link` is a credential while it lives (about an hour), so it is not part of the repr.
    """

    id: str
    state: ExportState
    reported_state: str
    link: str | None = field(default=None, repr=False)
    finished_at: datetime | None = None

    @property
    def is_ready(self) -> bool:
        """Whether the file can be downloaded: finished, and with a link."""
        return self.state is ExportState.FINISHED and self.link is not None


@dataclass(frozen=True, slots=True)
class CreatedExport:
    """A new export, and what was sent to get it.

    `request` is JSON-able and goes into the file's sidecar; `dialect` is the form of the mutation that
    the server took; `warnings` are for the log.
    """

    export: Export
    request: Mapping[str, Any]
    dialect: str
    warnings: tuple[str, ...] = ()


class ExportKind(Protocol):
    """One of Pipefy's exports. A new one costs one class like this."""

    @property
    def label(self) -> str:
        """The export's name in messages, such as `automation jobs`."""

    def request(self, period: Period) -> Mapping[str, Any]:
        """Return what identifies a request: JSON-able, the same for the same configuration and month.

        Raises:
            ConfigurationError: The configuration cannot give a usable export.
        """

    def window(self, period: Period) -> Window | None:
        """Return the dates that the export covers, or None where that is not known."""

    def create(self, client: "PipefyClient", period: Period, *, dialect: str | None = None) -> CreatedExport:
        """Ask Pipefy for a new export; `dialect` is the form that worked last time."""

    def refresh(self, client: "PipefyClient", export_id: str) -> Export:
        """Ask Pipefy how an export is doing; also gives a fresh link.

        Raises:
            ExportNotFoundError: Pipefy does not know the export.
        """


STATES: Mapping[str, ExportState] = {
    "created": ExportState.CREATED,
    "processing": ExportState.PROCESSING,
    "finished": ExportState.FINISHED,
    "done": ExportState.FINISHED,
    "failed": ExportState.FAILED,
}
LINK_NAMES = ("fileUrl", "fileURL", "filedUrl", "downloadUrl")
"""The link's names in the vendor's guides and SDK, across both exports."""


def parse_export(answer: Mapping[str, Any], *, state_field: str) -> Export:
    """Read an export from a GraphQL answer, under any of the names its parts are known by."""
    reported = str(answer.get(state_field) or "")
    finished_at = answer.get("finishedAt")
    return Export(
        id=str(answer["id"]),
        state=STATES.get(reported.lower(), ExportState.UNKNOWN),
        reported_state=reported,
        link=next((answer[name] for name in LINK_NAMES if answer.get(name)), None),
        finished_at=parse_time(finished_at) if isinstance(finished_at, str) else None,
    )


def parse_time(text: str) -> datetime | None:
    """Read an ISO 8601 time that has a zone; anything else is None, since a guess would be worse."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
