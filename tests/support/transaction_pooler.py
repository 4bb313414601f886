"""A pooler in front of a Postgres: in transaction mode each transaction gets whatever session of the server is free.

It passes each login on to the server, whose session it then has; clients see a process id that is none, as they do of
PgBouncer. Messages of the simple protocol only, which is all that psycopg2 speaks.
"""

import contextlib
import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from servers.server import HOST


def _message(stream: socket.socket, *, has_type: bool = True) -> bytes:
    head = _exactly(stream, 5 if has_type else 4)
    return head + _exactly(stream, int.from_bytes(head[-4:], "big") - 4)


def _exactly(stream: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = stream.recv(size - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data


@dataclass
class Pooler:
    """Gives the session that is free for longest, or the one that was used last."""

    server_port: int
    in_transaction_mode: bool
    gives_newest: bool
    free: deque[socket.socket] = field(default_factory=deque)
    opened: list[socket.socket] = field(default_factory=list)
    listener: socket.socket = field(default_factory=lambda: socket.create_server((HOST, 0)))

    @property
    def port(self) -> int:
        port: int = self.listener.getsockname()[1]
        return port

    @contextmanager
    def running(self) -> Iterator["Pooler"]:
        threading.Thread(target=self._accept, daemon=True).start()
        try:
            yield self
        finally:
            for each in (self.listener, *self.opened):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                self.opened.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            session = self._logged_in(client)
            while (query := _message(client))[:1] != b"X":
                if session is None:
                    session = self.free.pop() if self.gives_newest else self.free.popleft()
                session.sendall(query)
                if self._answered(session, client) == b"I" and self.in_transaction_mode:
                    self.free.append(session)
                    session = None

    def _logged_in(self, client: socket.socket) -> socket.socket | None:
        start = _message(client, has_type=False)
        while start[4:8] in {b"\x04\xd2\x16\x2f", b"\x04\xd2\x16\x30"}:  # asks for TLS, or GSS
            client.sendall(b"N")
            start = _message(client, has_type=False)
        session = socket.create_connection((HOST, self.server_port))
        self.opened.append(session)
        session.sendall(start)
        while True:
            answer = _message(session)
            if answer[:1] == b"K":
                answer = answer[:5] + b"\x7f\xff\xff\xff" + answer[9:]
            client.sendall(answer)
            if answer[:1] == b"R" and int.from_bytes(answer[5:9], "big") in {3, 5, 10, 11}:
                session.sendall(_message(client))
            if answer[:1] == b"Z":
                break
        if not self.in_transaction_mode:
            return session
        self.free.appendleft(session) if self.gives_newest else self.free.append(session)
        return None

    def _answered(self, session: socket.socket, client: socket.socket) -> bytes:
        while True:
            answer = _message(session)
            client.sendall(answer)
            if answer[:1] == b"Z":
                return answer[5:6]
