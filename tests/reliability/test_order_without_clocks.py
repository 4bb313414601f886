"""Two machines whose clocks differ: which of two things was first is told by the event log."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from support.project import JOBS, Outcome, Project
from support.shared_clock import SharedClock
from support.waiting import PATIENCE_S, eventually

from pipefy_exports_dagster.orchestration.milestones import Milestone
from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIVE_MINUTES = timedelta(minutes=5)


class WrongClock(SharedClock):
    """Shows another time than the other machine's; its first look is where the run is about to ask for an export."""

    def __init__(self, sandbox: Sandbox, wrong_by: timedelta, on_first_look: Callable[[], None]) -> None:
        super().__init__(sandbox)
        self._wrong_by = wrong_by
        self._on_first_look = [on_first_look]

    def now(self) -> datetime:
        if self._on_first_look:
            self._on_first_look.pop()()
        return super().now() + self._wrong_by


class OtherMachine:
    """Runs the same partition; it has to wait for the first machine's run."""

    def __init__(self, project: Project, sandbox: Sandbox) -> None:
        self._project, self._clock = project, SharedClock(sandbox)
        self._outcomes: list[Outcome] = []
        self._thread = threading.Thread(target=self._run)

    def begins(self) -> None:
        self._thread.start()
        with self._project.instance() as instance:
            eventually(lambda: self._waits(instance), lambda: "it does not wait", pause_s=0.1)

    def ended(self) -> Outcome:
        self._thread.join(PATIENCE_S)
        [outcome] = self._outcomes
        assert outcome.success, outcome.failure
        return outcome

    def _run(self) -> None:
        self._outcomes.append(self._project.materialize(JOBS, clock=self._clock))

    def _waits(self, instance: dg.DagsterInstance) -> bool:
        newest, *others = instance.get_runs()
        return bool(others) and any(
            "waiting for it" in record.user_message for record in instance.all_logs(newest.run_id)
        )


@pytest.fixture
def project(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Project:
    project = Project.for_sandbox(tmp_path / "project", sandbox.url)
    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)  # for both, whichever ends first
    return project


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    settings = SandboxSettings(jobs=20, cards=10, processing_seconds=0.1, now=NOON)
    with Sandbox(settings).running() as sandbox:
        yield sandbox


@pytest.mark.parametrize("wrong_by", [FIVE_MINUTES, -FIVE_MINUTES], ids=["ahead", "behind"])
def test_a_twin_that_was_asked_for_before_the_export_uses_it(
    project: Project, sandbox: Sandbox, wrong_by: timedelta
) -> None:
    twin = OtherMachine(project, sandbox)
    first = project.materialize(JOBS, clock=WrongClock(sandbox, wrong_by, twin.begins))
    assert first.success, first.failure
    assert any("which another run has just asked for" in said for said in twin.ended().messages)
    assert sandbox.stats.exports.total() == 1


@pytest.mark.parametrize("wrong_by", [FIVE_MINUTES, -FIVE_MINUTES], ids=["ahead", "behind"])
def test_a_run_that_was_asked_for_after_the_export_asks_for_its_own(
    project: Project, sandbox: Sandbox, wrong_by: timedelta
) -> None:
    later = OtherMachine(project, sandbox)

    def begin(milestone: str) -> None:
        if milestone == Milestone.DOWNLOADED and sandbox.stats.exports.total() == 1:
            later.begins()

    first = project.materialize(JOBS, clock=WrongClock(sandbox, wrong_by, lambda: None), on_milestone=begin)
    assert first.success, first.failure
    assert later.ended().metadata
    assert sandbox.stats.exports.total() == 2
