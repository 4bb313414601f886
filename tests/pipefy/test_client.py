import json
import logging
from collections.abc import Callable
from dataclasses import replace

import pytest
from pipefy.conftest import TOKEN
from pipefy.manual_clock import ManualClock
from pipefy.scripted_server import (
    Reply,
    ScriptedServer,
    answer,
    chunked,
    gzipped,
    hang,
    raw,
    redirect,
    reset,
    truncated,
)
from pipefy.secrets_in import told_by

from pipefy_exports_dagster.config.model import Connection
from pipefy_exports_dagster.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectionFailedError,
    PermissionDeniedError,
    PipefyExportsError,
    RequestRejectedError,
    ServerUnavailableError,
    TokenUnavailableError,
)
from pipefy_exports_dagster.pipefy.client import PipefyClient
from pipefy_exports_dagster.pipefy.credentials import Credentials, ServiceAccount, StaticToken

ACCOUNT = ServiceAccount("the-id", "marked-secret/+ 4712")
OK = {"data": {"me": {"name": "José"}}}


def ask(client: PipefyClient) -> object:
    return client.execute("query Q($a: Int) { me { name } }", {"a": 1}, field="me")


def token(value: str, expires_in: float = 3600) -> Reply:
    return answer({"access_token": value, "token_type": "Bearer", "expires_in": expires_in})


@pytest.fixture
def account_client(connection: Connection, clock: ManualClock) -> PipefyClient:
    return PipefyClient(connection, ACCOUNT, clock=clock)


def test_a_query_is_posted_with_the_token(server: ScriptedServer, client: PipefyClient) -> None:
    server.graphql(OK)
    assert ask(client) == {"name": "José"}
    [request] = server.received
    assert (request.method, request.path) == ("POST", "/graphql")
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.json == {"query": "query Q($a: Int) { me { name } }", "variables": {"a": 1}}


def test_a_server_that_closes_an_idle_connection_loses_no_request(
    server: ScriptedServer, client: PipefyClient
) -> None:
    text = json.dumps(OK).encode()
    server.graphql(raw(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text)))
    for _ in range(20):
        ask(client)
    assert len(server.received) == 20


def test_a_gzipped_answer_is_read(server: ScriptedServer, client: PipefyClient) -> None:
    server.graphql(gzipped(json.dumps(OK).encode()))
    assert ask(client) == {"name": "José"}


def test_an_answer_in_chunks_is_read(server: ScriptedServer, client: PipefyClient) -> None:
    text = json.dumps(OK).encode()
    server.graphql(chunked([text[:5], text[5:]]))
    assert ask(client) == {"name": "José"}


def test_errors_beside_data_are_logged(
    server: ScriptedServer, client: PipefyClient, caplog: pytest.LogCaptureFixture
) -> None:
    server.graphql(OK | {"errors": [{"message": f"half of it failed for {TOKEN} at https://x/?s=s3cr3t"}]})
    assert ask(client) == {"name": "José"}
    assert "half of it failed" in caplog.text
    assert TOKEN not in caplog.text
    assert "s3cr3t" not in caplog.text


def test_a_service_account_fetches_a_token_and_keeps_it(
    server: ScriptedServer, account_client: PipefyClient
) -> None:
    server.on("/oauth/token", token("t1"))
    server.graphql(OK)
    with account_client as client:
        ask(client)
        ask(client)
    assert server.paths() == ["/oauth/token", "/graphql", "/graphql"]
    first, second, _ = server.received
    assert first.body == (
        b"grant_type=client_credentials&client_id=the-id&client_secret=marked-secret%2F%2B+4712"
    )
    assert "authorization" not in first.headers
    assert second.headers["authorization"] == "Bearer t1"


@pytest.mark.parametrize(
    "refusal",
    [
        answer(status=401),
        answer({"data": None, "errors": [{"message": "expired", "extensions": {"code": "UNAUTHENTICATED"}}]}),
    ],
)
def test_a_refused_token_is_renewed_once(
    refusal: Reply, server: ScriptedServer, account_client: PipefyClient
) -> None:
    server.on("/oauth/token", token("t1"), token("t2"))
    server.graphql(refusal, OK)
    with account_client as client:
        assert ask(client) == {"name": "José"}
    assert [r.headers.get("authorization") for r in server.received] == [None, "Bearer t1", None, "Bearer t2"]


def test_a_token_that_is_refused_twice_is_an_error(
    server: ScriptedServer, account_client: PipefyClient
) -> None:
    server.on("/oauth/token", token("t1"))
    server.graphql(answer(status=401))
    with account_client as client, pytest.raises(AuthenticationError):
        ask(client)
    assert server.paths().count("/graphql") == 2


def test_a_static_token_is_not_tried_again(server: ScriptedServer, client: PipefyClient) -> None:
    server.graphql(answer(status=401))
    with pytest.raises(AuthenticationError, match="PIPEFY_TOKEN"):
        ask(client)
    assert len(server.received) == 1


UNAUTHENTICATED = {
    "message": "no session",
    "extensions": {"code": "UNAUTHENTICATED", "correlation_id": "4f1c"},
}


@pytest.mark.parametrize(
    ("refusal", "correlation_id"),
    [(answer(status=401), None), (answer({"errors": [UNAUTHENTICATED]}), "4f1c")],
)
@pytest.mark.parametrize(
    ("credentials", "variables"),
    [(StaticToken(TOKEN), "ACME_TOKEN"), (ACCOUNT, "ACME_ID and ACME_SECRET")],
)
def test_refused_credentials_are_named_by_their_variables(  # noqa: PLR0917 - fixtures
    credentials: Credentials,
    variables: str,
    refusal: Reply,
    correlation_id: str | None,
    server: ScriptedServer,
    connection: Connection,
) -> None:
    named = replace(
        connection, token_env="ACME_TOKEN", client_id_env="ACME_ID", client_secret_env="ACME_SECRET"
    )
    server.on("/oauth/token", token("t1"))
    server.graphql(refusal)
    with PipefyClient(named, credentials) as client, pytest.raises(AuthenticationError) as caught:
        ask(client)
    assert str(caught.value).endswith(f"; check {variables}, used at {named.base_url}")
    assert "PIPEFY_" not in str(caught.value)
    assert caught.value.correlation_id == correlation_id


TOKEN_TROUBLE: dict[str, tuple[Reply, type[PipefyExportsError]]] = {
    "wrong secret": (answer({"error": "invalid_client"}, status=401), AuthenticationError),
    "bad request": (answer({"error": f"no {ACCOUNT.client_secret}"}, status=400), AuthenticationError),
    "no such page": (answer("<html>", status=404), AuthenticationError),
    "redirect": (redirect("https://evil.example.com/"), AuthenticationError),
    "no token": (answer({"token": "x"}), AuthenticationError),
    "forbidden": (answer(status=403), PermissionDeniedError),
    "slow down": (answer(status=429, headers={"Retry-After": "7"}), TokenUnavailableError),
    "server error": (answer("<html>", status=502), TokenUnavailableError),
    "a web page": (answer("<html>"), TokenUnavailableError),
    "reset": (reset(), ConnectionFailedError),
    "cut off": (truncated(b"{", 100), ConnectionFailedError),
}


@pytest.mark.parametrize(("reply", "error"), TOKEN_TROUBLE.values(), ids=TOKEN_TROUBLE.keys())
def test_trouble_at_the_token_endpoint_never_counts_as_sent(
    reply: Reply, error: type[PipefyExportsError], server: ScriptedServer, account_client: PipefyClient
) -> None:
    server.on("/oauth/token", reply)
    with account_client as client, pytest.raises(PipefyExportsError) as caught:
        ask(client)
    assert type(caught.value) is error
    if isinstance(caught.value, ConnectionFailedError):
        assert not caught.value.sent
    assert set(server.paths()) == {"/oauth/token"}
    assert "marked-secret" not in told_by(caught.value)


BROKEN: dict[str, Reply] = {
    "reset": reset(),
    "reset in the answer": reset(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
    "closed": raw(b""),
    "cut off": truncated(b'{"data": ', 100),
    "cut off in a chunk": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n99\r\n{}"),
    "no HTTP": raw(b"SSH-2.0-OpenSSH_9\r\n"),
    "a header that is none": raw(b"HTTP/1.1 200 OK\r\nLocation https://x/?signature=s3cr3t\r\n\r\n"),
    "a header with a NUL": raw(b"HTTP/1.1 200 OK\r\nLocation: https://x/?signature=s3cr3t\x00\r\n\r\n"),
    "two lengths": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}"),
    "a length that is none": raw(b"HTTP/1.1 200 OK\r\nContent-Length: https://x/?s3cr3t\r\n\r\n{}"),
}


@pytest.mark.parametrize("reply", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_answer_may_have_been_executed(
    reply: Reply, server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql(reply)
    with pytest.raises(ConnectionFailedError, match="the connection broke") as caught:
        ask(client)
    assert caught.value.sent
    assert "s3cr3t" not in told_by(caught.value)
    assert TOKEN not in told_by(caught.value)


def test_silence_ends_at_the_timeout(server: ScriptedServer) -> None:
    server.graphql(hang())
    connection = Connection(base_url=server.url, allow_insecure_urls=True, request_timeout_s=0.2)
    with (
        PipefyClient(connection, StaticToken(TOKEN)) as client,
        pytest.raises(ConnectionFailedError, match=r"did not finish within 0.2 seconds") as caught,
    ):
        ask(client)
    assert caught.value.sent


def test_an_answer_in_drips_ends_at_the_timeout(server: ScriptedServer) -> None:
    server.graphql(chunked([b" "] * 1000, pause_s=0.05))
    connection = Connection(base_url=server.url, allow_insecure_urls=True, request_timeout_s=0.3)
    with (
        PipefyClient(connection, StaticToken(TOKEN)) as client,
        pytest.raises(ConnectionFailedError, match=r"did not finish within 0.3 seconds") as caught,
    ):
        ask(client)
    assert caught.value.sent


def test_no_connection_was_surely_not_sent(unused_port: Callable[[], int]) -> None:
    nowhere = Connection(base_url=f"http://127.0.0.1:{unused_port()}", allow_insecure_urls=True)
    with (
        PipefyClient(nowhere, StaticToken(TOKEN)) as client,
        pytest.raises(ConnectionFailedError, match="no connection at http://127") as caught,
    ):
        ask(client)
    assert not caught.value.sent


@pytest.mark.parametrize(
    "location",
    [
        "http://localhost:1/x?signature=s3cr3t",
        "https://xn--a/?s3cr3t",
        "https://[s3cr3t",
        "//a:s3cr3t",
        "\xff",
    ],
)
@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_is_not_followed(
    status: int, location: str, server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql(redirect(location, status=status))
    with pytest.raises(RequestRejectedError, match="no GraphQL API") as caught:
        ask(client)
    assert server.paths() == ["/graphql"]
    assert "s3cr3t" not in told_by(caught.value)


@pytest.mark.parametrize(
    "reply",
    [
        chunked([bytes(1 << 20)] * 100),
        gzipped(b" " * (100 << 20)),
        answer(b"x", headers={"Content-Encoding": "br"}),
        answer(b"x", headers={"Content-Encoding": "gzip"}),
    ],
    ids=["100 MB", "100 MB in 100 kB", "an encoding we did not ask for", "no gzip"],
)
def test_an_answer_too_large_or_unreadable_is_refused(
    reply: Reply, server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql(reply)
    with pytest.raises(ServerUnavailableError, match=r"Pipefy's answer at http://127\.0\.0\.1"):
        ask(client)


def test_a_server_that_quotes_the_token_gets_it_struck_out(
    server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql({"data": {"me": None}, "errors": [{"message": f"no such token {TOKEN}"}]})
    with pytest.raises(RequestRejectedError, match="no such token") as caught:
        ask(client)
    assert TOKEN not in told_by(caught.value)


def test_nothing_secret_is_logged_at_any_level(
    server: ScriptedServer, account_client: PipefyClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.on("/oauth/token", token("marked-access-token"))
    server.graphql(answer(OK, headers={"Location": "https://x/?signature=s3cr3t"}))
    with account_client as client:
        ask(client)
    assert "HTTP Request" in caplog.text
    for secret in ("marked-access-token", "marked-secret", "s3cr3t"):
        assert secret not in caplog.text


def test_a_client_shows_no_secret(client: PipefyClient, account_client: PipefyClient) -> None:
    with account_client:
        assert TOKEN not in repr(client) + repr(vars(client))
        assert "marked-secret" not in repr(account_client) + repr(vars(account_client))


def test_a_sandbox_is_not_asked_through_a_proxy(
    server: ScriptedServer, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.graphql(OK)
    with PipefyClient(connection, StaticToken(TOKEN)) as client:
        assert ask(client) == {"name": "José"}


def test_a_proxy_that_refuses_has_sent_nothing(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:proxy-s3cr3t@127.0.0.1:{server.port}")
    server.on("pipefy.example.com:443", answer("<html>", status=407))
    with (
        PipefyClient(Connection(base_url="https://pipefy.example.com"), StaticToken(TOKEN)) as client,
        pytest.raises(ConnectionFailedError) as caught,
    ):
        ask(client)
    assert not caught.value.sent
    assert "s3cr3t" not in told_by(caught.value)
    assert "authorization" not in server.received[0].headers


@pytest.mark.parametrize("proxy", ["socks5://user:s3cr3t@127.0.0.1:1", "gopher://user:s3cr3t@127.0.0.1:1"])
def test_a_proxy_that_cannot_be_used_is_a_configuration_error(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(ConfigurationError, match="ALL_PROXY") as caught:
        PipefyClient(Connection(), StaticToken(TOKEN))
    assert "s3cr3t" not in told_by(caught.value)


def test_credentials_come_from_the_environment(
    server: ScriptedServer, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPEFY_TOKEN", "from-the-environment")
    server.graphql(OK)
    with PipefyClient.from_environment(connection) as client:
        ask(client)
    assert server.received[0].headers["authorization"] == "Bearer from-the-environment"
