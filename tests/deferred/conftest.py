"""A sandbox and a project in it, for each test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from deferred.scene import Scene
from support.project import Project

from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SMALL: dict[str, Any] = {"jobs": 100, "cards": 40, "processing_seconds": 600, "now": NOON}


@pytest.fixture
def start_scene(tmp_path: Path) -> Iterator[Callable[..., Scene]]:
    """Starts a sandbox with the given settings, and a deferred project in it."""
    with ExitStack() as stack:

        def start(*, changes: dict[str, Any] | None = None, **settings: Any) -> Scene:
            sandbox = stack.enter_context(Sandbox(SandboxSettings(**(SMALL | settings))).running())
            project = Project.for_sandbox(tmp_path / "project", sandbox.url)
            return Scene.deferred(sandbox, project, **(changes or {}))

        yield start


@pytest.fixture
def scene(start_scene: Callable[..., Scene]) -> Scene:
    return start_scene()
