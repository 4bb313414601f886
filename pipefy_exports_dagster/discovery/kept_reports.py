"""The list of reports that were found: JSON, read by whoever builds definitions or runs a command."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

from pipefy_exports_dagster.config.discovery import FoundReport, ReportDiscovery
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.errors import ConfigurationError

VERSION = 1
HOW_TO_REFRESH = (
    "`dg utils refresh-defs-state` in a dg project, or `pipefy-exports reports --refresh`, finds the reports and keeps "
    "the list"
)


@dataclass(frozen=True, slots=True)
class KeptReports:
    """What was found, and when. Reports that are gone stay in it: their assets keep their tables."""

    found_at: datetime
    reports: tuple[FoundReport, ...] = ()
    pipe_reports: tuple[FoundReport, ...] = ()

    @classmethod
    def of_text(cls, text: str) -> Self:
        """Read the list.

        Raises:
            ValueError: It is none.
        """
        try:
            stored = json.loads(text)
            return cls(
                datetime.fromisoformat(stored["found_at"]),
                tuple(_report(each) for each in stored["reports"]),
                tuple(_report(each) for each in stored["pipe_reports"]),
            )
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(str(error)) from None

    def text(self) -> str:
        """Write the list."""
        stored = {"version": VERSION, **asdict(self)}
        return json.dumps(stored, default=_json_value, indent=2, ensure_ascii=False)


def read_kept_reports(path: Path) -> KeptReports:
    """Read a kept list: the one function for the component, the code location and the command line.

    Raises:
        ConfigurationError: The file cannot be read, or is none.
    """
    try:
        return KeptReports.of_text(path.read_text(encoding="utf-8"))
    except OSError as error:
        problem = error.strerror or "an error of the file system"
    except ValueError:  # of JSON and of the encoding, too
        problem = "it is damaged"
    raise ConfigurationError(
        f"the list of reports in {path} cannot be read: {problem}; {HOW_TO_REFRESH} anew"
    )


def with_kept_reports(config: PipefyExportsConfig, kept: KeptReports | None) -> PipefyExportsConfig:
    """Return a configuration with what was found, if anything is kept."""
    if kept is None:
        return config
    found: dict[str, Any] = {}
    if isinstance(config.reports, ReportDiscovery):
        found["reports"] = replace(config.reports, found=kept.reports)
    if isinstance(config.pipe_reports, ReportDiscovery):
        found["pipe_reports"] = replace(config.pipe_reports, found=kept.pipe_reports)
    return replace(config, **found)


def problems_of(config: PipefyExportsConfig) -> list[str]:
    """Return what a person should do about the reports of a configuration that are found by themselves."""
    discoveries = _discoveries(config)
    if any(discovery.found is None for discovery in discoveries):
        return [f"no list of reports is kept yet, so none of them is exported: {HOW_TO_REFRESH}"]
    return [
        f"{pattern!r} of `include` or `exclude` is no report that was found"
        for discovery in discoveries
        for pattern in discovery.unmatched
    ]


def gone_of(config: PipefyExportsConfig) -> list[str]:
    """Return a line for each report that was found once, and that Pipefy does not have any more."""
    return [
        f"Pipefy does not have the report {report} any more, since {report.gone_since}; {report.asset} and its table "
        "stay"
        for discovery in _discoveries(config)
        for report in discovery.chosen
        if report.gone_since
    ]


def _discoveries(config: PipefyExportsConfig) -> list[ReportDiscovery]:
    parts = (config.reports, config.pipe_reports)
    return [part for part in parts if isinstance(part, ReportDiscovery) and part.discover]


def _report(stored: Mapping[str, Any]) -> FoundReport:
    gone = stored.get("gone_since")
    return FoundReport(
        id=str(stored["id"]),
        name=str(stored["name"]),
        asset=str(stored["asset"]),
        pipe_id=stored.get("pipe_id"),
        pipe=stored.get("pipe"),
        gone_since=date.fromisoformat(gone) if gone else None,
    )


def _json_value(value: object) -> str:
    assert isinstance(value, date | datetime)  # noqa: S101 - the list holds nothing else that JSON has not
    return value.isoformat()
