"""Requests over TLS and by proxies: what a network with limits of its own has to be able to do."""

import socket
import time
from collections.abc import Callable, Iterator
from itertools import repeat

import pytest
from pipefy.conftest import TOKEN
from pipefy.relaying_proxy import AUTHORITY, RelayingProxy, server_tls
from pipefy.scripted_server import ScriptedServer, answer, flood
from pipefy.secrets_in import told_by

from pipefy_exports_dagster.config.model import Connection
from pipefy_exports_dagster.errors import ConnectionFailedError, PipefyExportsError
from pipefy_exports_dagster.pipefy import transport
from pipefy_exports_dagster.pipefy.client import PipefyClient
from pipefy_exports_dagster.pipefy.credentials import StaticToken
from pipefy_exports_dagster.pipefy.proxies import proxies_by_pattern

LARGE = {"data": {"a": "x" * 3_000_000}}
FAR_AWAY = Connection(base_url="https://pipefy.example.com", request_timeout_s=10)


def ask(connection: Connection) -> object:
    with PipefyClient(connection, StaticToken(TOKEN)) as client:
        return client.execute("query { a }", {"large": "y" * 1_000_000}, field="a")


@pytest.fixture
def tls_server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    server.socket = server_tls().wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.graphql(LARGE)
    with server.running():
        yield server


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Names the tests' certificate authority, as people do whose company has one."""
    monkeypatch.setenv("SSL_CERT_FILE", str(AUTHORITY))
    transport._certificates.cache_clear()
    yield
    transport._certificates.cache_clear()


@pytest.mark.usefixtures("trusted")
def test_a_server_whose_authority_is_named_is_trusted(tls_server: ScriptedServer) -> None:
    connection = Connection(base_url=f"https://localhost:{tls_server.port}")
    assert ask(connection) == LARGE["data"]["a"]
    assert tls_server.received[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_a_server_of_an_unknown_authority_is_told_nothing(tls_server: ScriptedServer) -> None:
    with pytest.raises(
        ConnectionFailedError, match=r"certificate is not accepted: .*SSL_CERT_FILE"
    ) as caught:
        ask(Connection(base_url=f"https://localhost:{tls_server.port}"))
    assert not caught.value.sent
    assert tls_server.received == []


@pytest.fixture
def names_lead_here(tls_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets each name under example.com lead to the server."""
    usual = socket.getaddrinfo

    def here(host: str, port: int, *args: object, **more: object) -> object:
        is_far = host.endswith(".example.com") and not more.get("flags")
        return usual("127.0.0.1", tls_server.port) if is_far else usual(host, port, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", here)


@pytest.mark.usefixtures("trusted", "names_lead_here")
def test_a_certificate_for_another_name_is_refused(tls_server: ScriptedServer) -> None:
    with pytest.raises(
        ConnectionFailedError, match=r"certificate is not accepted: Hostname mismatch"
    ) as caught:
        ask(Connection(base_url="https://other.example.com"))
    assert not caught.value.sent
    assert tls_server.received == []


def test_a_server_without_tls_is_told_nothing(server: ScriptedServer) -> None:
    with pytest.raises(ConnectionFailedError, match=r"no connection at .*TLS failed") as caught:
        ask(Connection(base_url=f"https://localhost:{server.port}"))
    assert not caught.value.sent


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_used(
    scheme: str, name: str, tls_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = server_tls() if scheme == "https" else None
    with RelayingProxy.running(tls_server.port, tls) as proxy:
        monkeypatch.setenv(name, f"{scheme}://user:pass%2Fword@localhost:{proxy.port}")
        assert ask(FAR_AWAY) == LARGE["data"]["a"]
    [head] = proxy.heads
    assert head.startswith(b"CONNECT pipefy.example.com:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic dXNlcjpwYXNzL3dvcmQ=\r\n" in head
    assert TOKEN.encode() not in head
    assert tls_server.paths() == ["/graphql"]
    assert "proxy-authorization" not in tls_server.received[0].headers


@pytest.mark.usefixtures("trusted")
def test_tls_within_tls_in_drips_ends_at_the_time_limit(
    tls_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RelayingProxy.running(tls_server.port, server_tls(), pause_s=0.02) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"https://localhost:{proxy.port}")
        started = time.monotonic()
        with pytest.raises(ConnectionFailedError, match=r"no connection .*did not finish within") as caught:
            ask(Connection(base_url="https://pipefy.example.com", request_timeout_s=0.5))
        assert time.monotonic() - started < 30
    assert not caught.value.sent
    assert tls_server.received == []


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_flood_by_a_proxy_ends_at_the_time_limit(
    scheme: str, tls_server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls_server.graphql(flood(b"", repeat(b"HTTP/1.1 102 Processing\r\n\r\n"), pause_s=0.01))
    with RelayingProxy.running(tls_server.port, server_tls() if scheme == "https" else None) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://localhost:{proxy.port}")
        started = time.monotonic()
        with pytest.raises(
            ConnectionFailedError, match=r"connection broke .*did not finish within"
        ) as caught:
            ask(Connection(base_url="https://pipefy.example.com", request_timeout_s=1))
        assert time.monotonic() - started < 30
    assert caught.value.sent
    assert tls_server.paths() == ["/graphql"]


@pytest.mark.usefixtures("trusted", "names_lead_here", "tls_server")
@pytest.mark.parametrize(
    "exempt", ["pipefy.example.com", ".example.com", "a.b, example.com", "*", "https://"]
)
def test_a_host_in_no_proxy_is_asked_directly(exempt: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", exempt)
    assert ask(FAR_AWAY) == LARGE["data"]["a"]


@pytest.mark.parametrize(
    "no_proxy", ["", "127.0.0.1", "10.0.0.0/8, ::1", ".a.com,b.com", "localhost", "http://c.com", "*"]
)
@pytest.mark.parametrize(
    "proxies", [{}, {"ALL_PROXY": "http://p:1"}, {"https_proxy": "p:1", "HTTP_PROXY": "https://q"}]
)
def test_the_environment_is_read_as_httpx_reads_it(
    no_proxy: str, proxies: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer httpx may know better: this says so."""
    from httpx._utils import get_environment_proxies

    monkeypatch.setenv("NO_PROXY", no_proxy)
    for name, value in proxies.items():
        monkeypatch.setenv(name, value)
    assert proxies_by_pattern() == get_environment_proxies()


def test_a_host_that_is_not_there_is_named(unused_port: Callable[[], int]) -> None:
    for url, problem in [
        (f"https://127.0.0.1:{unused_port()}", "Connection refused"),
        ("https://no-such-host.invalid", "no connection at https://no-such-host.invalid"),
    ]:
        with pytest.raises(ConnectionFailedError, match=problem) as caught:
            ask(Connection(base_url=url, request_timeout_s=5))
        assert not caught.value.sent


@pytest.mark.parametrize("status", [400, 403, 407, 500])
def test_a_phrase_of_a_proxy_is_not_quoted(
    status: int, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:proxy-s3cr3t@127.0.0.1:{server.port}")
    phrase = f"HTTP/1.1 {status} no proxy-s3cr3t dXNlcjpwcm94eS1zM2NyM3Q=\r\nContent-Length: 0\r\n\r\n"
    server.on("pipefy.example.com:443", flood(phrase.encode(), []))
    with pytest.raises(
        PipefyExportsError, match=rf"the proxy refused the connection \(HTTP {status}\)"
    ) as caught:
        ask(FAR_AWAY)
    assert "s3cr3t" not in told_by(caught.value)
    assert "dXNlcjpw" not in told_by(caught.value)


def test_cookies_of_a_server_are_not_kept(server: ScriptedServer, connection: Connection) -> None:
    server.graphql(answer({"data": {"a": 1}}, headers={"Set-Cookie": "id=7; Path=/"}))
    with PipefyClient(connection, StaticToken(TOKEN)) as client:
        for _ in range(2):
            client.execute("query { a }", {}, field="a")
    assert [request.headers.get("cookie") for request in server.received] == [None, None]
