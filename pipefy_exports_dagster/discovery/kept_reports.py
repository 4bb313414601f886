"""The list of reports that were found: JSON, read by whoever builds definitions or runs a command."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

from pipefy_exports_dagster.config.discovery import FoundReport, ReportDiscovery
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.naming import NAME
from pipefy_exports_dagster.errors import ConfigurationError

VERSION = 1
LONGEST_ID = 18
"""Digits."""
HOW_TO_REFRESH = (
    "`dg utils refresh-defs-state` in a dg project, or `pipefy-exports reports --refresh`, finds the reports and keeps "
    "the list"
)


@dataclass(frozen=True, slots=True)
class KeptReports:
    """What was found, and when. Reports that are gone stay in it: their assets keep their tables.

    `of` is whose they are, by organization and prefix: a list never stands for another's.
    """

    of: str
    found_at: datetime
    reports: tuple[FoundReport, ...] = ()
    pipe_reports: tuple[FoundReport, ...] = ()

    @classmethod
    def of_text(cls, text: str) -> Self:
        """Read the list.

        Raises:
            ValueError: It is none, or one of a newer release.
        """
        try:
            stored = json.loads(text)
            if stored["version"] > VERSION:
                raise ValueError("it is of a newer release")
            return cls(
                str(stored["of"]),
                datetime.fromisoformat(stored["found_at"]),
                tuple(_report(each) for each in stored["reports"]),
                tuple(_report(each, of_pipe=True) for each in stored["pipe_reports"]),
            )
        except (KeyError, TypeError, AttributeError, RecursionError):
            raise ValueError("it is damaged") from None

    def text(self) -> str:
        """Write the list."""
        stored = {"version": VERSION, **asdict(self)}
        return json.dumps(stored, default=_json_value, indent=2, ensure_ascii=False)


def owner_of(config: PipefyExportsConfig) -> str:
    """Name the organization and the prefix of a configuration: also the key of the state that keeps its list."""
    return f"PipefyExports[{config.organization_id}{'/'.join(('', *config.prefix))}]"


def read_kept_reports(path: Path, config: PipefyExportsConfig) -> KeptReports:
    """Read a kept list: the one function for the component, the code location and the command line.

    Raises:
        ConfigurationError: The file cannot be read, is none, or is of another organization or prefix.
    """
    try:
        kept = KeptReports.of_text(path.read_text(encoding="utf-8"))
    except OSError as error:
        problem = error.strerror or "an error of the file system"
    except UnicodeDecodeError:
        problem = "it is damaged"
    except ValueError as error:
        problem = str(error) if str(error).startswith("it is") else "it is damaged"
    else:
        if kept.of == owner_of(config):
            return kept
        problem = (
            f"it is of {kept.of}, and not of {owner_of(config)}; has another configuration the same key?"
        )
    raise ConfigurationError(
        f"the list of reports in {path} cannot be used: {problem}. Restore it from a backup, or delete it and find the "
        f"reports anew: then assets may get other names. {HOW_TO_REFRESH}"
    )


def is_number(text: object) -> bool:
    """Whether an id is one that a configuration can have: a number above 0."""
    if not isinstance(text, str) or not text.isascii() or not text.isdigit():
        return False
    return len(text) <= LONGEST_ID and int(text) > 0


def with_kept_reports(config: PipefyExportsConfig, kept: KeptReports | None) -> PipefyExportsConfig:
    """Return a configuration with what was found; with nothing where nothing is kept."""
    found: dict[str, Any] = {}
    if isinstance(config.reports, ReportDiscovery):
        reports = kept.reports if kept else ()
        found["reports"] = replace(config.reports, found=reports, is_kept=kept is not None)
    if isinstance(config.pipe_reports, ReportDiscovery):
        reports = kept.pipe_reports if kept else ()
        found["pipe_reports"] = replace(config.pipe_reports, found=reports, is_kept=kept is not None)
    return replace(config, **found)


def not_read(config: PipefyExportsConfig) -> bool:
    """Whether reports are to be found by themselves, and nobody has looked into the list that is kept."""
    return any(discovery.found is None for discovery in _discoveries(config))


def problems_of(config: PipefyExportsConfig) -> list[str]:
    """Return what a person should do about the reports of a configuration that are found by themselves."""
    discoveries = _discoveries(config)
    if not all(discovery.is_kept for discovery in discoveries):
        return [f"no list of reports is kept yet, so none of them is exported: {HOW_TO_REFRESH}"]
    problems = []
    for name in ("reports", "pipe_reports"):
        discovery = getattr(config, name)
        if not isinstance(discovery, ReportDiscovery) or not discovery.discover:
            continue
        problems += [
            f"{one!r} of `{name}.include` is no report that was found" for one in discovery.unmatched
        ]
        if discovery.found and not discovery.chosen and not discovery.unmatched:
            problems.append(
                f"`include` and `exclude` of `{name}` leave none of the {len(discovery.found)} reports that were found"
            )
    return problems


def gone_of(config: PipefyExportsConfig) -> list[str]:
    """Return a line for each report that was found once, and that Pipefy does not have any more."""
    return [
        f"Pipefy does not have the report {report} any more, since {report.gone_since}; "
        f"{config.asset(report.asset)} and its table stay"
        for discovery in _discoveries(config)
        for report in discovery.chosen
        if report.gone_since
    ]


def _discoveries(config: PipefyExportsConfig) -> list[ReportDiscovery]:
    parts = (config.reports, config.pipe_reports)
    return [part for part in parts if isinstance(part, ReportDiscovery) and part.discover]


def _report(stored: Mapping[str, Any], *, of_pipe: bool = False) -> FoundReport:
    gone = stored.get("gone_since")
    report = FoundReport(
        id=stored["id"],
        name=str(stored["name"]),
        asset=stored["asset"],
        pipe_id=stored.get("pipe_id"),
        pipe=stored.get("pipe"),
        gone_since=date.fromisoformat(gone) if gone else None,
    )
    if not is_number(report.id) or (of_pipe and not is_number(report.pipe_id)):
        raise ValueError("it is damaged")
    if not isinstance(report.asset, str) or not NAME.fullmatch(report.asset):
        raise ValueError("it is damaged")
    return report


def _json_value(value: object) -> str:
    assert isinstance(value, date | datetime)  # noqa: S101 - the list holds nothing else that JSON has not
    return value.isoformat()
