"""The sandbox's port and its connections, for the faults that happen below HTTP."""

import asyncio
import contextlib
import socket
import struct
import threading
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

Address = tuple[str, int]


class Listener:
    """Knows each client's connection by its address, and can close the port for a while.

    Only to be used in the server's event loop, where not said otherwise.
    """

    def __init__(self, listening: socket.socket) -> None:
        self._socket = listening
        self._transports: dict[Address, asyncio.Transport] = {}
        self._server: uvicorn.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._reopening: asyncio.Task[None] | None = None

    @property
    def stopping(self) -> bool:
        """Whether the sandbox is about to end, so that no answer should keep it waiting."""
        return self._server is None or self._server.should_exit

    async def serve(self, server: uvicorn.Server) -> None:
        """Serve until the server is told to exit."""
        self._server, self._loop, self._thread = server, asyncio.get_running_loop(), threading.get_ident()
        await server.serve(sockets=[self._socket])
        if self._reopening is not None:
            self._reopening.cancel()
        self._socket.close()

    def protocol(self) -> type[H11Protocol]:
        """Return uvicorn's protocol, taught to tell this listener of its connections."""
        transports = self._transports

        class Protocol(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                if self.client is not None:
                    transports[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client is not None:
                    transports.pop(self.client, None)
                super().connection_lost(exc)

        return Protocol

    def reset(self, client: Address) -> None:
        """Close a client's connection the hard way: it sees `Connection reset by peer`."""
        if transport := self._transports.get(client):
            connection = transport.get_extra_info("socket")
            # Lingering for no time at all makes the system send RST instead of FIN.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()

    def write(self, client: Address, raw: bytes) -> None:
        """Write bytes past the HTTP library."""
        if transport := self._transports.get(client):
            transport.write(raw)

    def close(self, client: Address, last_words: bytes = b"") -> None:
        """Close a client's connection after what was sent, and `last_words`, have gone out."""
        if transport := self._transports.get(client):
            if last_words:
                transport.write(last_words)
            transport.close()

    def refuse_from_any_thread(self, seconds: float) -> None:
        """Close the port for a while; it is closed when this returns."""
        if self._loop is None:
            return
        if threading.get_ident() == self._thread:
            self.refuse(seconds)
            return

        async def refuse() -> None:
            self.refuse(seconds)

        asyncio.run_coroutine_threadsafe(refuse(), self._loop).result()

    def refuse(self, seconds: float) -> None:
        """Close the port for a while: new connections are refused, those that stand end with their answer."""
        server = self._server
        if server is None or server.should_exit or self._reopening is not None:
            return
        family, address = self._socket.family, self._socket.getsockname()
        server.servers[0].close()
        # Bound but not listening: connections are refused, and nobody else can take the port.
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(address)
        for connection in list(server.server_state.connections):
            connection.shutdown()
            if connection.transport.is_closing():  # it was idle
                # asyncio closes it a moment later: time enough for a client to use it once more.
                with contextlib.suppress(OSError):
                    connection.transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        self._reopening = asyncio.ensure_future(self._reopen(server, seconds))

    async def _reopen(self, server: uvicorn.Server, seconds: float) -> None:
        await asyncio.sleep(seconds)
        server.servers[0] = await asyncio.get_running_loop().create_server(
            lambda: self._make_protocol(server), sock=self._socket
        )
        self._reopening = None

    @staticmethod
    def _make_protocol(server: uvicorn.Server) -> asyncio.Protocol:
        make: Any = server.config.http_protocol_class
        protocol: asyncio.Protocol = make(
            config=server.config, server_state=server.server_state, app_state=server.lifespan.state
        )
        return protocol
