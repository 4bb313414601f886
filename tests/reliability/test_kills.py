"""A real `dagster asset materialize` is killed at each stage; the next materialization finishes its work."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from reliability.kill_points import KILL_POINTS, KillPoint
from support.project import JOBS, Project

from pipefy_exports_dagster.orchestration.milestones import Milestone
from pipefy_exports_dagster.sandbox import Sandbox

TESTS = Path(__file__).parents[1]
STOPPING = "support.stopping_definitions"


def kill_at(stage: Milestone, project: Project, partition: str, process_for_each_step: str) -> None:
    """Start a materialization and kill its whole process group when it reaches the stage."""
    marker = project.root / "reached"
    environment = project.environment | {
        "STOP_AT": stage.value,
        "STOP_MARKER": str(marker),
        "PROCESS_FOR_EACH_STEP": process_for_each_step,
        "PYTHONPATH": str(TESTS),
    }
    with (project.root / "killed.log").open("w") as log:
        process = subprocess.Popen(
            project.command(JOBS, partition=partition, module=STOPPING),
            env=environment,
            cwd=project.root,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 90
        while not marker.exists():
            assert process.poll() is None, (project.root / "killed.log").read_text()
            assert time.monotonic() < deadline, "the stage was not reached"
            time.sleep(0.05)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize("process_for_each_step", ["", "1"], ids=["in its process", "in one for each step"])
@pytest.mark.parametrize("point", KILL_POINTS, ids=[point.stage for point in KILL_POINTS])
def test_what_was_killed_is_finished_by_the_next_materialization(
    point: KillPoint, process_for_each_step: str, start_sandbox: Callable[..., Sandbox], tmp_path: Path
) -> None:
    stage, exports = point.stage, point.exports
    sandbox = start_sandbox(processing_seconds=4.0 if stage is Milestone.WAITING else 0.2)
    project = Project.for_sandbox(tmp_path / "project", sandbox.url)
    assert project.materialize(JOBS, partition="current_month").success
    untouched = project.query(
        f"SELECT * FROM {JOBS} WHERE _period_filter = 'current_month' ORDER BY _file_row"
    )
    before = sandbox.stats.exports.total()

    kill_at(stage, project, "last_month", process_for_each_step)
    outcome = project.materialize(JOBS, partition="last_month")

    assert outcome.success, outcome.failure
    assert sandbox.stats.exports.total() - before == exports
    [(rows, distinct, first, last)] = project.query(
        "SELECT count(*), count(DISTINCT _file_row), min(_file_row), max(_file_row) "
        f"FROM {JOBS} WHERE _period_filter = 'last_month'"
    )
    assert rows == distinct == last == outcome.metadata["dagster/row_count"] > 0
    assert first == 1
    assert (
        project.query(f"SELECT * FROM {JOBS} WHERE _period_filter = 'current_month' ORDER BY _file_row")
        == untouched
    )
    assert project.leftovers() == []
    assert outcome.metadata["pipefy/resumed"] is (exports == 1)
    if exports == 1:
        assert any("resuming export" in message for message in outcome.messages)


def test_every_stage_up_to_the_materialization_has_a_kill_point() -> None:
    assert {point.stage for point in KILL_POINTS} == set(Milestone) - {Milestone.READING}
