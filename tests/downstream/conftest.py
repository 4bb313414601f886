import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from downstream.scene import Tables, make_tables
from support.project import Project

from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings


@pytest.fixture(scope="session")
def read_only_tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tables]:
    """Tables that no test changes."""
    settings = SandboxSettings(jobs=500, cards=200, processing_seconds=0.2)
    with Sandbox(settings).running() as sandbox:
        root = tmp_path_factory.mktemp("tables") / "project"
        yield make_tables(Project.for_sandbox(root, sandbox.url))


@pytest.fixture
def tables(read_only_tables: Tables, tmp_path: Path) -> Tables:
    """A copy of them, with the same sandbox."""
    project = read_only_tables.project
    root = tmp_path / "project"
    shutil.copytree(project.root, root, symlinks=True)
    environment = {
        name: value.replace(str(project.root), str(root)) for name, value in project.environment.items()
    }
    return replace(read_only_tables, project=Project(root, environment))
