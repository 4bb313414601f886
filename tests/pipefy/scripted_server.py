"""A real HTTP server that does what a test tells it to, misbehaviour included."""

import gzip
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    """A request as it arrived; header names in lower case, the path without its query string."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Reply = Callable[["Handler"], None]


class ScriptedServer(ThreadingHTTPServer):
    """Answers each path with its replies, one after the other; the last one repeats."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.received: list[Received] = []
        self.closing = threading.Event()
        self.left_alone = 0
        self._replies: dict[str, list[Reply]] = {}

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def on(self, path: str, *replies: Reply) -> None:
        self._replies[path] = list(replies)

    def graphql(self, *payloads: Any) -> None:
        """Script the GraphQL endpoint; what is not a reply is sent as JSON."""
        self.on("/graphql", *(payload if callable(payload) else answer(payload) for payload in payloads))

    def next_reply(self, path: str) -> Reply:
        replies = self._replies.get(path, [answer("no such path", status=404)])
        return replies.pop(0) if len(replies) > 1 else replies[0]

    def paths(self) -> list[str]:
        return [request.path for request in self.received]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that break off are part of many tests."""

    @contextmanager
    def running(self) -> Iterator["ScriptedServer"]:
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self.closing.set()
            self.shutdown()
            thread.join()
            self.server_close()


class Handler(BaseHTTPRequestHandler):
    """Reads a request whole, then lets the script answer."""

    protocol_version = "HTTP/1.1"
    timeout = 20
    server: ScriptedServer

    def _handle(self) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.received.append(Received(self.command, path, query, headers, body))
        self.server.next_reply(path)(self)

    do_GET = do_POST = do_CONNECT = _handle  # noqa: N815 - the names that http.server calls

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def start(self, status: int, headers: Mapping[str, str]) -> None:
        lines = [f"HTTP/1.1 {status} {responses.get(status, 'Odd')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1"))


def answer(body: Any = b"", *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Answer as one should; what is neither bytes nor text is sent as JSON."""
    is_json = not isinstance(body, bytes | str)
    content = json.dumps(body).encode() if is_json else body.encode() if isinstance(body, str) else body
    content_type = "application/json" if is_json else "application/octet-stream"

    def reply(handler: Handler) -> None:
        sent = {"Content-Type": content_type, "Content-Length": str(len(content))} | dict(headers or {})
        handler.start(status, sent)
        handler.wfile.write(content)

    return reply


def redirect(location: str, status: int = 302) -> Reply:
    return answer(b"", status=status, headers={"Location": location})


def gzipped(body: bytes, *, headers: Mapping[str, str] | None = None) -> Reply:
    return answer(gzip.compress(body), headers={"Content-Encoding": "gzip"} | dict(headers or {}))


def raw(data: bytes) -> Reply:
    """Send these bytes and close the connection."""

    def reply(handler: Handler) -> None:
        handler.wfile.write(data)
        handler.close_connection = True

    return reply


def truncated(body: bytes, claimed: int) -> Reply:
    """Announce more than is sent."""
    return raw(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % claimed + body)


def reset(after: bytes = b"") -> Reply:
    """Break the connection off, in the middle of an answer if `after` is given."""

    def reply(handler: Handler) -> None:
        handler.wfile.write(after)
        handler.wfile.flush()
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.close_connection = True

    return reply


def flood(start: bytes, pieces: Iterable[bytes], *, pause_s: float = 0.0) -> Reply:
    """Send a beginning, then pieces, until the client is gone; the server's `left_alone` counts who has gone."""

    def reply(handler: Handler) -> None:
        handler.close_connection = True
        try:
            handler.wfile.write(start)
            for piece in pieces:
                handler.wfile.write(piece)
                if handler.server.closing.wait(pause_s):
                    return
        except OSError:
            handler.server.left_alone += 1

    return reply


def hang() -> Reply:
    """Say nothing until the test ends."""

    def reply(handler: Handler) -> None:
        handler.server.closing.wait(20)
        handler.close_connection = True

    return reply


def chunked(
    pieces: Iterable[bytes], *, pause_s: float = 0.0, headers: Mapping[str, str] | None = None
) -> Reply:
    """Send pieces of an announced length each, with pauses; stop when the client does."""

    def reply(handler: Handler) -> None:
        handler.start(200, {"Transfer-Encoding": "chunked"} | dict(headers or {}))
        for piece in pieces:
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            if pause_s and handler.server.closing.wait(pause_s):
                return
        handler.wfile.write(b"0\r\n\r\n")

    return reply
