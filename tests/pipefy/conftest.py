"""A scripted server, and a client that talks to it."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pipefy.downloading import Download
from pipefy.manual_clock import ManualClock
from pipefy.scripted_server import ScriptedServer

from pipefy_exports_dagster.config.model import Connection
from pipefy_exports_dagster.pipefy.client import PipefyClient
from pipefy_exports_dagster.pipefy.credentials import StaticToken

TOKEN = "marked-token-4711"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer().running() as server:
        yield server


@pytest.fixture
def connection(server: ScriptedServer) -> Connection:
    return Connection(
        base_url=server.url,
        allow_insecure_urls=True,
        request_timeout_s=5.0,
        download_timeout_s=10.0,
    )


@pytest.fixture
def client(connection: Connection, clock: ManualClock) -> Iterator[PipefyClient]:
    with PipefyClient(connection, StaticToken(TOKEN), clock=clock) as client:
        yield client


@pytest.fixture
def unused_port() -> Callable[[], int]:
    """Gives a port that nothing listens on."""

    def find() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    return find


@pytest.fixture
def download(server: ScriptedServer, connection: Connection, clock: ManualClock, tmp_path: Path) -> Download:
    folder = tmp_path / "raw"
    folder.mkdir()
    return Download(server, connection, clock, folder)
