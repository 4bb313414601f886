"""The sandbox's controls are for this machine's programs, and not for a web page that is open on it."""

from collections.abc import Iterator

import httpx
import pytest

from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings

CONTROLS = [
    ("GET", "/sandbox/faults"),
    ("POST", "/sandbox/faults"),
    ("DELETE", "/sandbox/faults"),
    ("GET", "/sandbox/stats"),
    ("DELETE", "/sandbox/stats"),
    ("GET", "/sandbox/clock"),
    ("POST", "/sandbox/clock"),
]
BODY = b'{"spec": "create:reset", "advance_seconds": 60}'


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(jobs=10, cards=5)).running() as sandbox:
        yield sandbox


def ask(sandbox: Sandbox, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    return httpx.request(method, f"{sandbox.url}{path}", headers=headers, content=BODY)


@pytest.mark.parametrize(
    "host", ["evil.com", "127.0.0.1.evil.com:80", "localhost.evil.com", "app.pipefy.com", "a:b"]
)
@pytest.mark.parametrize(("method", "path"), CONTROLS)
def test_a_name_on_the_internet_that_leads_here_is_refused(
    running: Sandbox, method: str, path: str, host: str
) -> None:
    before = running.clock.now()
    answer = ask(running, method, path, {"Host": host})
    assert (answer.status_code, "not this machine's" in answer.json()["error"]) == (403, True)
    assert running.faults.armed == []
    assert (running.clock.now() - before).total_seconds() < 60


@pytest.mark.parametrize(
    "origin", ["https://evil.com", "null", "http://127.0.0.1", "http://localhost:1", "file://"]
)
@pytest.mark.parametrize(("method", "path"), CONTROLS)
def test_a_web_page_is_refused(running: Sandbox, method: str, path: str, origin: str) -> None:
    answer = ask(running, method, path, {"Origin": origin, "Content-Type": "text/plain"})
    assert (answer.status_code, answer.json()["error"]) == (
        403,
        "web pages may not use the sandbox's controls",
    )
    assert running.faults.armed == []


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "LOCALHOST", "127.0.0.1:9", "[::1]:8000", "10.0.0.5"]
)
def test_programs_of_this_machine_are_answered(running: Sandbox, host: str) -> None:
    assert ask(running, "GET", "/sandbox/clock", {"Host": host}).status_code == 200
    assert (
        ask(running, "GET", "/sandbox/clock", {"Host": host, "Origin": f"http://{host}"}).status_code == 200
    )
