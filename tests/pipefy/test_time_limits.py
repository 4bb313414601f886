"""A request and a download end by their time limits, whatever a server sends."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import chain, cycle, repeat

import pytest
from pipefy.conftest import TOKEN
from pipefy.downloading import CONTENT, WHOLE, Download
from pipefy.scripted_server import Reply, ScriptedServer, answer, flood, redirect

from pipefy_exports_dagster.config.model import Connection
from pipefy_exports_dagster.errors import ConnectionFailedError, DownloadFailedError, DownloadRefusedError
from pipefy_exports_dagster.pipefy.client import PipefyClient
from pipefy_exports_dagster.pipefy.credentials import StaticToken
from pipefy_exports_dagster.pipefy.server_clock import ask_server_clock

LIMIT_S = 0.4
GENEROUS_S = 30
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def drip(text: bytes) -> Iterator[bytes]:
    return (bytes([byte]) for byte in cycle(text))


# Each holds a request for ever where only the time between two pieces is limited.
BEFORE_THE_BODY: dict[str, Callable[[], Reply]] = {
    "100 Continue": lambda: flood(b"", repeat(b"HTTP/1.1 100 Continue\r\n\r\n"), pause_s=0.01),
    "102 Processing": lambda: flood(b"", repeat(b"HTTP/1.1 102 Processing\r\n\r\n"), pause_s=0.01),
    "103 Early Hints": lambda: flood(
        b"", repeat(b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"), pause_s=0.01
    ),
    "a status line in drips": lambda: flood(b"HTTP/1.1 200 ", drip(b"O"), pause_s=0.01),
    "a header in drips": lambda: flood(HEAD + b"X-A: ", drip(b"a"), pause_s=0.01),
    "headers in drips": lambda: flood(HEAD, drip(b"X-A: b\r\n"), pause_s=0.01),
}
IN_THE_BODY: dict[str, Callable[[], Reply]] = {
    "chunks in drips": lambda: flood(CHUNKED, drip(b"1\r\n \r\n"), pause_s=0.01),
    "a chunk extension in drips": lambda: flood(CHUNKED + b"1;", drip(b"a"), pause_s=0.01),
    "chunk extensions": lambda: flood(CHUNKED, repeat(b"1;" + b"a" * 5000 + b"\r\n \r\n"), pause_s=0.01),
    "trailers in drips": lambda: flood(CHUNKED + b"1\r\n \r\n0\r\n", drip(b"X-A: b\r\n"), pause_s=0.01),
    "a body in drips": lambda: flood(HEAD + b"Content-Length: 99999\r\n\r\n", drip(b" "), pause_s=0.01),
    "a body without length": lambda: flood(HEAD + b"\r\n", drip(b" "), pause_s=0.01),
    "gzip members of nothing": lambda: flood(
        HEAD + b"Content-Encoding: gzip\r\n\r\n",
        repeat(bytes.fromhex("1f8b0800000000000003030000000000000000 00")),
        pause_s=0.01,
    ),
}
ALL = BEFORE_THE_BODY | IN_THE_BODY


@contextmanager
def ends_while_sending(server: ScriptedServer, requests: int = 1) -> Iterator[None]:
    """Check that what is done within is over while the server still sends, and how often it was asked."""
    started = time.monotonic()
    yield
    assert time.monotonic() - started < GENEROUS_S
    while server.left_alone < requests:
        assert time.monotonic() - started < 2 * GENEROUS_S
        time.sleep(0.01)
    assert len(server.received) == requests


@pytest.fixture
def hurried(connection: Connection) -> Connection:
    return replace(connection, request_timeout_s=LIMIT_S)


@pytest.mark.parametrize("shape", ALL.values(), ids=ALL.keys())
def test_a_request_ends_at_its_time_limit(
    shape: Callable[[], Reply], server: ScriptedServer, hurried: Connection
) -> None:
    server.graphql(shape())
    with (
        ends_while_sending(server),
        PipefyClient(hurried, StaticToken(TOKEN)) as client,
        pytest.raises(ConnectionFailedError, match=r"did not finish within 0\.4 seconds") as caught,
    ):
        client.execute("mutation { a }", {}, field="a")
    assert caught.value.sent
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shape", BEFORE_THE_BODY.values(), ids=BEFORE_THE_BODY.keys())
def test_a_download_that_does_not_begin_times_out_and_is_retried(
    shape: Callable[[], Reply], server: ScriptedServer, download: Download
) -> None:
    server.on("/file", shape(), answer(CONTENT))
    started = time.monotonic()
    assert download.run(request_timeout_s=LIMIT_S) == WHOLE
    assert time.monotonic() - started < GENEROUS_S
    assert server.paths() == ["/file", "/file"]


@pytest.mark.parametrize("shape", ALL.values(), ids=ALL.keys())
def test_a_download_ends_at_its_time_limit(
    shape: Callable[[], Reply], server: ScriptedServer, download: Download
) -> None:
    server.on("/file", shape())
    with ends_while_sending(server):
        download.fails(
            DownloadFailedError,
            r"in one attempt; .*did not finish within 0\.4 seconds \(`download_timeout_s`\)",
            download_timeout_s=LIMIT_S,
        )


def test_redirects_in_drips_end_at_the_time_limit_of_the_download(
    server: ScriptedServer, download: Download
) -> None:
    def slowly(after: Reply) -> Reply:
        def reply(handler: object) -> None:
            server.closing.wait(0.5)
            after(handler)  # type: ignore[arg-type]

        return reply

    server.on("/file", slowly(redirect("/file")))
    started = time.monotonic()
    download.fails(DownloadFailedError, "did not finish", download_timeout_s=1.5)
    assert time.monotonic() - started < GENEROUS_S
    assert 1 < len(server.received) < 6


@pytest.mark.parametrize(
    "piece",
    [b"HTTP/1.1 102 Processing\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nX-A: " + b"a" * 50_000 + b"\r\n\r\n"],
    ids=["small", "large"],
)
def test_informational_answers_at_full_speed_end_at_a_megabyte(
    piece: bytes, server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql(flood(b"", repeat(piece * (1 + 50_000 // len(piece)))))
    with (
        ends_while_sending(server),
        pytest.raises(ConnectionFailedError, match="over 1 MB of headers") as caught,
    ):
        client.execute("query { a }", {}, field="a")
    assert caught.value.sent


@pytest.mark.parametrize(
    "reply",
    [
        flood(HEAD, repeat(b"X-A: " + b"a" * 1000 + b"\r\n")),
        flood(HEAD + b"X-A: ", repeat(b"a" * 1000)),
        flood(b"HTTP/1.1 200 ", repeat(b"a" * 1000)),
        flood(CHUNKED + b"1;", repeat(b"a" * 1000)),
        flood(CHUNKED + b"0\r\n", repeat(b"X-A: " + b"a" * 1000 + b"\r\n")),
    ],
    ids=["headers", "a header", "a phrase", "a chunk extension", "trailers"],
)
def test_a_part_without_end_at_full_speed_is_refused(
    reply: Reply, server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql(reply)
    with ends_while_sending(server), pytest.raises(ConnectionFailedError, match="not HTTP"):
        client.execute("query { a }", {}, field="a")


def test_the_servers_clock_is_asked_within_the_time_limit(
    server: ScriptedServer, hurried: Connection
) -> None:
    server.graphql(BEFORE_THE_BODY["100 Continue"]())
    with ends_while_sending(server), pytest.raises(ConnectionFailedError, match="did not finish"):
        ask_server_clock(hurried)


@dataclass
class Accepting:
    """A port where connections are taken and nothing is read; what is sent looks like the begin of TLS, in drips."""

    listening: socket.socket
    closing: threading.Event = field(default_factory=threading.Event)
    taken: list[socket.socket] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.listening.getsockname()[1])

    def accept(self) -> None:
        with suppress(OSError):  # the port is closed at the end
            while True:
                connection, _ = self.listening.accept()
                self.taken.append(connection)
                threading.Thread(target=self.send, args=(connection,), daemon=True).start()

    def send(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:  # the client goes
            for byte in chain(b"\x16\x03\x03\x3f\xff\x02\x00\x3f\xfb", repeat(0)):
                connection.sendall(bytes([byte]))
                if self.closing.wait(0.01):
                    return


@pytest.fixture
def accepting() -> Iterator[Accepting]:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    accepting = Accepting(listening)
    thread = threading.Thread(target=accepting.accept, daemon=True)
    thread.start()
    yield accepting
    accepting.closing.set()
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


def test_tls_in_drips_ends_at_the_time_limit_and_nothing_was_sent(
    accepting: Accepting,
) -> None:
    connection = Connection(base_url=f"https://localhost:{accepting.port}", request_timeout_s=LIMIT_S)
    started = time.monotonic()
    with (
        PipefyClient(connection, StaticToken(TOKEN)) as client,
        pytest.raises(
            ConnectionFailedError, match=r"no connection at https.*did not finish within"
        ) as caught,
    ):
        client.execute("mutation { a }", {}, field="a")
    assert time.monotonic() - started < GENEROUS_S
    assert not caught.value.sent
    assert len(accepting.taken) == 1


def test_a_server_that_does_not_read_ends_at_the_time_limit(
    accepting: Accepting,
) -> None:
    connection = Connection(
        base_url=f"http://127.0.0.1:{accepting.port}", allow_insecure_urls=True, request_timeout_s=LIMIT_S
    )
    started = time.monotonic()
    with (
        PipefyClient(connection, StaticToken(TOKEN)) as client,
        pytest.raises(ConnectionFailedError, match="did not finish within") as caught,
    ):
        client.execute("mutation { a }", {"large": "x" * 50_000_000}, field="a")
    assert time.monotonic() - started < GENEROUS_S
    assert caught.value.sent
    assert len(accepting.taken) == 1


@pytest.mark.parametrize("shape", BEFORE_THE_BODY.values(), ids=BEFORE_THE_BODY.keys())
def test_a_proxy_that_does_not_answer_times_out_and_nothing_was_sent(
    shape: Callable[[], Reply], server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{server.port}")
    server.on("pipefy.example.com:443", shape())
    connection = Connection(base_url="https://pipefy.example.com", request_timeout_s=LIMIT_S)
    with (
        ends_while_sending(server),
        PipefyClient(connection, StaticToken(TOKEN)) as client,
        pytest.raises(ConnectionFailedError, match=r"no connection .*did not finish within") as caught,
    ):
        client.execute("mutation { a }", {}, field="a")
    assert not caught.value.sent


@pytest.fixture
def silent_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Makes the system's look-up of names hang, as a resolver does that is not there."""
    asked: list[str] = []
    closing = threading.Event()
    usual = socket.getaddrinfo

    def hang(host: str, *args: object, **more: object) -> object:
        if host != "pipefy.example.com" or more.get("flags"):
            return usual(host, *args, **more)  # type: ignore[arg-type]
        asked.append(host)
        closing.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    yield asked
    closing.set()


def test_a_look_up_of_a_name_that_hangs_ends_at_the_time_limit(silent_names: list[str]) -> None:
    connection = Connection(base_url="https://pipefy.example.com", request_timeout_s=LIMIT_S)
    threads = threading.active_count()
    started = time.monotonic()
    with PipefyClient(connection, StaticToken(TOKEN)) as client:
        for _ in range(3):
            with pytest.raises(ConnectionFailedError, match=r"no connection .*did not finish") as caught:
                client.execute("mutation { a }", {}, field="a")
            assert not caught.value.sent
    assert time.monotonic() - started < GENEROUS_S
    assert silent_names == ["pipefy.example.com"]
    assert threading.active_count() <= threads + 1


def test_an_address_that_is_silent_leaves_time_for_the_next(
    server: ScriptedServer, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names often have an IPv6 address first, on machines where IPv6 leads nowhere."""
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    waiting = [socket.socket() for _ in range(8)]
    for one in waiting:
        one.setblocking(False)
        one.connect_ex(full.getsockname())
    usual = socket.getaddrinfo

    def two(host: str, *args: object, **more: object) -> object:
        if host != "localhost":
            return usual(host, *args, **more)  # type: ignore[arg-type]
        if more.get("flags"):
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, full.getsockname()), (*kind, ("127.0.0.1", server.port))]

    monkeypatch.setattr(socket, "getaddrinfo", two)
    server.graphql({"data": {"a": 1}})
    patient = replace(connection, base_url=f"http://localhost:{server.port}", request_timeout_s=2.0)
    with PipefyClient(patient, StaticToken(TOKEN)) as client:
        assert client.execute("query { a }", {}, field="a") == 1
    for one in (*waiting, full):
        one.close()


def test_a_download_at_its_size_limit_is_still_refused(server: ScriptedServer, download: Download) -> None:
    server.on("/file", flood(CHUNKED, repeat(b"400\r\n" + b"x" * 0x400 + b"\r\n")))
    with ends_while_sending(server):
        download.fails(DownloadRefusedError, "larger than 1000 bytes", max_download_bytes=1000)
