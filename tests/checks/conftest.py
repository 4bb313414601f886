"""A sandbox and a project in it, whose checks are looked at."""

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from checks.scene import Scene
from support.project import Project
from support.stores import Stores

from pipefy_exports_dagster.config.exports import AutomationJobs
from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings

SMALL: dict[str, Any] = {"jobs": 200, "cards": 100, "processing_seconds": 0.1}
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@contextmanager
def starting(folder: Path, stores: Stores) -> Iterator[Callable[..., Scene]]:
    """Starts scenes; `sandbox` and `jobs` are settings of those, the rest replaces the configuration's."""
    with ExitStack() as stack:

        def start(
            sandbox: dict[str, Any] | None = None, jobs: dict[str, Any] | None = None, **changes: Any
        ) -> Scene:
            settings = SandboxSettings(**(SMALL | {"now": NOON} | (sandbox or {})))
            running = stack.enter_context(Sandbox(settings).running())
            project = stores.take(Project.for_sandbox(folder / "project", running.url, checks=True))
            config = dataclasses.replace(
                project.config,
                read_copy=False,
                max_retries=0,
                automation_jobs=AutomationJobs(**(jobs or {})),
                **changes,
            )
            instance = stack.enter_context(dg.DagsterInstance.from_config(str(project.home)))
            return Scene(running, project, instance, config)

        yield start


@pytest.fixture
def start_scene(tmp_path: Path, stores: Stores) -> Iterator[Callable[..., Scene]]:
    with starting(tmp_path, stores) as start:
        yield start


@pytest.fixture
def scene(start_scene: Callable[..., Scene]) -> Scene:
    return start_scene()


@pytest.fixture(scope="module")
def loaded_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with starting(tmp_path_factory.mktemp("loaded"), Stores({})) as start:
        scene = start()
        for partition in ("last_month", "current_month"):
            assert scene.materialize(partition=partition).success
        yield scene


@pytest.fixture
def loaded(loaded_once: Scene, tmp_path: Path) -> Iterator[Scene]:
    """A scene with two partitions, whose database and raw files are put back after the test."""
    data_dir = loaded_once.project.data_dir
    raw_files, environment = loaded_once.project.raw_files(), dict(loaded_once.project.environment)
    kept = [loaded_once.project.database, *raw_files, *(Path(f"{path}.json") for path in raw_files)]
    for path in kept:
        shutil.copy2(path, tmp_path / path.name)
    yield loaded_once
    for path in kept:
        shutil.copy2(tmp_path / path.name, path)
    loaded_once.project.environment = environment
    (data_dir / "pipefy_exports.duckdb.wal").unlink(missing_ok=True)
