"""A sandbox that runs: real HTTP on a real port."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import uvicorn

from pipefy_exports_dagster.sandbox.app import build_app
from pipefy_exports_dagster.sandbox.clock import SandboxClock
from pipefy_exports_dagster.sandbox.control import control_routes
from pipefy_exports_dagster.sandbox.exports import ExportStore
from pipefy_exports_dagster.sandbox.faults import FaultPlan
from pipefy_exports_dagster.sandbox.front import Front
from pipefy_exports_dagster.sandbox.listener import Listener
from pipefy_exports_dagster.sandbox.settings import SandboxSettings
from pipefy_exports_dagster.sandbox.state import SandboxState
from pipefy_exports_dagster.sandbox.stats import Stats
from pipefy_exports_dagster.sandbox.tokens import TokenStore
from pipefy_exports_dagster.sandbox.world import World


class Sandbox:
    """A local Pipefy.

    `with Sandbox(SandboxSettings(...)).running() as sandbox:` serves it from a thread, at `sandbox.url`.
    """

    def __init__(self, settings: SandboxSettings | None = None) -> None:
        self.settings = settings or SandboxSettings()
        self._state = SandboxState(self.settings)
        self.faults = FaultPlan()
        """What is set to go wrong: `sandbox.faults.arm("create:answer-lost")`."""
        for order in self.settings.faults:
            self.faults.arm(order)
        self._address: tuple[str, int] | None = None

    @property
    def url(self) -> str:
        """The base URL: what `PIPEFY_BASE_URL` is set to.

        Raises:
            RuntimeError: The sandbox is not running.
        """
        if self._address is None:
            raise RuntimeError("the sandbox has no address unless it is running")
        host, port = self._address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @property
    def clock(self) -> SandboxClock:
        """The clock, which can be set."""
        return self._state.clock

    @property
    def world(self) -> World:
        """The data: what any export must contain."""
        return self._state.world

    @property
    def exports(self) -> ExportStore:
        """The exports created so far."""
        return self._state.exports

    @property
    def tokens(self) -> TokenStore:
        """The tokens, which can be revoked."""
        return self._state.tokens

    @property
    def stats(self) -> Stats:
        """What was asked, counted."""
        return self._state.stats

    @contextlib.contextmanager
    def running(self) -> Iterator["Sandbox"]:
        """Serve until the `with` block ends. A sandbox runs once.

        Raises:
            OSError: The port is taken, or the host is none of this machine.
        """
        listening = _listen(self.settings.host, self.settings.port)
        self._address = listening.getsockname()[:2]
        listener = Listener(listening)
        app = build_app(self._state, control_routes(self._state, self.faults))
        front = Front(app, self._state, self.faults, listener)
        server = uvicorn.Server(_uvicorn_config(front, listener))
        thread = threading.Thread(
            target=lambda: asyncio.run(listener.serve(server)), name="sandbox", daemon=True
        )
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.005)
            self.faults.attach(listener)
            yield self
        finally:
            server.should_exit = True
            thread.join()
            self._state.exports.close()
            listening.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    return socket.create_server((host, port), family=family)


def _uvicorn_config(app: Front, listener: Listener) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=listener.protocol(),
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # forwarded hosts are read by the application: links carry them
        server_header=False,
        date_header=False,  # the front sends one, of the sandbox's own clock
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
    )
