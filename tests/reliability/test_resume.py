"""What a run does with an export that an earlier one has asked for."""

import dataclasses
import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.project import JOBS, REPORT, Outcome, Project
from support.raw_places import content_of, files_of, overwrite, place
from support.shared_clock import SharedClock

from pipefy_exports_dagster.config.exports import AutomationJobs
from pipefy_exports_dagster.config.model import PollPolicy
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.orchestration.milestones import Milestone
from pipefy_exports_dagster.sandbox import Sandbox

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Stopped(BaseException):
    """Ends a run as a signal would: nothing of ours catches it."""


def stop_at(milestone: Milestone) -> Callable[[str], None]:
    def stop(reached: str) -> None:
        if reached == milestone:
            raise Stopped

    return stop


@dataclasses.dataclass
class Scene:
    sandbox: Sandbox
    project: Project
    clock: SharedClock

    def run(self, asset: str = JOBS, partition: str = "last_month", **options: object) -> Outcome:
        return self.project.materialize(asset, partition=partition, clock=self.clock, **options)  # type: ignore[arg-type]

    def interrupt(self, milestone: Milestone, asset: str = JOBS, partition: str = "last_month") -> None:
        outcome = self.run(asset, partition, on_milestone=stop_at(milestone))
        assert not outcome.success
        assert "Stopped" in outcome.failure

    @property
    def exports(self) -> int:
        return self.sandbox.stats.exports.total()


@pytest.fixture
def scene(start_sandbox: Callable[..., Sandbox], tmp_path: Path) -> Scene:
    sandbox = start_sandbox(now=NOON, processing_seconds=60, jobs=300, cards=100)
    return Scene(sandbox, Project.for_sandbox(tmp_path / "project", sandbox.url), SharedClock(sandbox))


@pytest.fixture
def placed(scene: Scene, raw_files_at: str | None) -> Scene:
    """A scene for each place of raw files."""
    place(scene.project, raw_files_at)
    return scene


@pytest.mark.parametrize("asset", [JOBS, REPORT])
@pytest.mark.parametrize("milestone", [Milestone.REQUESTED, Milestone.DOWNLOADED, Milestone.COMMITTED])
def test_an_interrupted_export_is_resumed_and_said_so(scene: Scene, asset: str, milestone: Milestone) -> None:
    scene.interrupt(milestone, asset)
    outcome = scene.run(asset)
    assert outcome.success, outcome.failure
    assert scene.exports == 1
    assert outcome.metadata["pipefy/resumed"] is True
    assert outcome.metadata["pipefy/exports_created"] == 1
    assert any("resuming export" in message for message in outcome.messages)


def test_a_complete_raw_file_is_loaded_without_calling_pipefy(placed: Scene) -> None:
    placed.interrupt(Milestone.DOWNLOADED)
    before = placed.sandbox.stats.requests.total()
    outcome = placed.run()
    assert outcome.success, outcome.failure
    assert placed.sandbox.stats.requests.total() == before
    [raw] = files_of(placed.project)
    assert outcome.metadata["pipefy/file"] == raw.address
    assert placed.project.leftovers() == []


@pytest.mark.parametrize("missing", [100, 0])
def test_a_raw_file_that_is_not_what_its_sidecar_says_is_downloaded_again(
    missing: int, placed: Scene, tmp_path: Path
) -> None:
    placed.interrupt(Milestone.DOWNLOADED)
    [raw] = files_of(placed.project)
    whole = content_of(placed.project, raw, tmp_path)
    overwrite(raw, whole[: len(whole) - missing][::-1])
    outcome = placed.run()
    assert outcome.success, outcome.failure
    [raw] = files_of(placed.project)
    assert content_of(placed.project, raw, tmp_path) == whole
    assert placed.exports == 1


def test_a_finished_export_is_downloaded_after_its_first_link_has_expired(scene: Scene) -> None:
    scene.interrupt(Milestone.DOWNLOADING)
    scene.sandbox.clock.advance(5 * HOUR)
    assert scene.run().success
    assert scene.exports == 1


def test_an_export_that_failed_meanwhile_is_replaced_and_the_log_says_why(scene: Scene) -> None:
    scene.interrupt(Milestone.REQUESTED)
    scene.sandbox.exports.all()[-1].failed = True
    outcome = scene.run()
    assert outcome.success, outcome.failure
    assert scene.exports == 2
    assert outcome.metadata["pipefy/resumed"] is False
    assert outcome.metadata["pipefy/exports_created"] == 2
    assert any("failed at Pipefy" in message for message in outcome.messages)
    assert any("Asking for a new export instead" in message for message in outcome.messages)


def test_an_export_that_pipefy_no_longer_knows_is_replaced(scene: Scene) -> None:
    scene.interrupt(Milestone.REQUESTED)
    scene.sandbox.exports._exports.clear()
    outcome = scene.run()
    assert outcome.success, outcome.failure
    assert any("does not know the export" in message for message in outcome.messages)
    assert outcome.metadata["pipefy/exports_created"] == 2


def test_a_materialization_after_a_success_asks_for_a_new_export(scene: Scene) -> None:
    assert scene.run().success
    assert scene.run().success
    assert scene.exports == 2


def test_fresh_asks_for_a_new_export_although_one_is_pending(scene: Scene) -> None:
    scene.interrupt(Milestone.REQUESTED)
    outcome = scene.run(run_config={"fresh": True})
    assert outcome.success, outcome.failure
    assert scene.exports == 2
    assert outcome.metadata["pipefy/resumed"] is False


def test_a_pending_export_past_the_resume_window_is_not_resumed(scene: Scene) -> None:
    scene.interrupt(Milestone.REQUESTED)
    scene.sandbox.clock.advance(25 * HOUR)
    outcome = scene.run()
    assert outcome.success, outcome.failure
    assert scene.exports == 2
    assert any("more than the resume window" in message for message in outcome.messages)


@pytest.mark.parametrize("asset", [JOBS, REPORT])
def test_a_pending_export_from_before_the_month_turned_is_not_resumed(scene: Scene, asset: str) -> None:
    scene.sandbox.clock.set(datetime(2026, 11, 30, 23, tzinfo=UTC))
    scene.interrupt(Milestone.REQUESTED, asset)
    scene.sandbox.clock.advance(2 * HOUR)
    outcome = scene.run(asset)
    assert outcome.success, outcome.failure
    assert scene.exports == 2
    assert outcome.metadata["pipefy/requested_month"] == "2026-12-01"
    assert any("is not resumed" in message for message in outcome.messages)


def test_a_slice_is_labelled_with_the_month_of_the_request_when_the_month_turns(
    scene: Scene,
) -> None:
    scene.sandbox.clock.set(datetime(2026, 11, 30, 23, 59, 50, tzinfo=UTC))
    outcome = scene.run()
    assert outcome.success, outcome.failure
    assert scene.clock.now().month == 12
    assert outcome.metadata["pipefy/requested_month"] == "2026-11-01"
    assert scene.project.query(f"SELECT DISTINCT strftime(_requested_month, '%Y-%m') FROM {JOBS}") == [
        ("2026-11",)
    ]


def test_other_arguments_are_another_request(scene: Scene) -> None:
    scene.interrupt(Milestone.REQUESTED, REPORT)
    outcome = scene.run(REPORT, run_config={"columns": ["id", "title"]})
    assert outcome.success, outcome.failure
    assert scene.exports == 2
    assert outcome.metadata["pipefy/resumed"] is False


def test_partitions_and_assets_do_not_resume_each_other(scene: Scene) -> None:
    scene.interrupt(Milestone.REQUESTED, JOBS, "last_month")
    assert scene.run(JOBS, "current_month").metadata["pipefy/resumed"] is False
    assert scene.run(REPORT, "last_month").metadata["pipefy/resumed"] is False
    assert scene.run(JOBS, "last_month").metadata["pipefy/resumed"] is True


def test_a_poll_time_out_is_resumed(scene: Scene) -> None:
    impatient = dataclasses.replace(scene.project.config, polling=PollPolicy(timeout_s=20))
    outcome = scene.run(config=impatient)
    assert outcome.failure_class == "ExportTimedOutError"
    assert "is still 'processing' after 20 s" in outcome.failure
    assert "re-materialize the partition to resume it" in outcome.failure
    outcome = scene.run()
    assert outcome.success, outcome.failure
    assert scene.exports == 1


def test_a_new_export_that_fails_fails_the_run_and_is_not_adopted_again(scene: Scene) -> None:
    def fail_it(milestone: str) -> None:
        if milestone == Milestone.REQUESTED:
            scene.sandbox.exports.all()[-1].failed = True

    outcome = scene.run(on_milestone=fail_it)
    assert outcome.failure_class == "ExportFailedError"
    assert scene.exports == 1
    assert scene.run().success
    assert scene.exports == 2


def test_an_event_log_that_is_locked_for_a_moment_costs_no_second_export(scene: Scene) -> None:
    """A write to a locked SQLite file fails after five seconds; the export's id must not be lost with it."""
    locks = []

    def lock_the_event_log(milestone: str) -> None:
        if milestone == Milestone.ANSWERED:
            newest = max(
                (scene.project.home / "history" / "runs").glob("*-*.db"),
                key=lambda path: path.stat().st_mtime,
            )
            lock = sqlite3.connect(newest, isolation_level=None, check_same_thread=False)
            lock.execute("BEGIN EXCLUSIVE")
            locks.append(lock)
            threading.Timer(7, lock.close).start()

    outcome = scene.run(on_milestone=lock_the_event_log)
    assert locks
    assert outcome.success, outcome.failure
    assert scene.exports == 1


def test_one_not_found_during_a_download_costs_no_second_export(
    start_sandbox: Callable[..., Sandbox], tmp_path: Path
) -> None:
    sandbox = start_sandbox(processing_seconds=0, faults=("download:link-expired", "status:null-export"))
    project = Project.for_sandbox(tmp_path / "project", sandbox.url)
    outcome = project.materialize(JOBS)
    assert outcome.success, outcome.failure
    assert sandbox.stats.faults.total() == 2
    assert sandbox.stats.exports.total() == 1


@pytest.mark.usefixtures("cold_reader")
def test_a_file_past_a_reading_limit_loads_when_the_limit_is_raised(scene: Scene) -> None:
    tight = AutomationJobs(reading=ReadOptions(max_seconds=0.01))
    outcome = scene.run(config=dataclasses.replace(scene.project.config, automation_jobs=tight))
    assert outcome.failure_class == "ReadLimitError"
    requests = scene.sandbox.stats.requests.total()
    assert scene.run().success
    assert scene.sandbox.stats.requests.total() == requests


def test_a_data_folder_that_is_a_file_is_named_before_an_export_is_asked_for(scene: Scene) -> None:
    (scene.project.data_dir / "locks").write_text("not a folder")
    outcome = scene.run()
    assert outcome.failure_class == "StorageError"
    assert "locks" in outcome.failure
    assert "PIPEFY_EXPORTS_DATA_DIR" in outcome.failure
    assert scene.exports == 0
