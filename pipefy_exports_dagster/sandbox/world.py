"""Everything that the sandbox's Pipefy knows: what any export must contain can be asked here."""

import functools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from pipefy_exports_dagster.sandbox import jobs
from pipefy_exports_dagster.sandbox.cards import Card, cards_of_month
from pipefy_exports_dagster.sandbox.clock import SandboxClock
from pipefy_exports_dagster.sandbox.fields import DATE_KINDS, Field, Value
from pipefy_exports_dagster.sandbox.filters import Predicate, compile_filter
from pipefy_exports_dagster.sandbox.jobs import Job, jobs_of_month
from pipefy_exports_dagster.sandbox.organizations import Pipe, SandboxOrganization, build_organizations
from pipefy_exports_dagster.sandbox.periods import SandboxMonth, SandboxPeriod, months_of
from pipefy_exports_dagster.sandbox.refusals import invalid_input, not_found
from pipefy_exports_dagster.sandbox.reports import (
    ReportRequest,
    SandboxReport,
    Sort,
    build_pipe_reports,
    build_reports,
    fields_of,
)
from pipefy_exports_dagster.sandbox.settings import DateColumns, SandboxSettings
from pipefy_exports_dagster.sandbox.tables import Cell, Table
from pipefy_exports_dagster.sandbox.volume import MonthlyVolume
from pipefy_exports_dagster.sandbox.well_known import ORGANIZATION_ID


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """A request for a report with everything looked up and checked."""

    columns: tuple[Field, ...]
    pipes: tuple[Pipe, ...]
    predicate: Predicate
    sort: Sort | None


class World:
    """Organizations and their rows, made month by month when they are first asked for."""

    def __init__(self, settings: SandboxSettings, clock: SandboxClock) -> None:
        self._settings = settings
        self._clock = clock
        self._start = clock.now().replace(microsecond=0)
        self._lock = threading.RLock()
        self.organizations = {o.id: o for o in build_organizations(settings.organizations, settings.pipes)}
        self._reports = {
            report.id: (organization, report)
            for organization in self.organizations.values()
            for report in build_reports(organization, settings.reports)
        }
        self._pipe_reports = {
            report.id: (organization, report)
            for organization in self.organizations.values()
            for report in build_pipe_reports(organization, settings.pipe_reports)
        }
        # Bound to this world, so that its rows are freed with it.
        self._jobs = functools.cache(self._make_jobs)
        self._cards = functools.cache(self._make_cards)

    def reports(self, organization_id: str) -> list[SandboxReport]:
        """Return an organization's saved reports, in the order of their ids."""
        return [report for owner, report in self._reports.values() if owner.id == organization_id]

    def report(self, report_id: str) -> tuple[SandboxOrganization, SandboxReport]:
        """Return a saved report and the organization that owns it.

        Raises:
            Refusal: There is no such report.
        """
        if report_id not in self._reports:
            raise not_found("Organization report", report_id)
        return self._reports[report_id]

    def pipe(self, *, id_: str | None = None, uuid: str | None = None) -> tuple[SandboxOrganization, Pipe]:
        """Return a pipe by its id or its uuid, and the organization that owns it.

        Raises:
            Refusal: There is no such pipe.
        """
        for organization in self.organizations.values():
            for pipe in organization.pipes:
                if id_ == pipe.id or uuid == pipe.uuid:
                    return organization, pipe
        raise not_found("Pipe", id_ or uuid)

    def pipe_reports(self, pipe: Pipe) -> list[SandboxReport]:
        """Return a pipe's saved reports, in the order of their ids."""
        return [report for _, report in self._pipe_reports.values() if report.pipes == (pipe,)]

    def change_report(self, report_id: str, **changes: Any) -> None:
        """Let somebody change a saved report, of an organization or of a pipe: its name, for example."""
        for reports in (self._reports, self._pipe_reports):
            if report_id in reports:
                owner, report = reports[report_id]
                reports[report_id] = owner, replace(report, **changes)

    def copy_report(self, report_id: str, new_id: str) -> None:
        """Let somebody save a copy of a report, under the same name."""
        for reports in (self._reports, self._pipe_reports):
            if report_id in reports:
                owner, report = reports[report_id]
                reports[new_id] = owner, replace(report, id=new_id)

    def delete_report(self, report_id: str) -> None:
        """Let somebody delete a saved report."""
        for reports in (self._reports, self._pipe_reports):
            reports.pop(report_id, None)

    def automation_jobs(
        self, period: SandboxPeriod | str, now: datetime | None = None, organization_id: str = ORGANIZATION_ID
    ) -> Table:
        """Return what an export of automation jobs contains that is created at `now`."""
        now = now or self._clock.now()
        organization = self.organizations[organization_id]
        months = months_of(
            SandboxPeriod(period), now, last_3_includes_current=self._settings.last_3_months_includes_current
        )
        rows = [
            job.row
            for month in months
            for job in self.jobs_of_month(month, organization_id)
            if job.started_at <= now
        ]
        return Table(jobs.HEADERS[organization.language], rows)

    def jobs_of_month(self, month: SandboxMonth, organization_id: str = ORGANIZATION_ID) -> tuple[Job, ...]:
        """Return a month's jobs, also those that the clock has not come to yet."""
        with self._lock:
            return self._jobs(organization_id, month)

    def cards(self, now: datetime, organization_id: str = ORGANIZATION_ID) -> Iterator[Card]:
        """Yield the cards created up to `now`, oldest first."""
        month = self._volume(self.organizations[organization_id], "cards").first_month()
        while month <= SandboxMonth.of(now):
            with self._lock:
                cards = self._cards(organization_id, month)
            yield from (card for card in cards if card.created_at <= now)
            month = month.plus(1)

    def plan_report(self, request: ReportRequest) -> ReportPlan:
        """Look up and check all that a report asks for.

        What the request leaves out comes from the saved report, where it names one; with neither
        columns nor a report there are no columns at all. A saved report's columns of dates are left out
        unless the settings say otherwise: they have to be named.

        Raises:
            Refusal: It names something that does not exist, or a filter means nothing.
        """
        organization = self.organizations[request.organization_id]
        saved = self._saved_report(request)
        fields = fields_of(organization, request.pipe_id)
        names = request.columns or (saved.fields if saved else ())
        sort = request.sort or (saved.sort if saved else None)
        for name in (*names, *([sort.field] if sort else [])):
            if name not in fields:
                raise invalid_input(f"unknown field {name!r}")
        filter_ = request.filter or (saved.filter if saved else None)
        columns = tuple(fields[name] for name in names)
        if not request.columns and self._settings.date_columns is DateColumns.NAMED:
            columns = tuple(column for column in columns if column.kind not in DATE_KINDS)
        return ReportPlan(
            columns=columns,
            pipes=_choose_pipes(organization, request.pipe_ids, saved),
            predicate=compile_filter(filter_ or {}, fields),
            sort=sort,
        )

    def organization_report(self, request: ReportRequest, now: datetime | None = None) -> Table:
        """Return what an export of a report contains that is created at `now`."""
        now = now or self._clock.now()
        plan = self.plan_report(request)
        cards = self._listed(plan, request.organization_id, now)
        if plan.sort is not None:
            cards = _sorted(cards, plan.sort, now)
        names = [field.name for field in plan.columns]
        rows = [tuple(_cell(card.value(name, now)) for name in names) for card in cards] if names else []
        return Table(tuple(field.title for field in plan.columns), rows)

    def card_count(self, report: SandboxReport, organization_id: str) -> int:
        """Count the cards that a saved report lists now."""
        plan = self.plan_report(ReportRequest(organization_id, report_id=report.id))
        return len(self._listed(plan, organization_id, self._clock.now()))

    def _listed(self, plan: ReportPlan, organization_id: str, now: datetime) -> list[Card]:
        pipes = {pipe.id for pipe in plan.pipes}
        return [
            card
            for card in self.cards(now, organization_id)
            if card.pipe.id in pipes and plan.predicate(card, now)
        ]

    def _saved_report(self, request: ReportRequest) -> SandboxReport | None:
        if request.report_id is None:
            return None
        if request.pipe_id is not None:
            _, report = self._pipe_reports.get(request.report_id, (None, None))
            if report is None or report.pipes[0].id != request.pipe_id:
                raise not_found("Pipe report", request.report_id)
            return report
        owner, report = self.report(request.report_id)
        if owner.id != request.organization_id:
            raise not_found("Organization report", request.report_id)
        return report

    def _volume(self, organization: SandboxOrganization, kind: str) -> MonthlyVolume:
        total = self._settings.jobs if kind == "jobs" else self._settings.cards
        return MonthlyVolume(
            seed=self._settings.seed,
            stream=f"{kind}/{organization.id}",
            total=total if organization.number == 0 else total // 4,
            start=self._start,
        )

    def _make_jobs(self, organization_id: str, month: SandboxMonth) -> tuple[Job, ...]:
        organization = self.organizations[organization_id]
        volume = self._volume(organization, "jobs")
        return tuple(jobs_of_month(organization, month, volume, self._cards(organization_id, month)))

    def _make_cards(self, organization_id: str, month: SandboxMonth) -> tuple[Card, ...]:
        organization = self.organizations[organization_id]
        return tuple(cards_of_month(organization, month, self._volume(organization, "cards")))


def _choose_pipes(
    organization: SandboxOrganization, pipe_ids: tuple[str, ...] | None, saved: SandboxReport | None
) -> tuple[Pipe, ...]:
    if not pipe_ids:
        return saved.pipes if saved else organization.pipes
    pipes = {pipe.id: pipe for pipe in organization.pipes}
    for pipe_id in pipe_ids:
        if pipe_id not in pipes:
            raise not_found("Pipe", pipe_id)
    return tuple(pipes[pipe_id] for pipe_id in pipe_ids)


def _sorted(cards: list[Card], sort: Sort, now: datetime) -> list[Card]:
    """Sort cards by a field, blanks last in either direction, equals in their old order."""

    def key(card: Card) -> Any:
        value = card.value(sort.field, now)
        # A column of numbers and texts is sorted as numbers first, then texts.
        return (isinstance(value, str), value)

    filled = [card for card in cards if card.value(sort.field, now) not in (None, ())]
    blank = [card for card in cards if card.value(sort.field, now) in (None, ())]
    return [*sorted(filled, key=key, reverse=sort.descending), *blank]


def _cell(value: Value) -> Cell:
    if isinstance(value, tuple):
        return ", ".join(value) or None
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    return value
