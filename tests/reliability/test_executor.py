"""Which processes a run has, and that it ends when it is told to, in its own process as beside it."""

import json
import signal
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from support.project import JOBS, REPORT, Project, are_requested
from support.waiting import PATIENCE_S, eventually

from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports
from pipefy_exports_dagster.orchestration.executor import SIDE_BY_SIDE, side_by_side_executor
from pipefy_exports_dagster.sandbox import Sandbox

THEIRS = """
import json, multiprocessing, os, sys
from pathlib import Path

is_step = multiprocessing.parent_process() is not None
ours = "pipefy_exports_dagster.orchestration.build" in sys.modules
with Path("imported.jsonl").open("a") as file:
    file.write(json.dumps({"is_step": is_step, "ours": ours}) + "\\n")
from pipefy_exports_dagster.definitions import defs
"""


def engine_events(project: Project) -> list[str]:
    """What Dagster says of processes in the newest run."""
    with project.instance() as instance:
        [run] = instance.get_runs(limit=1)
        assert run.status is dg.DagsterRunStatus.SUCCESS
        return [record.user_message for record in instance.all_logs(run.run_id)]


def test_one_export_and_its_checks_are_executed_in_the_runs_own_process(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    project = Project.for_sandbox(tmp_path / "project", sandbox.url, checks=True)
    assert project.materialize_in_process_of_its_own(JOBS).returncode == 0
    said = engine_events(project)
    assert any("Executing steps in process" in message for message in said)
    assert not any("Launching subprocess" in message for message in said)
    assert sum("check" in message and "passed" in message for message in said) > 2


def test_several_exports_have_a_process_each(sandbox: Sandbox, tmp_path: Path) -> None:
    project = Project.for_sandbox(tmp_path / "project", sandbox.url, checks=True)
    assert project.materialize_in_process_of_its_own(JOBS, REPORT).returncode == 0
    said = engine_events(project)
    for asset in (JOBS, REPORT):
        assert any(message.startswith("Launching subprocess") and asset in message for message in said)


def test_a_process_for_an_export_begins_with_dagster_and_this_package_imported(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """And without the project's own modules: what they do at import, a fork may not go well with."""
    project = Project.for_sandbox(tmp_path / "project", sandbox.url)
    (project.root / "theirs.py").write_text(THEIRS)
    result = project.materialize_in_process_of_its_own(JOBS, REPORT, module="theirs")
    assert result.returncode == 0, result.stderr
    imported = [json.loads(line) for line in (project.root / "imported.jsonl").read_text().splitlines()]
    steps = [each for each in imported if each["is_step"]]
    assert len(steps) == 2  # each imports the project for itself
    assert all(each["ours"] for each in steps)


def test_a_temporary_folder_whose_path_is_too_long_for_a_socket_is_no_obstacle(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    project = Project.for_sandbox(tmp_path / "project", sandbox.url)
    temporary = tmp_path / ("long" * 30)
    temporary.mkdir()
    project.environment["TMPDIR"] = str(temporary)
    assert project.materialize_in_process_of_its_own(JOBS, REPORT).returncode == 0
    assert any(message.startswith("Launching subprocess") for message in engine_events(project))


@pytest.mark.parametrize(
    ("assets", "with_signal", "asked_for", "ended"),
    [
        ((JOBS,), signal.SIGINT, True, dg.DagsterRunStatus.CANCELED),
        ((JOBS,), signal.SIGTERM, False, dg.DagsterRunStatus.FAILURE),
        ((JOBS, REPORT), signal.SIGINT, True, dg.DagsterRunStatus.CANCELED),
    ],
    ids=["terminated in the UI", "the machine shuts down", "terminated, side by side"],
)
def test_a_run_that_is_interrupted_while_it_waits_ends_and_is_resumed(
    *,
    assets: tuple[str, ...],
    with_signal: int,
    asked_for: bool,
    ended: dg.DagsterRunStatus,
    start_sandbox: Callable[..., Sandbox],
    tmp_path: Path,
) -> None:
    sandbox = start_sandbox(processing_seconds=600.0)
    project = Project.for_sandbox(tmp_path / "project", sandbox.url)
    process = subprocess.Popen(
        project.command(*assets, partition="last_month"),
        env=project.environment,
        cwd=project.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with project.instance() as instance:
            eventually(lambda: are_requested(instance, *assets) or process.poll() is not None, pause_s=0.1)
            assert process.poll() is None
            [run] = instance.get_runs(limit=1)
            if asked_for:  # what Dagster's launcher does before it interrupts the run's process
                instance.report_run_canceling(run)
            process.send_signal(with_signal)
            process.wait(PATIENCE_S)
            finished = instance.get_run_by_id(run.run_id)
            assert finished is not None
            assert finished.status is ended
    finally:
        process.kill()
        process.wait()
    sandbox.clock.advance(timedelta(seconds=600))
    assert project.materialize(*assets).success
    assert sandbox.stats.exports.total() == len(assets)


@pytest.mark.parametrize("run_config", [{}, {"execution": {"config": {}}}, {"execution": {}}])
def test_a_run_configuration_of_the_release_before_is_still_one(run_config: dict[str, Any]) -> None:
    # Its executor, Dagster's own with `max_concurrent` set, took these and nothing else.
    before = dg.multiprocess_executor.configured({"max_concurrent": SIDE_BY_SIDE})
    config = PipefyExportsConfig(organization_id="1")
    for executor in (before, side_by_side_executor()):
        definitions = dg.Definitions.merge(build_pipefy_exports(config), dg.Definitions(executor=executor))
        job = definitions.resolve_implicit_global_asset_job_def()
        assert dg.validate_run_config(job, run_config) is not None
