"""A hostile server, file host and proxy quote each secret back, in each form and in each place; nobody hears of it."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import pytest
from pipefy.conftest import TOKEN
from pipefy.downloading import Download
from pipefy.encodings import ENCODINGS
from pipefy.manual_clock import ManualClock
from pipefy.operations import JOBS, KINDS, OPERATIONS, PIPE_REPORT, REPORT, Operation
from pipefy.scripted_server import Handler, Reply, ScriptedServer, answer, raw
from pipefy.secrets_in import told_by
from support.thoroughness import examples

from pipefy_exports_dagster.config.model import Connection
from pipefy_exports_dagster.errors import PipefyExportsError
from pipefy_exports_dagster.exports import EXPORT_TYPES
from pipefy_exports_dagster.pipefy.client import PipefyClient
from pipefy_exports_dagster.pipefy.credentials import Credentials, ServiceAccount, StaticToken
from pipefy_exports_dagster.pipefy.export import Export
from pipefy_exports_dagster.pipefy.look_ups import who_asks
from pipefy_exports_dagster.pipefy.server_clock import ask_server_clock
from pipefy_exports_dagster.pipefy.status_batch import StatusClient

CLIENT_SECRET = "marked-client/secret+4712"
ACCESS_TOKEN = "marked-access.token_4713"
PROXY_PASSWORD = "marked-proxy-passw0rd"
SIGNATURE = "m4rked/Signature+4714="
FEWER = examples(3, thorough=1)
SOME_ENCODINGS = list(ENCODINGS.values())[:: 12 * FEWER]
"""Each is tried on its own by `test_secret_forms`; here it is about the places."""
HEADERS = (
    "Content-Type", "Content-Encoding", "Location", "Retry-After", "Date", "Set-Cookie", "WWW-Authenticate",
    "Content-Length", "Transfer-Encoding", "Connection", "Server", "X-Request-Id", "Content-Disposition",
)  # fmt: skip


def _lines(status: int, phrase: str, headers: dict[str, str], body: bytes) -> Reply:
    head = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return raw("\r\n".join([*head, "", ""]).encode("utf-8", "replace") + body)


def echoes(text: str) -> Iterator[Reply]:
    """Yield answers that quote a text: in the phrase, in each header, in each part of the body."""
    one_line = text.replace("\r", " ").replace("\n", " ").replace("\0", " ")
    for status in (200, 302, 401, 404, 429, 500):
        yield _lines(status, one_line, {"Content-Length": "2"}, b"{}")
    for name in HEADERS:
        for status in (200, 302, 503):
            yield _lines(status, "OK", {name: one_line}, b'{"data": null}')
    yield _lines(200, "OK", {one_line: "x"}, b"{}")
    yield raw(one_line.encode() + b"\r\n\r\n")
    error = {"message": f"before {text} after", "locations": [{"line": 1, "column": 1}], "path": [text]}
    for code in (
        text,
        "PERMISSION_DENIED",
        "UNAUTHENTICATED",
        "THROTTLED",
        "NOT_FOUND",
        "INTERNAL_ERROR",
        None,
    ):
        coded = error | {"extensions": {"code": code, "problems": [text], text: text}}
        yield answer({"data": None, "errors": [coded]})
        yield answer({"errors": [coded, {"message": {"in": [text]}}, text, [text]]}, status=422)
    yield answer({"errors": {text: text}})
    yield answer({"error": text, "error_description": text}, status=400)
    yield answer(f"<html>{text}</html>", status=502)
    yield answer(json.dumps({"errors": [error]}).encode("utf-16"))
    yield answer({"data": None, "errors": [{"message": "x" * 290 + text}]})


def data_that_echo(text: str) -> Iterator[Reply]:
    """Yield answers whose data quote a credential, under every name that is read."""
    names = "id name uuid email role planName status state fileUrl fileURL lastUpdatedAt"
    named = [{"id": text, "name": text}]
    node = dict.fromkeys(names.split(), text) | {
        "fields": [text],
        "filter": {"queries": [{"field": text}]},
        "repos": named,
    }
    page = {"edges": [{"node": node}], "pageInfo": {"hasNextPage": False, "endCursor": text}}
    data = (
        dict.fromkeys(("me", "organization", "organizationReport", "pipe"), node)
        | dict.fromkeys(("organizationReports", "pipeReports"), page)
        | {"organizations": [node | {"pipes": named}, {"id": "300", "pipes": named}]}
        | {kind.refresh_field: node for kind in KINDS}
        | {"createAutomationJobsExport": {"automationJobsExport": node}}
        | {
            root: {field: node}
            for root, field in (kind.create_field.split(".") for kind in (REPORT, PIPE_REPORT))
        }
        | {f"e{number}": node for number in range(len(KINDS))}
    )
    yield answer({"data": data})
    yield answer({"data": data, "errors": [{"message": f"before {text} after"}]})


@dataclass
class Heard:
    """All that came out: log records of any level, errors with what they came from, results."""

    caplog: pytest.LogCaptureFixture
    told: list[str]

    def run(self, operation: Callable[[], object]) -> None:
        try:
            self.told.append(repr(operation()))
        except PipefyExportsError as error:
            self.told.append(told_by(error))
            self.told += [] if str(error).isprintable() else ["a message with control characters"]

    def check(self, secret: str, text: str) -> None:
        heard = "\n".join([*self.told, self.caplog.text])
        assert "a message with control characters" not in self.told
        self.told.clear()
        self.caplog.clear()
        bare = "".join(heard.split()).lower()
        for form in {secret, text, quote(secret, safe="")}:
            assert "".join(form.split()).lower() not in bare, (secret, text)
            assert form not in heard, (secret, text)


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> Heard:
    caplog.set_level(logging.DEBUG)
    return Heard(caplog, [])


def test_the_questions_are_about_every_kind_of_export() -> None:
    asked = {each.kind("300", settings()).refresh_field for settings, each in EXPORT_TYPES.items()}
    assert {kind.refresh_field for kind in KINDS} == asked


@pytest.mark.timeout(600)
@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())
def test_a_server_that_quotes_the_token_is_not_quoted(
    operation: Operation, server: ScriptedServer, connection: Connection, heard: Heard, clock: ManualClock
) -> None:
    with StatusClient(connection, StaticToken(TOKEN), clock=clock) as client:
        # Operations take turns with the encodings; the first has most of them.
        turn, turns = (0, 1) if operation is who_asks else ([*OPERATIONS.values()].index(operation) % 6, 6)
        for encoding in list(ENCODINGS.values())[turn :: turns * FEWER]:
            text = encoding(TOKEN)
            for reply in [*data_that_echo(text)] if len(text) >= len(TOKEN) else []:
                server.graphql(reply)
                heard.run(lambda: operation(client))
            heard.check(TOKEN, text)
        for encoding in list(ENCODINGS.values())[turn :: (6 if operation is who_asks else 48) * FEWER]:
            text = encoding(TOKEN)
            for reply in echoes(text):
                server.graphql(reply)
                heard.run(lambda: operation(client))
            heard.check(TOKEN, text)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("path", ["/oauth/token", "/graphql"])
def test_a_server_that_quotes_the_account_is_not_quoted(
    path: str, server: ScriptedServer, connection: Connection, heard: Heard, clock: ManualClock
) -> None:
    granted = {"access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 3600}
    account: Credentials = ServiceAccount("the-id", CLIENT_SECRET)
    for secret in (CLIENT_SECRET, ACCESS_TOKEN):
        if secret == ACCESS_TOKEN and path != "/graphql":
            continue  # it answers with the token, and knows no other
        for encoding in SOME_ENCODINGS:
            text = encoding(secret)
            for reply in echoes(text):
                server.on("/oauth/token", answer(granted))
                server.on(path, reply)
                with StatusClient(connection, account, clock=clock) as client:
                    heard.run(lambda: who_asks(client))
            heard.check(secret, text)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("is_redirected", [False, True], ids=["at once", "after a redirect"])
def test_a_file_host_that_quotes_the_link_is_not_quoted(
    is_redirected: bool, server: ScriptedServer, download: Download, heard: Heard
) -> None:
    link = f"{server.url}/file?expires_on=99999999999&signature={quote(SIGNATURE, safe='')}"
    for encoding in SOME_ENCODINGS:
        text = encoding(SIGNATURE)
        for where in (
            "https://{}.example.com/",
            "https://x.example.com/{}",
            f"{server.url}/{{}}",
            "{}",
            "http:{}",
        ):
            location = where.format(text.replace("\r", "").replace("\n", "").replace("\0", ""))
            server.on("/file", _lines(302, "Found", {"Location": location, "Content-Length": "0"}, b""))
            heard.run(lambda: download.run(link))
        for reply in echoes(text):
            server.on(
                "/file", *([answer(status=307, headers={"Location": "/next"})] if is_redirected else [reply])
            )
            server.on("/next", reply)
            heard.run(lambda: download.run(link, download_timeout_s=2.0))
        heard.check(SIGNATURE, text)
        for left in download.folder.iterdir():
            left.unlink()


def test_pipefy_that_quotes_the_link_is_not_quoted(
    server: ScriptedServer, client: PipefyClient, heard: Heard
) -> None:
    link = f"https://files.pipefy.com/a.xlsx?expires_on=1&signature={quote(SIGNATURE, safe='')}"
    node = {"id": "e1", "status": "finished", "fileUrl": link}
    for encoding in ENCODINGS.values():
        text = encoding(SIGNATURE)
        beside = {"data": {"automationJobsExport": node}, "errors": [{"message": f"for {text}"}]}
        refusal = {"data": None, "errors": [{"message": f"no {text} here", "extensions": {"code": text}}]}
        server.graphql(beside, refusal)
        assert JOBS.refresh(client, "e1").link == link
        heard.run(lambda: JOBS.refresh(client, "e1"))
        heard.check(SIGNATURE, text)


@pytest.mark.timeout(600)
def test_a_proxy_that_quotes_its_password_is_not_quoted(
    server: ScriptedServer, heard: Heard, monkeypatch: pytest.MonkeyPatch, clock: ManualClock
) -> None:
    monkeypatch.setenv("https_proxy", f"http://user:{PROXY_PASSWORD}@127.0.0.1:{server.port}")
    # Without TLS only this machine is asked, and never by a proxy.
    far = Connection(base_url="https://pipefy.example.com", request_timeout_s=5)
    for encoding in SOME_ENCODINGS:
        text = encoding(PROXY_PASSWORD)
        for reply in echoes(text):
            server.on("pipefy.example.com:443", _as_refusal(reply))
            with StatusClient(far, StaticToken(TOKEN), clock=clock) as client:
                heard.run(lambda: who_asks(client))
                heard.run(lambda: ask_server_clock(far))
        heard.check(PROXY_PASSWORD, text)


def _as_refusal(reply: Reply) -> Reply:
    """Keep a CONNECT from being granted: the client would wait for TLS."""

    def refuse(handler: Handler) -> None:
        usual = handler.wfile.write
        handler.wfile.write = lambda data: usual(data.replace(b"HTTP/1.1 200", b"HTTP/1.1 407"))  # type: ignore[method-assign, attr-defined]
        handler.close_connection = True
        reply(handler)

    return refuse


def test_what_is_no_secret_is_still_quoted(server: ScriptedServer, client: PipefyClient) -> None:
    for encoding in ENCODINGS.values():
        server.graphql({"data": None, "errors": [{"message": f"it begins {encoding(TOKEN)} it ends"}]})
        with pytest.raises(PipefyExportsError, match=r"it begins .*\[secret\].* it ends"):
            who_asks(client)


def test_a_finished_export_keeps_its_link(
    server: ScriptedServer, client: PipefyClient, tmp_path: Path
) -> None:
    link = f"https://files.pipefy.com/{tmp_path.name}?signature={quote(SIGNATURE)}"
    server.graphql({"data": {"automationJobsExport": {"id": "e1", "status": "finished", "fileUrl": link}}})
    export: Export = JOBS.refresh(client, "e1")
    assert replace(export).link == link
