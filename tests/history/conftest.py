"""Installations on a small sandbox, for each test."""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from history.installation import Installation
from support.project import Project
from support.stores import Stores

from pipefy_exports_dagster.config.exports import AutomationJobs
from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings

SMALL: dict[str, Any] = {"jobs": 200, "cards": 100, "processing_seconds": 0.1}
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def install(tmp_path: Path, stores: Stores) -> Iterator[Callable[..., Installation]]:
    """Makes installations; `sandbox` are settings of the sandbox, the rest replaces the configuration's."""
    with ExitStack() as stack:

        def start(
            sandbox: dict[str, Any] | None = None, jobs: dict[str, Any] | None = None, **settings: Any
        ) -> Installation:
            running = stack.enter_context(
                Sandbox(SandboxSettings(**(SMALL | {"now": NOON} | (sandbox or {})))).running()
            )
            root = tmp_path / f"project{len(list(tmp_path.iterdir()))}"
            project = stores.take(Project.for_sandbox(root, running.url))
            config = dataclasses.replace(
                project.config,
                max_retries=0,
                automation_jobs=AutomationJobs(**(jobs or {})),
                **settings,
            )
            instance = stack.enter_context(dg.DagsterInstance.from_config(str(project.home)))
            return Installation(running, project, config, instance)

        yield start


@pytest.fixture
def installation(install: Callable[..., Installation]) -> Installation:
    return install()
