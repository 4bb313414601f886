"""A proxy that takes CONNECT and carries bytes to one port, whatever host was asked for."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

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
            threading.Thread(target=self._upstream, args=(connection, target), daemon=True).start()
            while data := target.recv(65536):
                for piece in [data[i : i + 1] for i in range(len(data))] if self._pause_s else [data]:
                    connection.sendall(piece)
                    if self._closing.wait(self._pause_s):
                        return

    @staticmethod
    def _upstream(connection: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := connection.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

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
