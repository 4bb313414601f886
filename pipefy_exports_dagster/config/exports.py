"""The exports of the one configuration: what is asked for, and how its files are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipefy_exports_dagster.config.field_checks import check_fields
from pipefy_exports_dagster.config.naming import check_name
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import ConfigurationError

LAST_3_MONTHS_WINDOWS = ("complete", "including_current", "unknown")


def _refuse_one_text(name: str, texts: Sequence[str]) -> None:
    if isinstance(texts, str):
        raise ConfigurationError(f"`{name}` is {texts!r}; give a list of names, such as ['title']")


def _check_report(report: "ReportSettings") -> None:
    check_fields(report)
    check_name(report.name)
    _refuse_one_text("columns", report.columns)
    _refuse_one_text("key", report.key)
    object.__setattr__(report, "columns", tuple(report.columns))


@dataclass(frozen=True, slots=True)
class AutomationJobs:
    """The export of an organization's automation jobs.

    Args:
        name: Name of the asset and of its table.
        time_column: Name or header of the column that says to which month a row belongs in the history; found
            where that is clear.
        last_3_months_window: What `last_3_months` covers, which Pipefy does not publish: `complete` (the three
            months before this one), `including_current` (this one and the two before) or `unknown`.
        key: Names or headers of the columns that no two rows of a slice share; checked after each load.
        reading: How its files are read.
        schedule: Whether the schedules export it.
    """

    name: str = "automation_jobs_export"
    time_column: str | None = None
    key: tuple[str, ...] = ()
    last_3_months_window: str = "unknown"
    reading: ReadOptions = field(default_factory=ReadOptions)
    schedule: bool = True

    def __post_init__(self) -> None:
        """Refuse a window that means nothing, and one name in place of several."""
        check_fields(self)
        check_name(self.name)
        _refuse_one_text("key", self.key)
        if self.last_3_months_window not in LAST_3_MONTHS_WINDOWS:
            raise ConfigurationError(
                f"`last_3_months_window` is {self.last_3_months_window!r}; use {', '.join(LAST_3_MONTHS_WINDOWS)}"
            )


@dataclass(frozen=True, slots=True)
class PipeReport:
    """A saved report of a pipe.

    Args:
        name: Name of the asset and of its table.
        pipe_id: The pipe: the number after `/pipes/` in its page's address.
        pipe_report_id: The saved report: the number at the end of its page's address.
        columns: Field names to export; the saved report's if none are given. `period_field` is added to them.
        filter: A `ReportCardsFilter`: `{operator: and, queries: [{field, operator, value}], groups: []}`. It is
            ANDed with the period and with the saved report's own filter.
        sort_by: `{field: ..., direction: asc}`, or `desc`.
        period_field: The date field on which the partition's period becomes a condition. Empty: no condition, and
            each partition holds the whole report.
        time_column: Name or header of the column that says to which month a row belongs in the history; found
            where that is clear.
        key: Names or headers of the columns that no two rows of a slice share; checked after each load.
        reading: How its files are read.
        allow_wider_rows: Whether the report is exported although the saved report's own filter cannot be sent along,
            so that the file may hold rows that the filter leaves out.
        schedule: Whether the schedules export it.
    """

    name: str = "pipe_report_export"
    pipe_id: int | None = None
    pipe_report_id: int | None = None
    columns: tuple[str, ...] = ()
    filter: Mapping[str, Any] | None = None
    sort_by: Mapping[str, str] | None = None
    period_field: str = "created_at"
    time_column: str | None = None
    key: tuple[str, ...] = ()
    reading: ReadOptions = field(default_factory=ReadOptions)
    allow_wider_rows: bool = False
    schedule: bool = True

    def __post_init__(self) -> None:
        """Refuse one column's name in place of several: its letters would be taken for columns."""
        _check_report(self)


@dataclass(frozen=True, slots=True)
class Report:
    """An organization report to export: a saved report, or the columns given here.

    Args:
        name: Name of the asset and of its table.
        organization_report_id: The saved report: the number at the end of its page's address.
        pipe_ids: Pipes to include; all that the token sees, or the saved report's, if none are given.
        columns: Field names to export; the saved report's if none are given. `period_field` is added to them.
        filter: A `ReportCardsFilter`: `{operator: and, queries: [{field, operator, value}], groups: []}`. It is
            ANDed with the period and with the saved report's own filter.
        sort_by: `{field: ..., direction: asc}`, or `desc`.
        period_field: The date field on which the partition's period becomes a condition. Empty: no condition, and
            each partition holds the whole report.
        time_column: Name or header of the column that says to which month a row belongs in the history; found
            where that is clear.
        key: Names or headers of the columns that no two rows of a slice share; checked after each load.
        reading: How its files are read.
        allow_wider_rows: Whether the report is exported although the saved report's own filter cannot be sent along,
            so that the file may hold rows that the filter leaves out.
        schedule: Whether the schedules export it.
    """

    name: str = "organization_report_export"
    organization_report_id: int | None = None
    pipe_ids: tuple[int, ...] = ()
    columns: tuple[str, ...] = ()
    filter: Mapping[str, Any] | None = None
    sort_by: Mapping[str, str] | None = None
    period_field: str = "created_at"
    time_column: str | None = None
    key: tuple[str, ...] = ()
    reading: ReadOptions = field(default_factory=ReadOptions)
    allow_wider_rows: bool = False
    schedule: bool = True

    def __post_init__(self) -> None:
        """Refuse one column's name in place of several: its letters would be taken for columns."""
        _check_report(self)


ReportSettings = Report | PipeReport
"""The settings of an export of cards, of whichever report."""
ExportSettings = AutomationJobs | ReportSettings
"""The settings of one export, of whichever kind."""
