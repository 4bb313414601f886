"""One small sandbox for all commands that leave it as it is, and a shell in a project of its own for each test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli.shell import Shell, copy_of
from support.project import JOBS, Project
from support.stores import Stores

from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings

SMALL: dict[str, Any] = {"jobs": 200, "cards": 100, "processing_seconds": 0}


@pytest.fixture(scope="session")
def pipefy() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(**SMALL)).running() as running:
        yield running


@pytest.fixture
def shell(tmp_path: Path, pipefy: Sandbox, stores: Stores) -> Shell:
    return Shell(stores.take(Project.for_sandbox(tmp_path / "project", pipefy.url)))


@pytest.fixture(scope="session")
def loaded_project(tmp_path_factory: pytest.TempPathFactory, pipefy: Sandbox) -> Project:
    """One in which two partitions of automation jobs are loaded. To be copied, not to be used."""
    project = Project.for_sandbox(tmp_path_factory.mktemp("loaded") / "project", pipefy.url)
    for partition in ("current_month", "last_month"):
        assert project.materialize(JOBS, partition=partition).success
    return project


@pytest.fixture
def loaded(tmp_path: Path, loaded_project: Project, stores: Stores) -> Shell:
    return Shell(stores.take(copy_of(loaded_project, tmp_path / "loaded")))


@pytest.fixture(scope="session")
def loaded_for_reading(tmp_path_factory: pytest.TempPathFactory, loaded_project: Project) -> Shell:
    """One that no test changes."""
    return Shell(copy_of(loaded_project, tmp_path_factory.mktemp("reading") / "loaded"))
