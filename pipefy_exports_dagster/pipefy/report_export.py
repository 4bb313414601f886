"""What the exports of cards have in common, whichever report they are of.

None has a period argument, so a period becomes a filter; each may name a saved report, whose columns and filter are
looked up when an export is created. Date columns are in the file only where `columns` names them (the vendor's MCP
server says so; the guide says otherwise), so `columns` is sent in any case: the saved report's fields, and the date
field of the period.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pipefy_exports_dagster.config.setting_names import ALLOW_WIDER_ROWS
from pipefy_exports_dagster.errors import ConfigurationError, InvalidFilterError, RequestRejectedError
from pipefy_exports_dagster.periods import Period, Window
from pipefy_exports_dagster.pipefy.creating import before_create, created_from
from pipefy_exports_dagster.pipefy.export import CreatedExport, Export
from pipefy_exports_dagster.pipefy.foreign_text import sanitized_text
from pipefy_exports_dagster.pipefy.refreshing import refresh_export
from pipefy_exports_dagster.pipefy.report_filter import MAX_DEPTH, check_filter, combined_filter

if TYPE_CHECKING:
    from pipefy_exports_dagster.pipefy.client import PipefyClient

EMPTY_KEYS = {"id", "lastId", "operator", "queries", "groups"}
SORT_DIRECTIONS = ("asc", "desc")


@dataclass(frozen=True, slots=True)
class ReportExport(ABC):
    """Creates and follows exports of one report."""

    organization_id: str | None
    report: Any
    """Its settings, `ReportSettings`; each kind has those of its own class."""
    label: ClassVar[str]
    refresh_field: ClassVar[str]
    state_field: ClassVar[str] = "state"
    create_field: ClassVar[str]
    """The mutation's field, a dot, and the field of its answer that holds the export."""
    create_document: ClassVar[str]
    refresh_document: ClassVar[str]

    @property
    @abstractmethod
    def saved_id(self) -> int | None:
        """The saved report's id; None if the configuration says all."""

    @property
    @abstractmethod
    def saved_id_setting(self) -> str:
        """What a person sets to the saved report's id, such as `PIPEFY_ORGANIZATION_REPORT_ID`."""

    @property
    def where(self) -> str:
        """Where the saved report is looked for, such as ` in the pipe 301`; empty for the organization."""
        return ""

    @abstractmethod
    def subject(self) -> dict[str, Any]:
        """Return the part of the mutation's input that says which report of which organization or pipe.

        Raises:
            ConfigurationError: The configuration does not say it.
        """

    @abstractmethod
    def saved_report(self, client: "PipefyClient") -> Mapping[str, Any] | None:
        """Return the saved report's `name`, `fields` and `filter` as Pipefy has them; None if there is none."""

    def request(self, period: Period) -> Mapping[str, Any]:
        """Return the mutation's input, as far as it is known without asking Pipefy.

        A saved report's own columns and filter are not in it: they are looked up when an export is created, and a
        pending export is resumed without a look-up.

        Raises:
            ConfigurationError: The configuration cannot give a usable export.
        """
        report = self.report
        request = self.subject()
        own_filters = [check_filter(report.filter)] if report.filter else []
        if report.columns:
            request["columns"] = list(report.columns)
        if report.sort_by:
            request["sortBy"] = _check_sort(report.sort_by)
        if filter_ := combined_filter(self.window(period), report.period_field, own_filters):
            request["filter"] = filter_
        return request

    def window(self, period: Period) -> Window | None:
        """Return the dates sent as the filter; None without a `period_field`."""
        return period.window if self.report.period_field else None

    def create(self, client: "PipefyClient", period: Period, *, dialect: str | None = None) -> CreatedExport:  # noqa: ARG002 - this export has one dialect
        """Ask for a new export.

        Raises:
            ConfigurationError: The configuration cannot give a usable export, or the saved report's filter cannot be
                sent along.
            RequestRejectedError: There is no such saved report.
            CreateAnswerLostError: An export may exist.
        """
        request = dict(self.request(period))
        columns: Sequence[str] = self.report.columns
        warnings: list[str] = []
        name = None
        if self.saved_id is not None:
            with before_create():
                saved = self._known_saved_report(client)
            name = sanitized_text(saved["name"]) if isinstance(saved.get("name"), str) else None
            if filter_ := self._saved_filter(saved, warnings):
                groups = [*request.get("filter", {}).get("groups", []), filter_]
                request["filter"] = {"operator": "and", **request.get("filter", {}), "groups": groups}
            columns = columns or self._saved_columns(saved, warnings)
        if columns:
            request["columns"] = with_period_field(columns, self.report.period_field)
        answer = client.execute(self.create_document, {"input": request}, field=self.create_field)
        return created_from(
            answer,
            state_field=self.state_field,
            request=request,
            dialect="input object",
            report_name=name,
            warnings=tuple(warnings),
        )

    def refresh(self, client: "PipefyClient", export_id: str) -> Export:
        """Ask for the export's state and link.

        Raises:
            ExportNotFoundError: Pipefy does not know it.
        """
        return refresh_export(
            client,
            self.refresh_document,
            field=self.refresh_field,
            export_id=export_id,
            state_field=self.state_field,
            label=self.label,
        )

    def _known_saved_report(self, client: "PipefyClient") -> Mapping[str, Any]:
        try:
            saved = self.saved_report(client)
        except RequestRejectedError as error:
            if not error.not_found:
                raise
            saved = None
        if saved is None:
            raise RequestRejectedError(
                f"Pipefy does not know the saved report {self.saved_id}{self.where}: check {self.saved_id_setting}; it "
                "is the number at the end of the report's address"
            )
        return saved

    def _saved_columns(self, saved: Mapping[str, Any], warnings: list[str]) -> Sequence[str]:
        fields = saved.get("fields")
        if isinstance(fields, list) and fields and all(isinstance(name, str) and name for name in fields):
            return fields
        warnings.append(
            f"Pipefy does not say which columns the saved report {self.saved_id} has, so the request names none, and "
            "the file may be without dates. Give `columns` in the configuration to name them"
        )
        return ()

    def _saved_filter(self, saved: Mapping[str, Any], warnings: list[str]) -> dict[str, Any] | None:
        filter_, problem = filter_to_send(saved.get("filter"))
        if not problem:
            return filter_
        what = (
            f"the saved report {self.saved_id} has a filter of its own that cannot be sent along ({problem})"
        )
        if not self.report.allow_wider_rows:
            raise ConfigurationError(
                f"{what}: the file could hold rows that it leaves out in Pipefy, so no export was asked for. Save the "
                f"report's filter again in Pipefy, or set {ALLOW_WIDER_ROWS} to true on the report to export it all "
                "the same"
            )
        warnings.append(f"{what}; rows that it leaves out in Pipefy may be in the export")
        return None


def with_period_field(columns: Sequence[str], period_field: str) -> list[str]:
    """Return the columns to name in a request: Pipefy leaves out date columns that are not named."""
    return [*columns, *([period_field] if period_field and period_field not in columns else [])]


def filter_to_send(saved: Any) -> tuple[dict[str, Any] | None, str]:
    """Return a saved report's own filter as an export can take it, and why it cannot; empty if it can.

    It is not public whether the `filter` argument replaces it, so it is sent as well.
    """
    saved = _without_empty_groups(saved)
    if not saved or (isinstance(saved, Mapping) and saved.keys() <= EMPTY_KEYS and not _conditions(saved)):
        return None, ""
    try:
        return check_filter(saved, "its filter"), ""
    except InvalidFilterError as error:
        return None, sanitized_text(error)


def _without_empty_groups(saved: Any, *, depth: int = 1) -> Any:
    """Return a filter without groups that have no conditions: they leave out nothing, and the input takes none."""
    groups = saved.get("groups") if isinstance(saved, Mapping) else None
    if not isinstance(groups, list) or depth > MAX_DEPTH:
        return saved
    left = [_without_empty_groups(group, depth=depth + 1) for group in groups]
    empty = [
        isinstance(each, Mapping) and each.keys() <= EMPTY_KEYS and not _conditions(each) for each in left
    ]
    return {**saved, "groups": [each for each, is_empty in zip(left, empty, strict=True) if not is_empty]}


def _conditions(saved: Mapping[str, Any]) -> bool:
    return any(saved.get(key) for key in ("queries", "groups"))


def _check_sort(sort_by: Mapping[str, str]) -> dict[str, str]:
    if set(sort_by) != {"field", "direction"} or sort_by["direction"] not in SORT_DIRECTIONS:
        raise ConfigurationError(
            f"sort_by {dict(sort_by)!r} has to be {{'field': <name>, 'direction': 'asc' or 'desc'}}"
        )
    return dict(sort_by)
