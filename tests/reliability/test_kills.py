"""A materialization ends at each milestone, by a real kill where that differs; the next one finishes its work."""

import os
import signal
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from reliability.kill_points import KILL_POINTS, KillPoint
from support.project import JOBS, Project
from support.shared_clock import SharedClock
from support.waiting import eventually

from pipefy_exports_dagster.orchestration.milestones import Milestone
from pipefy_exports_dagster.sandbox import Sandbox

TESTS = Path(__file__).parents[1]
STOPPING = "support.stopping_definitions"


def kill_at(milestone: Milestone, project: Project, partition: str, process_for_each_step: str) -> None:
    """Start a materialization and kill its whole process group when it reaches the milestone."""
    marker = project.root / "reached"
    environment = project.environment | {
        "STOP_AT": milestone.value,
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
        eventually(lambda: marker.exists() or process.poll() is not None, pause_s=0.05)
        assert process.poll() is None, (project.root / "killed.log").read_text()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


REAL = ((Milestone.DOWNLOADING, ""), (Milestone.IN_TRANSACTION, ""), (Milestone.COMMITTED, "1"))
"""Moments at which a process leaves something behind that it would have cleared away: half a file, an open transaction;
and a step in a process of its own."""


class Died(BaseException):
    """Ends a run as a signal would: nothing of ours catches it."""


def die_at(milestone: Milestone, project: Project) -> None:
    """End a materialization in this process when it reaches the milestone."""

    def die(reached: str) -> None:
        if reached == milestone:
            raise Died

    outcome = project.materialize(JOBS, on_milestone=die)
    assert not outcome.success
    assert "Died" in outcome.failure


@pytest.mark.parametrize(
    ("milestone", "process_for_each_step"),
    REAL,
    ids=["half a file", "an open transaction", "a process for each step"],
)
def test_a_killed_process_is_finished_by_the_next_materialization(
    milestone: Milestone, process_for_each_step: str, start_sandbox: Callable[..., Sandbox], tmp_path: Path
) -> None:
    [point] = [point for point in KILL_POINTS if point.milestone is milestone]
    sandbox = start_sandbox()
    project = Project.for_sandbox(tmp_path / "project", sandbox.url)
    untouched = loaded_before(project, sandbox)
    kill_at(milestone, project, "last_month", process_for_each_step)
    assert_finished(point, project, sandbox, untouched)


@pytest.mark.parametrize("point", KILL_POINTS, ids=[point.milestone for point in KILL_POINTS])
def test_what_ended_at_a_milestone_is_finished_by_the_next_materialization(
    point: KillPoint, start_sandbox: Callable[..., Sandbox], tmp_path: Path
) -> None:
    waits = point.milestone is Milestone.WAITING
    sandbox = start_sandbox(processing_seconds=600 if waits else 0.2)
    project = Project.for_sandbox(tmp_path / "project", sandbox.url)
    untouched = loaded_before(project, sandbox)
    die_at(point.milestone, project)
    if waits:
        sandbox.clock.advance(timedelta(seconds=600))
    assert_finished(point, project, sandbox, untouched)


def loaded_before(project: Project, sandbox: Sandbox) -> list[tuple[Any, ...]]:
    """Load another partition, which has to stay as it is, and return its rows."""
    assert project.materialize(JOBS, partition="current_month", clock=SharedClock(sandbox)).success
    return rows_of_the_other(project)


def rows_of_the_other(project: Project) -> list[tuple[Any, ...]]:
    return project.query(f"SELECT * FROM {JOBS} WHERE _period_filter = 'current_month' ORDER BY _file_row")


def assert_finished(
    point: KillPoint, project: Project, sandbox: Sandbox, untouched: list[tuple[Any, ...]]
) -> None:
    outcome = project.materialize(JOBS, partition="last_month")

    assert outcome.success, outcome.failure
    assert sandbox.stats.exports.total() - 1 == point.exports
    [(rows, distinct, first, last)] = project.query(
        "SELECT count(*), count(DISTINCT _file_row), min(_file_row), max(_file_row) "
        f"FROM {JOBS} WHERE _period_filter = 'last_month'"
    )
    assert rows == distinct == last == outcome.metadata["dagster/row_count"] > 0
    assert first == 1
    assert rows_of_the_other(project) == untouched
    assert project.leftovers() == []
    assert outcome.metadata["pipefy/resumed"] is (point.exports == 1)
    if point.exports == 1:
        assert any("resuming export" in message for message in outcome.messages)


def test_every_stage_up_to_the_materialization_has_a_kill_point() -> None:
    assert {point.milestone for point in KILL_POINTS} == set(Milestone) - {Milestone.READING}
