import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sandbox.api_client import REPORT_STATUS, Api, delete, get
from support.waiting import eventually

from pipefy_exports_dagster.sandbox import (
    ORGANIZATION_ID,
    REPORT_ID,
    SECOND_ORGANIZATION_ID,
    Sandbox,
    SandboxPeriod,
)
from pipefy_exports_dagster.sandbox.exports import SandboxExportKind
from pipefy_exports_dagster.sandbox.operations import Operation, operation_of
from pipefy_exports_dagster.sandbox.resolvers import KINDS
from pipefy_exports_dagster.sandbox.schema import load_schema
from pipefy_exports_dagster.sandbox.settings import ApiDialect


def as_read(cell: object) -> object:
    """What becomes of a cell in a workbook."""
    if isinstance(cell, date) and not isinstance(cell, datetime):
        return datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001
    return cell


def test_each_field_that_creates_or_looks_up_an_export_says_of_which_kind() -> None:
    schema = load_schema(ApiDialect.DOCUMENTED)
    roots = [field for type_ in (schema.query_type, schema.mutation_type) if type_ for field in type_.fields]
    assert KINDS.keys() == {field for field in roots if operation_of(field) is not Operation.LOOKUP}
    assert set(KINDS.values()) == set(SandboxExportKind)


@pytest.mark.parametrize("period", SandboxPeriod)
@pytest.mark.parametrize("organization", [ORGANIZATION_ID, SECOND_ORGANIZATION_ID])
def test_the_file_of_automation_jobs_has_the_rows_of_the_world(
    sandbox: Sandbox, api: Api, period: SandboxPeriod, organization: str
) -> None:
    export = api.create_jobs(period, organization)
    created_at = sandbox.exports.get(export["id"], SandboxExportKind.AUTOMATION_JOBS).created_at

    header, *rows = api.rows(export["fileUrl"])

    expected = sandbox.world.automation_jobs(period, created_at, organization)
    assert header == expected.header
    assert rows == expected.rows
    assert rows


def test_the_file_of_a_report_has_real_dates_numbers_and_booleans(sandbox: Sandbox, api: Api) -> None:
    [everything, *_] = sandbox.world.reports(ORGANIZATION_ID)
    export = api.create_report(organizationReportId=int(REPORT_ID), columns=list(everything.fields))

    header, *rows = api.rows(export["fileURL"])

    assert export["state"] == "done"
    assert len(rows) == 300
    kinds = {
        title: {type(row[position]).__name__ for row in rows} - {"NoneType"}
        for position, title in enumerate(header)
    }
    assert kinds["Criado em"] == {"datetime"}
    assert kinds["Data de entrega"] == {"datetime"}  # a workbook has no dates without a time
    assert kinds["Valor total (R$)"] <= {"float", "int"}
    assert kinds["Quantidade"] == {"int"}
    assert kinds["Urgente?"] == {"bool"}
    assert kinds["Centro de custo"] == kinds["CPF"] == kinds["Código de barras"] == {"str"}
    assert kinds["Prazo (dias)"] == {"int", "str"}
    assert kinds["Campo reservado"] == set()
    assert header.count("Observações") == 2
    table = sandbox.exports.table(sandbox.exports.get(export["id"], SandboxExportKind.ORGANIZATION_REPORT))
    assert [tuple(map(as_read, row)) for row in table.rows] == rows
    assert any(str(cell).startswith("=SOMA") for row in rows for cell in row)  # as text: it was typed in


def test_csv_holds_the_same_rows_as_text(start: Callable[..., Sandbox], connect: Callable[..., Api]) -> None:
    sandbox = start(file_format="csv")
    api = connect(sandbox)
    report = api.create_report(columns=["title", "created_at", "description", "urgente", "centro_de_custo"])

    header, *rows = api.rows(report["fileURL"])

    assert header == ("Título", "Criado em", "Description", "Urgente?", "Centro de custo")
    assert len(rows) == 300
    expected = sandbox.exports.table(sandbox.exports.all()[0])
    assert [row[0] for row in rows] == expected.column("Título")
    assert [row[1] for row in rows] == [str(moment) for moment in expected.column("Criado em")]
    assert {row[3] for row in rows} == {"", "true", "false"}
    assert any("\n" in row[2] for row in rows)
    assert any(row[4].startswith("00") for row in rows)


def test_states_go_on_over_the_set_time(start: Callable[..., Sandbox], connect: Callable[..., Api]) -> None:
    sandbox = start(processing_seconds=100)
    api = connect(sandbox)
    jobs, report = api.create_jobs(), api.create_report(columns=["id"])

    assert (jobs["status"], jobs["fileUrl"]) == ("created", None)
    assert (report["state"], report["fileURL"], report["finishedAt"]) == ("processing", None, None)
    sandbox.clock.advance(timedelta(seconds=30))
    assert api.jobs(jobs["id"])["status"] == "processing"
    assert api.report(report["id"])["state"] == "processing"
    sandbox.clock.advance(timedelta(seconds=75))
    finished = eventually(lambda: (e := api.jobs(jobs["id"]))["status"] == "finished" and e)
    done = eventually(lambda: (e := api.report(report["id"]))["state"] == "done" and e)
    assert finished["fileUrl"]
    assert done["fileURL"]
    assert done["report"] is None
    took = datetime.fromisoformat(done["finishedAt"]) - datetime.fromisoformat(done["startedAt"])
    assert took == timedelta(seconds=100)


def test_ids_of_the_two_kinds_are_equal_and_each_names_its_own_export(
    start: Callable[..., Sandbox], connect: Callable[..., Api]
) -> None:
    sandbox = start()
    api = connect(sandbox)
    jobs, report = api.create_jobs(), api.create_report(columns=["id"])
    assert jobs["id"] == report["id"]
    assert len(sandbox.exports.all()) == sandbox.stats.exports.total() == 2

    sandbox.exports.fail(jobs["id"], SandboxExportKind.AUTOMATION_JOBS)
    assert api.jobs(jobs["id"])["status"] == "failed"
    assert api.report(report["id"])["state"] == "done"
    sandbox.exports.forget(report["id"], SandboxExportKind.ORGANIZATION_REPORT)
    assert api.error(REPORT_STATUS, id=report["id"])["extensions"]["code"] == "RESOURCE_NOT_FOUND"
    assert api.jobs(jobs["id"])["status"] == "failed"


def test_asking_is_answered_while_a_large_file_is_written(
    start: Callable[..., Sandbox], connect: Callable[..., Api]
) -> None:
    api = connect(start(jobs=20_000, processing_seconds=0.01))
    export = api.create_jobs("last_3_months")

    started = time.monotonic()
    answer = api.jobs(export["id"])

    assert answer["status"] in ("created", "processing")
    assert time.monotonic() - started < 1


def test_an_export_holds_what_was_there_when_it_was_created(
    start: Callable[..., Sandbox], connect: Callable[..., Api]
) -> None:
    sandbox = start(processing_seconds=50)
    api = connect(sandbox)
    before = len(sandbox.world.automation_jobs("current_month").rows)
    export = api.create_jobs("current_month")

    sandbox.clock.advance(timedelta(days=3))
    finished = eventually(lambda: api.jobs(export["id"])["fileUrl"])

    assert len(api.rows(finished)) == before + 1
    assert len(sandbox.world.automation_jobs("current_month").rows) > before


def test_the_link_has_the_shape_of_pipefys(sandbox: Sandbox, api: Api) -> None:
    link = urlsplit(api.create_jobs()["fileUrl"])

    *_, orgs, _, reports, _, name = link.path.split("/")
    assert link.path.startswith("/storage/v1/signed/")
    assert (orgs, reports, name) == ("orgs", "reports", "automation_jobs_22-11-2026.xlsx")
    query = parse_qs(link.query)
    assert set(query) == {"expires_on", "signature"}
    # Clients compare it with their own clock: the real time, or in simulations the sandbox's.
    for clock in (datetime.now(UTC), sandbox.clock.now()):
        assert int(query["expires_on"][0]) - clock.timestamp() > 3590
    assert f"{link.scheme}://{link.netloc}" == sandbox.url


def test_each_time_of_asking_gives_a_fresh_link(api: Api) -> None:
    export = api.create_jobs()

    links = {api.jobs(export["id"])["fileUrl"] for _ in range(3)}

    assert len(links) == 3
    assert {get(link).status_code for link in links} == {200}


def test_the_link_carries_the_host_that_the_request_came_to(api: Api) -> None:
    export = api.create_jobs()
    api.http.headers["host"] = "pipefy.test:8080"
    assert api.jobs(export["id"])["fileUrl"].startswith("http://pipefy.test:8080/storage/")

    api.http.headers.update({"x-forwarded-proto": "https", "x-forwarded-host": "sandbox.example.com"})
    assert api.jobs(export["id"])["fileUrl"].startswith("https://sandbox.example.com/storage/")


def test_a_link_that_was_tampered_with_is_403(api: Api) -> None:
    link = api.create_jobs()["fileUrl"]
    expires_on = parse_qs(urlsplit(link).query)["expires_on"][0]

    for forged in (
        link.replace(f"expires_on={expires_on}", f"expires_on={int(expires_on) + 1000}"),
        link.replace("automation_jobs", "organization_report"),
        link.split("&signature=")[0],
        link.split("?")[0],
        link[:-12] + "AAAAAAAAA%3D",
    ):
        assert get(forged).status_code == 403


def test_an_expired_link_is_410_and_a_new_one_works(
    start: Callable[..., Sandbox], connect: Callable[..., Api]
) -> None:
    sandbox = start()
    api = connect(sandbox)
    export = api.create_jobs()

    sandbox.clock.advance(timedelta(hours=2))

    assert get(export["fileUrl"]).status_code == 410
    assert get(api.jobs(export["id"])["fileUrl"]).status_code == 200


def test_an_authorization_header_at_a_file_is_noted(
    start: Callable[..., Sandbox], connect: Callable[..., Api]
) -> None:
    sandbox = start()
    link = connect(sandbox).create_jobs()["fileUrl"]

    get(link)
    assert sandbox.stats.authorizations_at_files == []
    get(link, headers={"authorization": "Bearer leaked"})
    assert sandbox.stats.authorizations_at_files == ["Bearer leaked"]


def test_requests_and_exports_are_counted(start: Callable[..., Sandbox], connect: Callable[..., Api]) -> None:
    sandbox = start()
    api = connect(sandbox)

    export = api.create_jobs()
    api.create_jobs("current_month")
    api.create_jobs("current_month")
    api.create_report(organizationReportId=int(REPORT_ID))
    get(api.jobs(export["id"])["fileUrl"])

    assert sandbox.stats.requests == {"create": 4, "status": 1, "download": 1}
    assert sandbox.stats.exports == {
        (ORGANIZATION_ID, "automation_jobs", "last_month"): 1,
        (ORGANIZATION_ID, "automation_jobs", "current_month"): 2,
        (ORGANIZATION_ID, "organization_report", REPORT_ID): 1,
    }
    over_http = get(f"{sandbox.url}/sandbox/stats").json()
    assert over_http["exports_created"] == 4
    assert over_http["fields"]["createAutomationJobsExport"] == 3
    assert delete(f"{sandbox.url}/sandbox/stats").json()["exports_created"] == 0


def test_a_file_that_cannot_be_written_makes_a_failed_export_and_says_why(
    start: Callable[..., Sandbox],
    connect: Callable[..., Api],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("pipefy_exports_dagster.sandbox.files._SHEET_ROWS", 10)

    export = connect(start()).create_jobs()

    assert export["status"] == "failed"
    assert "could not be written" in caplog.text
    assert "do not fit into the 10 rows of a sheet" in caplog.text
