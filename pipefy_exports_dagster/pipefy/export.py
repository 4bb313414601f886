"""What an export is, whichever of Pipefy's exports it is.

The exports name their states and links differently; those names end in the module of each.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from pipefy_exports_dagster.periods import Period, Window
from pipefy_exports_dagster.pipefy.foreign_text import sanitized_text

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

    `link` is a credential while it lives (about an hour), so it is not part of the repr. `requested_by` is a person's
    name, `report` the saved report's; None where Pipefy does not say.
    """

    id: str
    state: ExportState
    reported_state: str
    link: str | None = field(default=None, repr=False)
    finished_at: datetime | None = None
    requested_by: str | None = None
    report: str | None = None

    @property
    def is_ready(self) -> bool:
        """Whether the file can be downloaded: finished, and with a link."""
        return self.state is ExportState.FINISHED and self.link is not None


@dataclass(frozen=True, slots=True)
class CreatedExport:
    """A new export, and what was sent to get it.

    `request` is JSON-able and goes into the file's sidecar; `dialect` is the form of the mutation that
    the server took; `report_name` is the saved report's, where there is one; `warnings` are for the log.
    """

    export: Export
    request: Mapping[str, Any]
    dialect: str
    report_name: str | None = None
    warnings: tuple[str, ...] = ()


class ExportKind(Protocol):
    """One of Pipefy's exports. A new one costs one class like this."""

    @property
    def label(self) -> str:
        """The export's name in messages, such as `automation jobs`."""

    @property
    def refresh_field(self) -> str:
        """The root field that an export is looked up by; it takes the export's id."""

    @property
    def state_field(self) -> str:
        """The field of its answer that holds the export's state."""

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
    "error": ExportState.FAILED,
}
LINK_NAMES = ("fileUrl", "fileURL", "filedUrl", "downloadUrl")
"""The link's names in the vendor's guides and SDK, across all exports."""

MAX_ID_LENGTH = 200
"""An id becomes a file's name, metadata and part of messages; Pipefy's are short."""


def read_id(answer: Any) -> str | None:
    """Return the id that an answer names; None if it names none that could be asked for again."""
    value = answer.get("id") if isinstance(answer, Mapping) else None
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if text.isprintable() and 0 < len(text) <= MAX_ID_LENGTH else None


def parse_export(answer: Mapping[str, Any], *, export_id: str, state_field: str) -> Export:
    """Read an export from a GraphQL answer, under any of the names its parts are known by.

    `export_id` is the id that was asked for, and stays the export's, whatever the answer says.
    """
    reported, finished_at = answer.get(state_field), answer.get("finishedAt")
    state = sanitized_text(reported, max_length=50) if isinstance(reported, str) else ""
    links = (answer.get(name) for name in LINK_NAMES)
    return Export(
        id=export_id,
        state=STATES.get(state.lower(), ExportState.UNKNOWN),
        reported_state=state,
        link=next((link.strip() for link in links if isinstance(link, str) and link.strip()), None),
        finished_at=parse_time(finished_at) if isinstance(finished_at, str) else None,
        requested_by=_name_in(answer.get("requestedBy")),
        report=_name_in(answer.get("report")),
    )


def _name_in(node: Any) -> str | None:
    """Return the name of a person or a report, or else the id; None if there is neither."""
    values = (node.get("name"), node.get("id")) if isinstance(node, Mapping) else ()
    return next((name for value in values if (name := _short_text(value))), None)


def _short_text(value: Any) -> str:
    is_text = isinstance(value, str | int) and not isinstance(value, bool)
    return sanitized_text(value, max_length=MAX_ID_LENGTH) if is_text else ""


def parse_time(text: str) -> datetime | None:
    """Read an ISO 8601 time that has a zone, as UTC; anything else is None: a guess would be worse."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
