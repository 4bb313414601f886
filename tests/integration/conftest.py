"""Sandboxes, and an environment without any setting of ours."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from support.project import Project

from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings

SMALL: dict[str, Any] = {"jobs": 500, "cards": 200, "processing_seconds": 0.2}


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


@pytest.fixture
def bare_environment() -> dict[str, str]:
    """The environment of somebody who has set nothing up yet."""
    ours = ("PIPEFY_", "DAGSTER_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
