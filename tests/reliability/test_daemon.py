"""A run whose worker died with its machine: ended by run monitoring, retried, and the retry resumes."""

import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import dagster as dg
from support.daemon import daemon, wait_for
from support.project import DEFINITIONS, JOBS, REPORT, Project, are_requested

from pipefy_exports_dagster.cli.instance import shipped_dagster_yaml
from pipefy_exports_dagster.sandbox import Sandbox

MAX_RUNTIME_S = 14400


def look_every_second(project: Project) -> None:
    """Let the daemon look for dead runs every second; else its settings are as they are shipped."""
    text = shipped_dagster_yaml().read_text()
    assert f"max_runtime_seconds: {MAX_RUNTIME_S}" in text
    assert "poll_interval_seconds: 30" in text
    path = project.home / "dagster.yaml"
    path.unlink()
    path.write_text(text.replace("poll_interval_seconds: 30", "poll_interval_seconds: 1"))


def four_hours_later(project: Project) -> None:
    """Set back when the run was started, by the time that a run may take."""
    with contextlib.closing(sqlite3.connect(project.home / "history" / "runs.db")) as runs, runs:
        changed = runs.execute("UPDATE runs SET start_time = start_time - ?", (MAX_RUNTIME_S,))
        assert changed.rowcount == 1


def test_a_run_that_died_with_its_machine_is_ended_retried_and_resumed(
    start_sandbox: Callable[..., Sandbox], tmp_path: Path
) -> None:
    sandbox = start_sandbox(processing_seconds=3600)
    project = Project.for_sandbox(tmp_path / "project", sandbox.url, checks=True)
    with daemon(project):
        launch = [sys.executable, "-m", "dagster", "job", "launch", "-m", DEFINITIONS, "-j", "pipefy_exports"]
        tags = '{"dagster/partition": "last_month"}'
        subprocess.run([*launch, "--tags", tags], env=project.environment, cwd=project.root, check=True)
        with project.instance() as instance:
            wait_for(lambda: are_requested(instance, JOBS, REPORT), project)
    with project.instance() as instance:
        assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.STARTED]
    sandbox.clock.advance(timedelta(hours=1))
    four_hours_later(project)
    look_every_second(project)
    with daemon(project), project.instance() as instance:
        wait_for(lambda: project.materializations(JOBS, "last_month"), project)
        [retry, first] = instance.get_runs()
    assert first.status is dg.DagsterRunStatus.FAILURE
    assert retry.parent_run_id == first.run_id
    assert sandbox.stats.exports.total() == 2
    [materialization] = project.materializations(JOBS, "last_month")
    assert materialization["pipefy/resumed"] is True
