"""Asking Pipefy for an organization's saved reports, and putting them with what was found before."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from pipefy_exports_dagster.config.discovery import FoundReport, ReportDiscovery
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.discovery.asset_names import AssetNames
from pipefy_exports_dagster.discovery.kept_reports import KeptReports, is_number, owner_of
from pipefy_exports_dagster.errors import PermissionDeniedError
from pipefy_exports_dagster.pipefy.organization import require_organization_id

if TYPE_CHECKING:
    from pipefy_exports_dagster.pipefy.client import PipefyClient


@dataclass(frozen=True, slots=True)
class ReportFinder:
    """Finds the reports of a configuration. Nothing is exported.

    Args:
        client: Asks Pipefy.
        config: Says which kinds of reports are found by themselves.
        before: What was found before: its assets keep their names.
        now: The time.
        on_progress: Hears what is being asked for.
        on_warning: Hears of what was left out.
    """

    client: "PipefyClient"
    config: PipefyExportsConfig
    before: KeptReports | None
    now: datetime
    on_progress: Callable[[str], None] = lambda _: None
    on_warning: Callable[[str], None] = lambda _: None
    _unseen_pipes: set[str] = field(default_factory=set, repr=False)

    def find(self) -> KeptReports:
        """Return the reports there are, and those that are gone.

        Raises:
            PipefyExportsError: Pipefy refuses or does not answer; what was found before still holds.
        """
        before = self.before or KeptReports(owner_of(self.config), self.now)
        reports, pipe_reports = before.reports, before.pipe_reports
        here = list(self._organizations()) if _discovers(self.config.reports) else None
        of_pipes = list(self._pipes()) if _discovers(self.config.pipe_reports) else None
        others = [export.name for export in self.config.exports if export.name not in self.config.found]
        names = AssetNames([*others, *(report.asset for report in (*reports, *pipe_reports))])
        if here is not None:
            reports = self._together(reports, here, names, kind="report")
        if of_pipes is not None:
            pipe_reports = self._together(pipe_reports, of_pipes, names, kind="pipe_report")
        return KeptReports(owner_of(self.config), self.now, reports, pipe_reports)

    def _organizations(self) -> Iterator[FoundReport]:
        from pipefy_exports_dagster.pipefy.look_ups import list_reports  # imports httpx

        id_ = require_organization_id(self.config.organization_id)
        on_page = lambda count: self.on_progress(f"{count} reports so far")  # noqa: E731
        self.on_progress("asking for the organization's reports")
        for report in list_reports(self.client, id_, on_page=on_page):
            yield FoundReport(report.id, report.name, asset="")

    def _pipes(self) -> Iterator[FoundReport]:
        from pipefy_exports_dagster.pipefy.look_ups import find_pipe, list_pipe_reports, list_pipes

        pipes = list_pipes(self.client, require_organization_id(self.config.organization_id))
        for number, listed in enumerate(pipes, 1):
            if not is_number(listed.id):
                self.on_warning(
                    f"the pipe {listed.name!r} has the id {listed.id!r}, which is no number: left out"
                )
                continue
            self.on_progress(f"asking for the reports of {listed.name!r}, {number} of {len(pipes)} pipes")
            try:
                pipe = find_pipe(self.client, listed.id)
                reports = list(list_pipe_reports(self.client, pipe)) if pipe else []
            except PermissionDeniedError:
                self._unseen_pipes.add(listed.id)
                self.on_warning(
                    f"the credentials may not see the pipe {listed.name!r} ({listed.id}): what was found of it before "
                    "stays as it is"
                )
                continue
            for report in reports:
                yield FoundReport(report.id, report.name, asset="", pipe_id=listed.id, pipe=listed.name)

    def _together(
        self, before: Iterable[FoundReport], here: Iterable[FoundReport], names: AssetNames, *, kind: str
    ) -> tuple[FoundReport, ...]:
        """Return all reports by their ids: those known keep their assets, new ones get names, missing ones are gone."""
        known = {report.id: report for report in before}
        found: dict[str, FoundReport] = {}
        for report in sorted(here, key=lambda each: (len(each.id), each.id)):
            if report.id in found:
                continue  # it is on two pages
            if not is_number(report.id):
                self.on_warning(
                    f"the report {report.name!r} has the id {report.id!r}, which is no number: left out"
                )
            elif report.id in known:
                found[report.id] = replace(report, asset=known[report.id].asset)
            else:
                found[report.id] = replace(report, asset=names.name(report.name, report.id, kind=kind))
        for report in known.values():
            if report.id not in found:
                is_seen = report.pipe_id not in self._unseen_pipes
                gone_since = report.gone_since or (self.now.date() if is_seen else None)
                found[report.id] = replace(report, gone_since=gone_since)
        return tuple(sorted(found.values(), key=lambda each: (len(each.id), each.id)))


def _discovers(part: object) -> bool:
    return isinstance(part, ReportDiscovery) and part.discover
