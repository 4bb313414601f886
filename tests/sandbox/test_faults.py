import contextlib
import io
import json
import socket
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sandbox.api_client import CREATE_JOBS, JOBS_STATUS, Api, delete, get, post, stream
from support.waiting import eventually

from pipefy_exports_dagster.sandbox import (
    CLIENT_ID,
    CLIENT_SECRET,
    ORGANIZATION_ID,
    FileFormat,
    Sandbox,
    SandboxSettings,
)
from pipefy_exports_dagster.sandbox.faults import FAULTS, FaultPlan
from pipefy_exports_dagster.sandbox.faults.files import make_zip_bomb
from pipefy_exports_dagster.sandbox.operations import Operation

GRANT = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
CREATE_INPUT = {"organizationId": ORGANIZATION_ID, "filter": "last_month"}
ME = "{ me { name } }"


@pytest.fixture(scope="module")
def tiny() -> Iterator[Sandbox]:
    """Small files, quickly written."""
    with Sandbox(
        SandboxSettings(jobs=40, cards=5, processing_seconds=0, file_format=FileFormat.CSV)
    ).running() as running:
        yield running


@pytest.fixture
def faulty(tiny: Sandbox) -> Iterator[Sandbox]:
    """A sandbox for faults, healthy again after the test."""
    yield tiny
    tiny.faults.clear()
    tiny.tokens.restore()


@pytest.fixture
def api(faulty: Sandbox, connect: Callable[..., Api]) -> Api:
    return connect(faulty)


@pytest.fixture
def link(api: Api) -> str:
    url: str = api.create_jobs()["fileUrl"]
    return url


def created(sandbox: Sandbox) -> int:
    return sandbox.stats.exports.total()


def answers(api: Api) -> bool:
    with contextlib.suppress(httpx.ConnectError):
        return bool(api.ask(ME))
    return False


# What nobody would see as an answer


@pytest.mark.parametrize("operation", ["token", "create", "status", "download", "lookup"])
@pytest.mark.parametrize(("fault", "executed"), [("reset", False), ("answer-lost", True)])
def test_a_broken_connection_is_an_error_of_the_transport(
    faulty: Sandbox, api: Api, link: str, *, operation: str, fault: str, executed: bool
) -> None:
    requests: dict[str, Callable[[], object]] = {
        "token": lambda: api.http.post("/oauth/token", data=GRANT),
        "create": api.create_jobs,
        "status": lambda: api.post(JOBS_STATUS, id="1"),
        "download": lambda: api.http.get(link, headers={"authorization": ""}),
        "lookup": lambda: api.ask(ME),
    }
    before = created(faulty)
    faulty.faults.arm(f"{operation}:{fault}")

    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError)):
        requests[operation]()

    if operation == "create":
        assert created(faulty) - before == int(executed)
    requests[operation]()  # and the next one works
    assert not faulty.faults.armed


def test_a_refused_connection_is_refused_until_the_port_opens_again(
    start: Callable[..., Sandbox], connect: Callable[..., Api]
) -> None:
    sandbox = start()
    api = connect(sandbox)
    sandbox.faults.arm("create:refused:1:0.4")

    export = api.create_jobs()
    with pytest.raises(httpx.ConnectError):
        api.jobs(export["id"])

    eventually(lambda: answers(api))
    assert api.jobs(export["id"])["fileUrl"]
    assert created(sandbox) == 1


def test_the_port_can_be_closed_at_once_and_at_the_start(
    start: Callable[..., Sandbox], connect: Callable[..., Api]
) -> None:
    sandbox = start(faults=("any:refused:1:2",))
    api = connect(sandbox)

    for _ in range(2):
        with pytest.raises(httpx.ConnectError):
            api.ask(ME)
        eventually(lambda: answers(api))
        post(f"{sandbox.url}/sandbox/faults", json={"spec": "any:refused:1:2"}).raise_for_status()


def test_a_sandbox_ends_while_its_port_is_closed() -> None:
    closed_s = 60
    started = time.monotonic()
    settings = SandboxSettings(faults=(f"any:refused:1:{closed_s}",))
    with Sandbox(settings).running() as sandbox, pytest.raises(httpx.ConnectError):
        httpx.get(sandbox.url)
    assert time.monotonic() - started < closed_s, "it waited for its port"


def test_no_answer_is_a_timeout_and_does_not_hold_up_the_end(
    start: Callable[..., Sandbox], connect: Callable[..., Api]
) -> None:
    sandbox = start(faults=("lookup:hang",))
    api = connect(sandbox)

    with pytest.raises(httpx.ReadTimeout):
        api.http.post("/graphql", json={"query": ME}, timeout=0.2)

    assert api.data(ME)
    assert sandbox.stats.faults == {"hang": 1}


@pytest.mark.parametrize("fault", ["informational", "slow-headers"])
def test_an_answer_can_begin_again_and_again(faulty: Sandbox, api: Api, fault: str) -> None:
    faulty.faults.arm(f"lookup:{fault}")

    # httpx waits for each piece, and would do so for long; a connection of its own shows what comes.
    with socket.create_connection(urlsplit(faulty.url).netloc.split(":")) as connection:  # type: ignore[arg-type]
        body = json.dumps({"query": ME})
        connection.sendall(
            f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        connection.settimeout(10)
        received = b""
        while len(received) < 60:
            received += connection.recv(4096)

    assert b"\r\n\r\n{" not in received
    assert received.startswith(
        b"HTTP/1.1 102" if fault == "informational" else b"HTTP/1.1 200 OK\r\nx-filler: xx"
    )
    assert api.data(ME)
    assert not faulty.faults.armed


def test_the_token_can_be_quoted(faulty: Sandbox, api: Api) -> None:
    before = created(faulty)
    faulty.faults.arm("create:token-quoted")

    response = api.post(CREATE_JOBS, input=CREATE_INPUT)

    token = response.request.headers["authorization"].removeprefix("Bearer ")
    [error] = response.json()["errors"]
    assert token in error["message"]
    assert token.encode().hex() in error["message"]
    assert token in response.headers["content-type"]
    assert created(faulty) == before


def test_a_slow_answer_comes_late_but_whole(faulty: Sandbox, api: Api) -> None:
    faulty.faults.arm("lookup:slow:1:0.3")

    started = time.monotonic()

    assert api.data(ME)
    assert time.monotonic() - started > 0.29


# Answers that are none


@pytest.mark.parametrize(
    ("fault", "status", "content_type"),
    [
        ("rate-limited", 429, "application/json"),
        ("unavailable", 503, "application/json"),
        ("server-error", 500, "application/json"),
        ("bad-gateway", 502, "text/html; charset=utf-8"),
        ("html-page", 200, "text/html; charset=utf-8"),
        ("unauthorized", 401, "application/json"),
        ("forbidden", 403, "application/json"),
    ],
)
def test_a_refusal_has_its_status_and_creates_nothing(
    faulty: Sandbox, api: Api, fault: str, status: int, content_type: str
) -> None:
    before = created(faulty)
    faulty.faults.arm(f"create:{fault}")

    response = api.post(CREATE_JOBS, input=CREATE_INPUT)

    assert (response.status_code, response.headers["content-type"]) == (status, content_type)
    assert created(faulty) == before
    assert api.create_jobs()


@pytest.mark.parametrize("fault", ["rate-limited", "unavailable"])
@pytest.mark.parametrize("retry_after", ["7", "Sun, 22 Nov 2026 12:00:00 GMT"])
def test_retry_after_is_sent_as_given(faulty: Sandbox, api: Api, fault: str, retry_after: str) -> None:
    faulty.faults.arm(f"any:{fault}:1:{retry_after}")

    assert api.post(ME).headers["retry-after"] == retry_after


def test_a_revoked_token_is_dead_and_a_new_one_works(faulty: Sandbox, connect: Callable[..., Api]) -> None:
    def fetch() -> Api:
        answer = post(f"{faulty.url}/oauth/token", data=GRANT).json()
        return connect(faulty, answer["access_token"])

    api = fetch()
    export = api.create_jobs()
    faulty.faults.arm("status:token-revoked")

    assert api.post(JOBS_STATUS, id=export["id"]).status_code == 401
    assert api.post(JOBS_STATUS, id=export["id"]).status_code == 401
    assert fetch().jobs(export["id"])["fileUrl"]


def test_a_huge_answer_is_as_large_as_asked_for(faulty: Sandbox, api: Api) -> None:
    faulty.faults.arm("status:huge-answer:1:12")

    with api.http.stream("POST", "/graphql", json={"query": JOBS_STATUS, "variables": {"id": "1"}}) as answer:
        size = sum(len(chunk) for chunk in answer.iter_bytes())

    assert answer.headers["content-type"] == "application/json"
    assert "content-length" not in answer.headers
    assert 12_000_000 < size < 12_000_100


# Well-formed answers that are wrong


def test_an_error_alone_means_that_nothing_was_executed(faulty: Sandbox, api: Api) -> None:
    before = created(faulty)
    faulty.faults.arm("create:graphql-error:1:PERMISSION_DENIED")

    body = api.ask(CREATE_JOBS, input=CREATE_INPUT)

    assert body["data"] is None
    assert body["errors"][0]["extensions"]["code"] == "PERMISSION_DENIED"
    assert body["errors"][0]["extensions"]["correlation_id"]
    assert created(faulty) == before


def test_an_error_beside_data_means_that_it_was_executed(faulty: Sandbox, api: Api) -> None:
    before = created(faulty)
    faulty.faults.arm("createAutomationJobsExport:graphql-error-beside-data")

    body = api.ask(CREATE_JOBS, input=CREATE_INPUT)

    assert body["data"]["createAutomationJobsExport"]["automationJobsExport"]["id"]
    assert body["errors"][0]["extensions"]["code"] == "INTERNAL_ERROR"
    assert created(faulty) == before + 1


def test_an_export_can_be_null(faulty: Sandbox, api: Api) -> None:
    export = api.create_jobs()
    faulty.faults.arm("any:null-export:2")

    assert api.create_jobs() is None
    assert api.jobs(export["id"]) is None
    assert api.jobs(export["id"])["id"] == export["id"]


def test_an_export_that_failed_or_is_gone_stays_so(faulty: Sandbox, api: Api) -> None:
    jobs, report = api.create_jobs(), api.create_report(columns=["id"])
    faulty.faults.arm("automationJobsExport:failed-export")
    faulty.faults.arm("organizationReportExport:export-gone")

    for _ in range(2):
        failed = api.jobs(jobs["id"])
        assert (failed["status"], failed["fileUrl"]) == ("failed", None)
        gone = api.error(
            "query ($id: ID!) { organizationReportExport(id: $id) { id state } }", id=report["id"]
        )
        assert gone["extensions"]["code"] == "RESOURCE_NOT_FOUND"


@pytest.mark.parametrize(
    ("fault", "jobs", "report"),
    [
        ("unknown-state", "archived", "archived"),
        ("unknown-state:1:paused", "paused", "paused"),
        ("state-backwards", "created", "processing"),
        ("no-link", "finished", "done"),
    ],
)
def test_a_state_can_be_wrong_once(faulty: Sandbox, api: Api, fault: str, jobs: str, report: str) -> None:
    of_jobs, of_report = api.create_jobs(), api.create_report(columns=["id"])
    faulty.faults.arm(f"automationJobsExport:{fault}")
    faulty.faults.arm(f"organizationReportExport:{fault}")

    wrong, wrong_report = api.jobs(of_jobs["id"]), api.report(of_report["id"])

    assert (wrong["status"], wrong["fileUrl"]) == (jobs, None)
    assert (wrong_report["state"], wrong_report["fileURL"]) == (report, None)
    assert api.jobs(of_jobs["id"])["fileUrl"]
    assert api.report(of_report["id"])["fileURL"]


@pytest.mark.parametrize("fault", ["foreign-link", "expired-link", "state-backwards"])
def test_a_fault_waits_for_its_occasion(
    start: Callable[..., Sandbox], connect: Callable[..., Api], fault: str
) -> None:
    sandbox = start(processing_seconds=3600, faults=(f"status:{fault}",))
    api = connect(sandbox)
    export = api.create_jobs()

    assert api.jobs(export["id"])["fileUrl"] is None
    assert sandbox.stats.faults == {}
    sandbox.clock.advance(timedelta(hours=1))
    eventually(lambda: api.jobs(export["id"]) and sandbox.stats.faults[fault] == 1)

    assert sandbox.faults.armed == []
    assert eventually(lambda: api.jobs(export["id"])["fileUrl"]).startswith(sandbox.url)


def test_a_link_can_lead_elsewhere(faulty: Sandbox, api: Api) -> None:
    export = api.create_jobs()
    faulty.faults.arm("status:foreign-link")
    faulty.faults.arm("status:foreign-link:1:http://127.0.0.1:9")

    assert api.jobs(export["id"])["fileUrl"].startswith("https://files.example.net/storage/v1/signed/")
    assert api.jobs(export["id"])["fileUrl"].startswith("http://127.0.0.1:9/storage/v1/signed/")


def test_a_link_can_have_expired_already(faulty: Sandbox, api: Api) -> None:
    export = api.create_jobs()
    faulty.faults.arm("status:expired-link")

    link = api.jobs(export["id"])["fileUrl"]

    expires_on = int(parse_qs(urlsplit(link).query)["expires_on"][0])
    assert expires_on < min(datetime.now().astimezone(), faulty.clock.now()).timestamp()
    assert get(link).status_code == 410


# Files


def test_a_link_can_expire_when_it_is_used(faulty: Sandbox, link: str) -> None:
    faulty.faults.arm("download:link-expired")

    assert [get(link).status_code for _ in range(2)] == [410, 410]


def test_a_download_can_be_redirected(faulty: Sandbox, link: str) -> None:
    faulty.faults.arm("download:redirect")
    faulty.faults.arm(f"download:redirect:1:{link}")

    foreign, home = (get(link) for _ in range(2))

    assert (foreign.status_code, foreign.headers["location"]) == (
        302,
        "https://files.example.net/export.xlsx",
    )
    assert home.headers["location"] == link


def test_a_truncated_file_breaks_off_in_the_middle(faulty: Sandbox, link: str) -> None:
    whole = get(link).content
    faulty.faults.arm("download:truncated")

    received = 0
    with stream("GET", link) as response:
        chunks = response.iter_bytes()
        with contextlib.suppress(httpx.RemoteProtocolError):
            received += sum(map(len, chunks))

    assert int(response.headers["content-length"]) == len(whole)
    assert response.num_bytes_downloaded == len(whole) // 2
    assert received == 0  # nothing was added up: it broke off


def test_a_wrong_length_cuts_the_file_off_unnoticed(faulty: Sandbox, link: str) -> None:
    whole = get(link).content
    faulty.faults.arm("download:wrong-length")

    assert get(link).content == whole[: len(whole) // 2]


@pytest.mark.parametrize(("fault", "size"), [("garbage", 20_000), ("empty-file", 0)])
def test_a_file_can_be_no_file(faulty: Sandbox, link: str, fault: str, size: int) -> None:
    faulty.faults.arm(f"download:{fault}")

    response = get(link)

    assert response.status_code == 200
    assert len(response.content) == size
    assert not zipfile.is_zipfile(io.BytesIO(response.content))


@pytest.mark.parametrize(("argument", "at_least"), [("", 50_000_000), (":1:1000", 200_000)])
def test_an_endless_file_does_not_end(faulty: Sandbox, link: str, argument: str, at_least: int) -> None:
    faulty.faults.arm(f"download:endless-file{argument}")
    size = 0

    with stream("GET", link) as response:
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > at_least:
                break

    assert size > at_least
    assert "content-length" not in response.headers
    assert get(link).status_code == 200


def test_a_zip_bomb_is_a_workbook_that_unpacks_to_very_much(faulty: Sandbox, link: str) -> None:
    faulty.faults.arm("download:zip-bomb:1:40")

    bomb = get(link).content

    with zipfile.ZipFile(io.BytesIO(bomb)) as archive:
        sheet = archive.getinfo("xl/worksheets/sheet1.xml")
        assert sheet.file_size > 40_000_000
        assert archive.read(sheet).endswith(b"</sheetData></worksheet>")
    assert len(bomb) < sheet.file_size / 100
    assert make_zip_bomb(1).startswith(b"PK")


# Setting them


def test_a_fault_happens_as_often_as_it_is_set_to(faulty: Sandbox, api: Api) -> None:
    faulty.faults.arm("lookup:server-error:2")
    assert [api.post(ME).status_code for _ in range(3)] == [500, 500, 200]

    faulty.faults.arm("lookup:server-error:always")
    assert [api.post(ME).status_code for _ in range(5)] == [500] * 5
    assert api.create_jobs()
    faulty.faults.clear()
    assert api.post(ME).status_code == 200


def test_faults_happen_in_the_order_in_which_they_were_set(faulty: Sandbox, api: Api) -> None:
    for order in ("any:unavailable", "lookup:forbidden", "lookup:server-error"):
        faulty.faults.arm(order)

    assert [api.post(ME).status_code for _ in range(4)] == [503, 403, 500, 200]


@pytest.mark.parametrize(
    ("order", "complaint"),
    [
        ("lookup:nonsense", "no such fault: 'nonsense'"),
        ("nonsense:reset", "no such operation: 'nonsense'"),
        ("download:null-export", "null-export happens to create, status, not to download"),
        ("automationJobsExport:redirect", "redirect happens to download, not to automationJobsExport"),
        ("any:reset:0", "times must be a number from 1 or 'always', not '0'"),
        ("any:reset:never", "times must be a number"),
        ("any:slow:1:soon", "slow takes seconds, not 'soon'"),
        ("any:reset:1:x", "reset takes no argument"),
        ("reset", "no such fault: ''"),
    ],
)
def test_an_order_that_means_nothing_is_refused(order: str, complaint: str) -> None:
    with pytest.raises(ValueError, match="^" + complaint.replace("(", r"\(")):
        FaultPlan().arm(order)


def test_faults_are_set_shown_and_cleared_over_http(faulty: Sandbox, api: Api) -> None:
    url = f"{faulty.url}/sandbox/faults"

    post(url, json={"spec": "lookup:token-revoked"}).raise_for_status()
    shown = post(url, json={"operation": "download", "fault": "redirect", "times": "always"}).json()
    assert shown["armed"] == [
        {"operation": "lookup", "fault": "token-revoked", "left": 1, "argument": ""},
        {
            "operation": "download",
            "fault": "redirect",
            "left": "always",
            "argument": "https://files.example.net/export.xlsx",
        },
    ]
    assert {fault["fault"] for fault in shown["available"]} == set(FAULTS)
    assert api.post(ME).status_code == 401
    assert delete(url).json()["armed"] == []
    assert api.post(ME).status_code == 200
    refused = post(url, json={"operation": "lookup"})
    assert (refused.status_code, refused.json()) == (400, {"error": "'fault' is missing"})
    assert "no such fault" in post(url, json={"spec": "any:x"}).json()["error"]


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_every_fault_happens_to_each_operation_it_names_and_then_all_is_well(
    faulty: Sandbox, connect: Callable[..., Api], name: str
) -> None:
    """A walk through the life of an export; whatever is set to go wrong is used up by it."""
    api = connect(faulty, post(f"{faulty.url}/oauth/token", data=GRANT).json()["access_token"])
    brief = dict.fromkeys(("hang", "slow", "refused", "informational", "slow-headers"), "0.05")
    argument = (brief | {"zip-bomb": "1", "huge-answer": "1"}).get(name)
    export = api.create_jobs()

    for operation in sorted(FAULTS[name].operations):
        link = api.jobs(export["id"])["fileUrl"]
        happened = faulty.stats.faults[name]
        faulty.faults.add(operation, name, 1, argument)
        with contextlib.suppress(httpx.TransportError):
            if operation is Operation.DOWNLOAD:
                with stream("GET", link) as response:
                    next(response.iter_bytes(), None)
            elif operation is Operation.TOKEN:
                api.http.post("/oauth/token", data=GRANT)
            else:
                query = {Operation.CREATE: CREATE_JOBS, Operation.STATUS: JOBS_STATUS}.get(operation, ME)
                api.post(query, input=CREATE_INPUT, id=export["id"])
        assert faulty.stats.faults[name] == happened + 1

        faulty.tokens.restore()

        def recovered() -> Any:
            with contextlib.suppress(httpx.TransportError):
                return api.create_jobs()["id"]
            return None

        export = {"id": eventually(recovered)}
