"""Bytes of an HTTP answer, to each question that Pipefy is asked: an answer or one error of ours, and no secret."""

import base64
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pipefy.manual_clock import ManualClock
from pipefy.operations import OPERATIONS
from pipefy.secrets_in import told_by

from fuzz.frame import mutated, seeds
from pipefy_exports_dagster.config.model import Connection
from pipefy_exports_dagster.errors import PipefyExportsError
from pipefy_exports_dagster.pipefy.credentials import StaticToken
from pipefy_exports_dagster.pipefy.status_batch import StatusClient

TOKEN = "marked-Token/4711.xyz"
FORMS = (
    TOKEN,
    TOKEN.replace("/", "\\/"),
    TOKEN.replace("/", "%2F"),
    base64.b64encode(TOKEN.encode()).decode().rstrip("="),
    TOKEN.encode().hex(),
    "".join(f"%{byte:02X}" for byte in TOKEN.encode()),
    "".join(f"\\u{byte:04x}" for byte in TOKEN.encode()),
    "".join(f"&#{byte};" for byte in TOKEN.encode()),
)
LONGEST_MESSAGE = 2_000

examples = mutated(
    seeds("graphql_answer"),
    words=(
        b"HTTP/1.1 102 Processing\r\n\r\n", b"\r\n\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 7\r\n",
        b"Content-Encoding: gzip\r\n", b'{"data":', b'"errors":', b'[{"message":', b'"extensions":{"code":', b"null",
        b"[[",
        b"\\u", b"\\ud800", b"%25", b"&#", b"=\r\n", b"9" * 50, b"1e999", b"NaN", *(form.encode() for form in FORMS),
    ),
)  # fmt: skip


def check(example: bytes) -> None:
    """Let each question be answered so, and hear what comes of it."""
    with _answering(example) as port, _records() as records:
        connection = Connection(
            base_url=f"http://127.0.0.1:{port}", allow_insecure_urls=True, request_timeout_s=5
        )
        told = []
        for ask in OPERATIONS.values():
            with StatusClient(connection, StaticToken(TOKEN), clock=ManualClock()) as client:
                try:
                    told.append(repr(ask(client)))
                except PipefyExportsError as error:
                    message = str(error)
                    if not message.isprintable() or len(message) > LONGEST_MESSAGE:
                        raise AssertionError("a message of several lines, or one too long") from error
                    told.append(told_by(error))
    heard = "".join("\n".join([*told, *records]).split())
    quoted = [form for form in FORMS if form in heard]
    if quoted:
        raise AssertionError(f"quoted: {quoted[0]}")


@contextmanager
def _answering(content: bytes) -> Iterator[int]:
    """Answer each request with these bytes, and close the connection."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with connection, suppress(OSError):
                    connection.settimeout(5)
                    request = b""
                    # Bodies of ours are small, and end with a brace.
                    while b"\r\n\r\n" not in request or not request.endswith(b"}"):
                        request += connection.recv(65536)
                    connection.sendall(content)
                    connection.shutdown(socket.SHUT_WR)
                    connection.recv(1)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


@contextmanager
def _records() -> Iterator[list[str]]:
    """Collect what is logged, at any level."""
    texts: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            texts.append(self.format(record))

    root, handler = logging.getLogger(), Collect()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield texts
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
