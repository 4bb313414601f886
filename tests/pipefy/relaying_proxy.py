"""A proxy that takes CONNECT and carries bytes to one port, whatever host was asked for."""

import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_POLL_S = 0.01
CERTIFICATES = Path(__file__).parent / "certificates"
AUTHORITY = CERTIFICATES / "authority.pem"


def server_tls() -> ssl.SSLContext:
    """Return TLS of a server for `localhost`, `127.0.0.1` and `pipefy.example.com`, by the tests' authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "server.pem")
    return context


class RelayingProxy:
    """Keeps the head of each CONNECT; `pause_s` is how long it waits between two bytes to the client."""

    def __init__(self, to_port: int, tls: ssl.SSLContext | None, pause_s: float) -> None:
        self.heads: list[bytes] = []
        self._to_port = to_port
        self._tls = tls
        self._pause_s = pause_s
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._closing = threading.Event()

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            self._relay(connection)
        except OSError:
            pass
        finally:
            connection.close()

    def _relay(self, connection: socket.socket) -> None:
        connection.settimeout(20)
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(4096)
        self.heads.append(head)
        with socket.create_connection(("127.0.0.1", self._to_port), timeout=20) as target:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self._carry(connection, target)

    def _carry(self, client: socket.socket, target: socket.socket) -> None:
        """Carry bytes both ways in one thread: two may not use one TLS connection at a time."""
        while not self._closing.is_set():
            readable, _, _ = select.select([client, target], [], [], _POLL_S)
            # TLS may hold bytes that no socket tells of.
            client.settimeout(0)
            data = None
            with suppress(BlockingIOError, ssl.SSLWantReadError):
                data = client.recv(65536)
            client.settimeout(20)
            if data:
                target.sendall(data)
            if data == b"":
                return
            if target in readable and not self._send(client, target.recv(65536)):
                return

    def _send(self, client: socket.socket, data: bytes) -> bool:
        for piece in [data[i : i + 1] for i in range(len(data))] if self._pause_s else [data]:
            client.sendall(piece)
            if self._closing.wait(self._pause_s):
                return False
        return bool(data)

    @classmethod
    @contextmanager
    def running(
        cls, to_port: int, tls: ssl.SSLContext | None = None, *, pause_s: float = 0.0
    ) -> Iterator["RelayingProxy"]:
        proxy = cls(to_port, tls, pause_s)
        thread = threading.Thread(target=proxy.accept)
        thread.start()
        try:
            yield proxy
        finally:
            proxy._closing.set()
            proxy._listening.shutdown(socket.SHUT_RDWR)
            proxy._listening.close()
            thread.join()
