"""Stands before an object store: notes each request, answers some with an error, cuts or holds others."""

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


class Fault(StrEnum):
    UNAVAILABLE = "unavailable"
    """503, with a body that quotes what must not be passed on."""
    DENIED = "denied"
    KEPT = "kept"
    """Of several keys that are deleted at once, each is refused in an answer that is a success."""
    OTHER_REGION = "other region"
    EXPIRED = "expired"
    CUT = "cut"
    """The connection ends in the middle of the request; the store does not get it."""
    CUT_ANSWER = "cut answer"
    """The store gets the request, and the answer ends in the middle."""
    HOLD = "hold"
    """Nothing is passed on and nothing answered, until the proxy ends."""


QUOTED = "quoted-by-the-store"
ANSWERS = {
    Fault.UNAVAILABLE: (503, "SlowDown"),
    Fault.DENIED: (403, "AccessDenied"),
    Fault.KEPT: (200, "AccessDenied"),
    Fault.OTHER_REGION: (301, "PermanentRedirect"),
    Fault.EXPIRED: (400, "ExpiredToken"),
}
Choose = Callable[[str, str], Fault | None]


@dataclass
class StoreProxy:
    """`choose` gets the method and the path with its query, and says what goes wrong with that request."""

    backend: str
    choose: Choose = lambda *_: None
    requests: list[tuple[str, str]] = field(default_factory=list)
    headers: set[str] = field(default_factory=set)
    """The names of all headers of requests."""
    held: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    @contextmanager
    def running(self) -> Iterator["StoreProxy"]:
        proxy = self

        class Handler(_Handler):
            def __init__(self, *args: Any) -> None:
                self.proxy = proxy
                super().__init__(*args)

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.ended.set()
            server.shutdown()
            server.server_close()
            thread.join()

    def count(self, method: str, ending: str = "") -> int:
        """How many requests there were of a method, for a path that ends so, without its query."""
        return sum(method == made and path.partition("?")[0].endswith(ending) for made, path in self.requests)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: StoreProxy

    def log_message(self, *_: object) -> None:
        pass

    def _pass_on(self) -> None:
        proxy = self.proxy
        proxy.requests.append((self.command, self.path))
        proxy.headers |= set(self.headers)
        fault = proxy.choose(self.command, self.path)
        length = int(self.headers.get("Content-Length") or 0)
        if fault in {Fault.CUT, Fault.HOLD}:
            self.rfile.read(length // 2)
            if fault is Fault.HOLD:
                proxy.held.set()
                proxy.ended.wait()
            self.close_connection = True
            return
        body = self.rfile.read(length)
        if fault in ANSWERS:
            status, code = ANSWERS[fault]
            text = f"<Error><Code>{code}</Code><Message>{QUOTED}</Message></Error>".encode()
            self._answer(status, [("Content-Type", "application/xml")], text)
            return
        backend = urlsplit(proxy.backend)
        connection = http.client.HTTPConnection(backend.hostname or "", backend.port)
        with contextlib.closing(connection):
            # The signature is of this proxy's address: it stays.
            connection.request(self.command, self.path, body, dict(self.headers))
            answer = connection.getresponse()
            content = answer.read()
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP]
        self._answer(
            answer.status,
            headers,
            content,
            cut=fault is Fault.CUT_ANSWER,
            length=answer.getheader("Content-Length"),
        )

    def _answer(
        self,
        status: int,
        headers: list[tuple[str, str]],
        content: bytes,
        *,
        cut: bool = False,
        length: str | None = None,
    ) -> None:
        with contextlib.suppress(ConnectionError):
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            is_head = self.command == "HEAD"
            self.send_header("Content-Length", (length or "0") if is_head else str(len(content)))
            self.end_headers()
            if not is_head:
                self.wfile.write(content[: len(content) // 2] if cut else content)
        self.close_connection |= cut

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass_on  # noqa: N815 - the names that the library calls


_HOP = {"content-length", "transfer-encoding", "connection"}
