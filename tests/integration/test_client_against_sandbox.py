"""The client from a request for an export to a file on disk, against the sandbox over HTTP."""

import csv
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from pipefy_exports_dagster.clock import SystemClock
from pipefy_exports_dagster.config.exports import PipeReport, Report
from pipefy_exports_dagster.config.model import Connection, PollPolicy
from pipefy_exports_dagster.errors import (
    AuthenticationError,
    ConfigurationError,
    ExportFailedError,
    ExportNotFoundError,
    PermissionDeniedError,
    RequestRejectedError,
)
from pipefy_exports_dagster.periods import Period, PeriodFilter, month_of
from pipefy_exports_dagster.pipefy.automation_jobs import AutomationJobsExport
from pipefy_exports_dagster.pipefy.client import PipefyClient
from pipefy_exports_dagster.pipefy.creating import create_with_retry
from pipefy_exports_dagster.pipefy.credentials import Credentials, ServiceAccount, StaticToken
from pipefy_exports_dagster.pipefy.download import download_export
from pipefy_exports_dagster.pipefy.export import CreatedExport, Export, ExportKind
from pipefy_exports_dagster.pipefy.organization_report import OrganizationReportExport
from pipefy_exports_dagster.pipefy.pipe_report import PipeReportExport
from pipefy_exports_dagster.pipefy.polling import await_export
from pipefy_exports_dagster.raw_files.folder import suffix_for
from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings
from pipefy_exports_dagster.sandbox.settings import ApiDialect, FileFormat
from pipefy_exports_dagster.sandbox.well_known import (
    CLIENT_ID,
    CLIENT_SECRET,
    FORBIDDEN_ORGANIZATION_ID,
    ORGANIZATION_ID,
    PIPE_ID,
    PIPE_REPORT_ID,
    REPORT_ID,
    TOKEN,
)

JOBS = AutomationJobsExport(ORGANIZATION_ID)
REPORT = OrganizationReportExport(ORGANIZATION_ID, Report(organization_report_id=int(REPORT_ID)))
PIPE_REPORT = PipeReportExport(
    ORGANIZATION_ID, PipeReport(pipe_id=int(PIPE_ID), pipe_report_id=int(PIPE_REPORT_ID))
)
KINDS: dict[str, ExportKind] = {kind.label: kind for kind in (JOBS, REPORT, PIPE_REPORT)}
ACCOUNT = ServiceAccount(CLIENT_ID, CLIENT_SECRET)
FAST = PollPolicy(min_interval_s=0.05, max_interval_s=0.2, timeout_s=20)


@dataclass
class Session:
    """A client at a sandbox, and a folder for its files."""

    sandbox: Sandbox
    client: PipefyClient
    folder: Path

    def create(
        self, kind: ExportKind, period_filter: PeriodFilter = PeriodFilter.LAST_MONTH
    ) -> CreatedExport:
        period = Period(period_filter, month_of(self.sandbox.clock.now(), ZoneInfo("UTC")))
        return create_with_retry(
            lambda: kind.create(self.client, period), clock=SystemClock(), label=kind.label
        )

    def wait(self, kind: ExportKind, created: CreatedExport) -> Export:
        return await_export(
            created.export,
            refresh=lambda export_id: kind.refresh(self.client, export_id),
            requested_at=SystemClock().now(),
            policy=FAST,
            clock=SystemClock(),
            label=kind.label,
            on_state=lambda _export, _elapsed_s: None,
        )

    def download(self, kind: ExportKind, export: Export) -> Path:
        target = self.folder / f"{export.id}.part"
        downloaded = download_export(
            export,
            target,
            refresh=lambda export_id: kind.refresh(self.client, export_id),
            connection=self.client.connection,
            clock=SystemClock(),
        )
        assert target.stat().st_size == downloaded.size_bytes
        return target

    def fetch(self, kind: ExportKind, period_filter: PeriodFilter = PeriodFilter.LAST_MONTH) -> Path:
        return self.download(kind, self.wait(kind, self.create(kind, period_filter)))

    def expected(self) -> list[tuple[Any, ...]]:
        """Return the rows that the newest export's file must have."""
        return [tuple(row) for row in self.sandbox.exports.table(self.sandbox.exports.all()[-1]).rows]


Start = Callable[..., Session]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts sandboxes with clients, which end with the test."""
    with ExitStack() as stack:

        def begin(credentials: Credentials = StaticToken(TOKEN), **settings: Any) -> Session:  # noqa: B008
            small = {"jobs": 200, "cards": 100, "processing_seconds": 0.2}
            sandbox = stack.enter_context(Sandbox(SandboxSettings(**(small | settings))).running())
            connection = Connection(base_url=sandbox.url, allow_insecure_urls=True, request_timeout_s=10)
            client = stack.enter_context(PipefyClient(connection, credentials))
            return Session(sandbox, client, tmp_path)

        yield begin


def rows_in(path: Path) -> int:
    """Return the number of data rows in a file, read with a library of its own."""
    if suffix_for(path) == ".csv":
        with path.open(newline="", encoding="utf-8-sig") as file:
            return sum(1 for _ in csv.reader(file)) - 1
    with path.open("rb") as file:
        sheet = openpyxl.load_workbook(file, read_only=True).worksheets[0]
        return sum(1 for _ in sheet.iter_rows()) - 1


@pytest.mark.parametrize("credentials", [StaticToken(TOKEN), ACCOUNT], ids=["token", "service account"])
@pytest.mark.parametrize("file_format", FileFormat)
@pytest.mark.parametrize("dialect", ApiDialect)
def test_both_exports_arrive_whole(
    dialect: ApiDialect, file_format: FileFormat, credentials: Credentials, start: Start
) -> None:
    session = start(credentials, dialect=dialect, file_format=file_format)
    for kind in KINDS.values():
        path = session.fetch(kind)
        assert suffix_for(path) == f".{file_format}"
        assert rows_in(path) == len(session.expected()) > 0
    assert session.sandbox.stats.authorizations_at_files == []


@pytest.mark.parametrize("period_filter", PeriodFilter)
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_every_period_arrives(kind: ExportKind, period_filter: PeriodFilter, start: Start) -> None:
    session = start(file_format=FileFormat.CSV)
    assert rows_in(session.fetch(kind, period_filter)) == len(session.expected())


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_an_export_that_is_done_at_once_costs_no_more_requests_than_needed(
    kind: ExportKind, start: Start
) -> None:
    session = start(ACCOUNT, processing_seconds=0)
    session.create(kind)
    exported = session.sandbox.exports.all()[0]
    exported.production.result()
    session.download(kind, kind.refresh(session.client, exported.id))
    # A saved report's columns and filter; of a pipe's, the pipe's uuid as well.
    lookups = {REPORT.label: 1, PIPE_REPORT.label: 2}.get(kind.label, 0)
    expected = {"token": 1, "create": 1, "status": 1, "download": 1, "lookup": lookups}
    assert dict(session.sandbox.stats.requests) == {name: n for name, n in expected.items() if n}


def test_a_token_that_expires_while_an_export_runs_is_renewed(start: Start) -> None:
    session = start(ACCOUNT, token_lifetime_seconds=3600)
    created = session.create(JOBS)
    session.sandbox.clock.advance(timedelta(hours=2))
    assert session.wait(JOBS, created).is_ready
    assert session.sandbox.stats.requests["token"] == 2


def test_a_short_lived_token_is_renewed_before_it_expires(start: Start) -> None:
    session = start(ACCOUNT, token_lifetime_seconds=1, processing_seconds=1.5)
    assert session.wait(JOBS, session.create(JOBS)).is_ready
    assert session.sandbox.stats.requests["token"] >= 2


def test_an_expired_link_costs_a_question_and_no_export(start: Start) -> None:
    session = start()
    export = session.wait(JOBS, session.create(JOBS))
    session.sandbox.clock.advance(timedelta(hours=2))
    session.sandbox.stats.reset()
    assert rows_in(session.download(JOBS, export)) == len(session.expected())
    assert dict(session.sandbox.stats.requests) == {"download": 2, "status": 1}
    assert len(session.sandbox.exports.all()) == 1


def test_the_saved_reports_own_filter_holds(start: Start) -> None:
    session = start(cards=400)
    open_purchases = OrganizationReportExport(
        ORGANIZATION_ID, Report(organization_report_id=int(REPORT_ID) + 1)
    )
    created = session.create(open_purchases, PeriodFilter.LAST_3_MONTHS)
    assert [group["queries"][0]["field"] for group in created.request["filter"]["groups"]] == ["finished_at"]
    assert created.warnings == ()
    everything = session.fetch(REPORT, PeriodFilter.LAST_3_MONTHS)
    purchases = session.download(open_purchases, session.wait(open_purchases, created))
    assert 0 < rows_in(purchases) < rows_in(everything)


def test_a_saved_filter_of_an_old_shape_costs_no_export_unless_allowed(start: Start) -> None:
    session = start()
    old = Report(organization_report_id=int(REPORT_ID) + 10)
    with pytest.raises(ConfigurationError, match="current_phase"):
        session.create(OrganizationReportExport(ORGANIZATION_ID, old))
    assert session.sandbox.stats.exports.total() == 0
    wider = replace(old, allow_wider_rows=True)
    [warning] = session.create(OrganizationReportExport(ORGANIZATION_ID, wider)).warnings
    assert "current_phase" in warning


def test_columns_pipes_filter_and_sort_order_are_applied(start: Start) -> None:
    session = start(file_format=FileFormat.CSV)
    report = Report(
        columns=("title", "created_at"),
        filter={"operator": "or", "queries": [{"field": "title", "operator": "exists"}]},
        sort_by={"field": "title", "direction": "asc"},
    )
    path = session.fetch(OrganizationReportExport(ORGANIZATION_ID, report))
    with path.open(newline="", encoding="utf-8-sig") as file:
        header, *rows = csv.reader(file)
    assert len(header) == 2
    assert len(rows) > 0


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_refusals_are_told_apart(kind: ExportKind, start: Start) -> None:
    session = start()
    with pytest.raises(ExportNotFoundError):
        kind.refresh(session.client, "12345")
    export_id = session.create(kind).export.id
    session.sandbox.exports.all()[-1].failed = True
    with pytest.raises(ExportFailedError):
        session.wait(kind, CreatedExport(kind.refresh(session.client, export_id), {}, ""))


def test_another_organization_is_refused(start: Start) -> None:
    session = start()
    with pytest.raises(PermissionDeniedError):
        session.create(AutomationJobsExport(FORBIDDEN_ORGANIZATION_ID))
    with pytest.raises(RequestRejectedError, match="does not find what was asked for"):
        session.create(AutomationJobsExport("1"))
    with pytest.raises(RequestRejectedError, match="PIPEFY_ORGANIZATION_REPORT_ID"):
        session.create(OrganizationReportExport(ORGANIZATION_ID, Report(organization_report_id=1)))


@pytest.mark.parametrize("credentials", [StaticToken("wrong"), ServiceAccount(CLIENT_ID, "wrong")])
def test_wrong_credentials_are_refused(credentials: Credentials, start: Start) -> None:
    session = start(credentials)
    with pytest.raises(AuthenticationError):
        session.create(JOBS)
