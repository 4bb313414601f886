"""Fixtures for all tests."""

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from hypothesis import settings
from pipefy.manual_clock import ManualClock
from support.open_storage import statements_compiled_once
from support.project import Project
from support.warm_readers import cold_readers, warm_readers

from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings

pytest_plugins = ["support.loader", "support.servers", "support.raw_places"]

# A machine that is busy takes long for anything: what hangs has a limit of its own.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

# Imports and collection make a million objects that stay: there is no garbage until then, and none among them later.
gc.disable()

SMALL: dict[str, Any] = {"jobs": 500, "cards": 200, "processing_seconds": 0.2}


@pytest.fixture(scope="session", autouse=True)
def _migrations_read_once() -> Iterator[None]:
    """Read Dagster's migrations once for all instances: each opening of one imports a hundred scripts again."""
    read, found = ScriptDirectory.from_config, dict[str, ScriptDirectory]()

    def read_once(config: Config) -> ScriptDirectory:
        location = str(config.get_main_option("script_location"))
        if location not in found:
            found[location] = read(config)
        return found[location]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ScriptDirectory, "from_config", read_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _readers_import_once() -> Iterator[None]:
    with warm_readers():
        yield


@pytest.fixture
def cold_reader() -> Iterator[None]:
    """Readers are started as a run starts them: for what is about their limits, which imports count against."""
    with cold_readers():
        yield


@pytest.fixture(scope="session", autouse=True)
def _statements_compiled_once() -> Iterator[None]:
    with statements_compiled_once():
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that may take longest, so that none of them is begun when the others are done."""

    def seconds_allowed(item: pytest.Item) -> float:
        marker = item.get_closest_marker("timeout")
        return next(iter(marker.args), 0) if marker else 0

    items.sort(key=seconds_allowed, reverse=True)


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture
def clock() -> ManualClock:
    """A clock at noon of 2026-11-22, UTC, whose sleep advances it at once."""
    return ManualClock()


@pytest.fixture
def start_sandbox() -> Iterator[Callable[..., Sandbox]]:
    """Starts sandboxes that end with the test."""
    with ExitStack() as stack:

        def start(**settings: Any) -> Sandbox:
            return stack.enter_context(Sandbox(SandboxSettings(**(SMALL | settings))).running())

        yield start


@pytest.fixture
def sandbox(start_sandbox: Callable[..., Sandbox]) -> Sandbox:
    return start_sandbox()


@pytest.fixture
def project(tmp_path: Path, sandbox: Sandbox) -> Project:
    return Project.for_sandbox(tmp_path / "project", sandbox.url)
