"""A small sandbox that most tests share, others on request, and clients of them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from sandbox.api_client import Api

from pipefy_exports_dagster.sandbox import TOKEN, Sandbox, SandboxSettings

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SMALL: dict[str, Any] = {"jobs": 400, "cards": 300, "processing_seconds": 0, "now": NOW}


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One for all tests that leave it as it is: its exports are finished at once."""
    with Sandbox(SandboxSettings(**SMALL)).running() as running:
        yield running


@pytest.fixture
def start() -> Iterator[Callable[..., Sandbox]]:
    """Starts sandboxes of a test's own, with other settings."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(Sandbox(SandboxSettings(**(SMALL | settings))).running())


@pytest.fixture
def connect() -> Iterator[Callable[..., Api]]:
    """Makes clients for any sandbox and token."""
    with ExitStack() as stack:

        def connect(sandbox: Sandbox, token: str | None = TOKEN) -> Api:
            client = Api(sandbox.url, token)
            stack.enter_context(client.http)
            return client

        yield connect


@pytest.fixture
def api(sandbox: Sandbox, connect: Callable[..., Api]) -> Api:
    return connect(sandbox)
