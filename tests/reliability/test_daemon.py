"""A run whose worker died with its machine: ended by run monitoring, retried, and the retry resumes."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
from support.daemon import daemon, wait_for
from support.project import DEFINITIONS, JOBS, Project

from pipefy_exports_dagster.cli.instance import shipped_dagster_yaml
from pipefy_exports_dagster.sandbox import Sandbox

SHORTENED = {
    "max_runtime_seconds: 14400": "max_runtime_seconds: 25",
    "poll_interval_seconds: 30": "poll_interval_seconds: 1",
}
"""The shipped times, and what they are for the daemon that finds the dead run: nothing else is changed."""


def shorten_times(project: Project) -> None:
    text = shipped_dagster_yaml().read_text()
    for shipped, short in SHORTENED.items():
        assert shipped in text
        text = text.replace(shipped, short)
    path = project.home / "dagster.yaml"
    path.unlink()
    path.write_text(text)


def test_a_run_that_died_with_its_machine_is_ended_retried_and_resumed(
    start_sandbox: Callable[..., Sandbox], tmp_path: Path
) -> None:
    sandbox = start_sandbox(processing_seconds=6)
    project = Project.for_sandbox(tmp_path / "project", sandbox.url, checks=True)
    with daemon(project):
        launch = [sys.executable, "-m", "dagster", "job", "launch", "-m", DEFINITIONS, "-j", "pipefy_exports"]
        tags = '{"dagster/partition": "last_month"}'
        subprocess.run([*launch, "--tags", tags], env=project.environment, cwd=project.root, check=True)
        wait_for(lambda: sandbox.stats.exports.total() == 2, project, timeout_s=90)
        time.sleep(0.5)
    with project.instance() as instance:
        assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.STARTED]
    shorten_times(project)
    with daemon(project), project.instance() as instance:
        wait_for(lambda: project.materializations(JOBS, "last_month"), project, timeout_s=150)
        [retry, first] = instance.get_runs()
    assert first.status is dg.DagsterRunStatus.FAILURE
    assert retry.parent_run_id == first.run_id
    assert sandbox.stats.exports.total() == 2
    [materialization] = project.materializations(JOBS, "last_month")
    assert materialization["pipefy/resumed"] is True
