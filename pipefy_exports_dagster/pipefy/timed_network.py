"""The network of one request: each wait on it ends when the request's time is over, whatever arrives.

httpx limits the time of one operation. A server that sends a byte now and then, or header lines, informational
answers or empty chunks without end, keeps each operation short and the request for ever. So each operation asks here
how much time is left; and what comes before the answer's body is counted, because no library does.
"""

import functools
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from socket import IPPROTO_TCP, SOCK_STREAM, TCP_NODELAY, socket
from typing import Any

import httpcore

from pipefy_exports_dagster.pipefy.name_lookup import look_up

MAX_HEAD_BYTES = 1 << 20
"""What may arrive before the body of an answer: its headers, a proxy's, and all informational answers."""
TLS_RECORD_BYTES = 1 << 14


class RequestLimitError(Exception):
    """The request passed a limit; the message says which, and continues a sentence about the request."""


@dataclass(slots=True)
class RequestLimits:
    """What is left to a request. Times are values of `time.monotonic`, and change when the body begins.

    Args:
        silence_s: How long one operation may take.
        ends_at: When all of the request has to be over.
        too_late: What to say when it is not.
    """

    silence_s: float
    ends_at: float
    too_late: str
    head_bytes_left: int | None = MAX_HEAD_BYTES
    layers: int = 0
    """How many connections stand, one in the other: TCP, TLS to a proxy, TLS to the server."""

    def wait_s(self) -> float:
        """Return how long the next operation may take.

        Raises:
            RequestLimitError: The time is over.
        """
        left_s = self.ends_at - time.monotonic()
        if left_s <= 0:
            raise RequestLimitError(self.too_late)
        return min(left_s, self.silence_s)

    def timed_out(self) -> RequestLimitError:
        """Return the error for an operation that took all the time it had."""
        # A socket's timer may end a moment before the clock says so.
        is_over = self.ends_at - time.monotonic() < min(0.05, self.silence_s / 10)
        return RequestLimitError(self.too_late if is_over else f"for {self.silence_s:g} seconds nothing came")

    def count(self, size: int) -> None:
        """Take bytes that arrived into account.

        Raises:
            RequestLimitError: There are too many before the body.
        """
        if self.head_bytes_left is not None:
            self.head_bytes_left -= size
            if self.head_bytes_left < 0:
                raise RequestLimitError(f"over {MAX_HEAD_BYTES >> 20} MB of headers came, and no answer")

    def begin_body(self, ends_at: float, too_late: str) -> None:
        """Set the limits for the rest, once the headers are here."""
        self.head_bytes_left = None
        self.ends_at, self.too_late = ends_at, too_late


class TimedNetwork(httpcore.NetworkBackend):
    """Makes the connections of one request. The time limits that the library passes are ignored."""

    def __init__(self, limits: RequestLimits) -> None:
        self._limits = limits
        self._streams: list[_Stream] = []

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - as it is called
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        """Connect to the first address of a host that takes us; each has its share of the time."""
        with _told_as(httpcore.ConnectError, self._limits):
            addresses = look_up(host, port, within_s=self._limits.wait_s())
        problem: httpcore.ConnectError | RequestLimitError | None = None
        for position, (family, address) in enumerate(addresses):
            connection = socket(family, SOCK_STREAM)
            stream = _Stream(connection, self._limits, self._streams)
            wait_s = self._limits.wait_s() / (len(addresses) - position)
            try:
                with _told_as(httpcore.ConnectError, self._limits):
                    connection.settimeout(wait_s)
                    connection.connect(address)
                    connection.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
            except (httpcore.ConnectError, RequestLimitError) as error:
                stream.close()
                problem = error
            else:
                self._limits.layers += 1
                return stream
        raise problem or httpcore.ConnectError("the host has no address")

    def close(self) -> None:
        """Close what is still open: not every way out of the library does."""
        for stream in self._streams:
            stream.close()


class _Stream(httpcore.NetworkStream):
    """A connection, plain or with TLS."""

    def __init__(self, connection: socket, limits: RequestLimits, siblings: "list[_Stream]") -> None:
        self._socket = connection
        self._limits = limits
        self._siblings = siblings
        siblings.append(self)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        with _told_as(httpcore.ReadError, self._limits):
            self._socket.settimeout(self._limits.wait_s())
            data = self._socket.recv(max_bytes)
        self._limits.count(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        rest = memoryview(buffer)
        while rest:
            with _told_as(httpcore.WriteError, self._limits):
                self._socket.settimeout(self._limits.wait_s())
                rest = rest[self._socket.send(rest) :]

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        """Go on with TLS; a connection that has it already, to a proxy, carries another within."""
        inner: httpcore.NetworkStream
        try:
            with _told_as(httpcore.ConnectError, self._limits):
                if isinstance(self._socket, ssl.SSLSocket):
                    inner = _TlsWithin(self, self._limits, ssl_context, server_hostname)
                else:
                    self._socket.settimeout(self._limits.wait_s())
                    wrapped = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
                    inner = _Stream(wrapped, self._limits, self._siblings)
        except BaseException:
            self.close()
            raise
        self._limits.layers += 1
        return inner

    def close(self) -> None:
        with suppress(OSError):
            self._socket.close()

    def get_extra_info(self, info: str) -> Any:
        is_tls = info == "ssl_object" and isinstance(self._socket, ssl.SSLSocket)
        return self._socket if is_tls or info == "socket" else None


class _TlsWithin(httpcore.NetworkStream):
    """TLS to a server, within a connection to a proxy that has TLS of its own."""

    def __init__(
        self, outer: _Stream, limits: RequestLimits, context: ssl.SSLContext, server_hostname: str | None
    ) -> None:
        self._outer = outer
        self._limits = limits
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_hostname)
        self._exchange(self._tls.do_handshake)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        with _told_as(httpcore.ReadError, self._limits):
            try:
                return bytes(self._exchange(functools.partial(self._tls.read, max_bytes)))
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""  # whether that was the whole answer, HTTP tells

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        rest = memoryview(buffer)
        while rest:
            with _told_as(httpcore.WriteError, self._limits):
                rest = rest[self._exchange(functools.partial(self._tls.write, rest)) :]

    def close(self) -> None:
        self._outer.close()

    def get_extra_info(self, info: str) -> Any:
        return self._tls if info == "ssl_object" else None

    def _exchange(self, step: Callable[[], Any]) -> Any:
        """Repeat a step of TLS, and carry its bytes to and fro, until it is done."""
        while True:
            try:
                result, is_done = step(), True
            except ssl.SSLWantReadError:
                result, is_done = None, False
            if self._outgoing.pending:
                self._outer.write(self._outgoing.read())
            if is_done:
                return result
            if data := self._outer.read(TLS_RECORD_BYTES):
                self._incoming.write(data)
            else:
                self._incoming.write_eof()


@contextmanager
def _told_as(kind: type[Exception], limits: RequestLimits) -> Iterator[None]:
    """Turn the system's errors into the library's; those of its own are not caught."""
    try:
        yield
    except TimeoutError:
        raise limits.timed_out() from None
    except OSError as error:
        raise kind(problem_of(error)) from None


def problem_of(error: OSError) -> str:
    """Return what the system says of an error; nothing in it comes from the other side."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the certificate is not accepted: {error.verify_message} (a certificate authority of your own is "
            "named by SSL_CERT_FILE)"
        )
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or 'the connection was closed'}"
    return error.strerror or str(error) or type(error).__name__
