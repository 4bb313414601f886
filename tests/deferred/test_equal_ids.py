"""Exports of two kinds whose ids are equal: each is asked about, launched and counted for itself."""

import time
from collections.abc import Callable
from datetime import timedelta

import dagster as dg
import pytest
from deferred.scene import Scene
from support.project import JOBS, REPORT

from pipefy_exports_dagster.sandbox.exports import SandboxExportKind

RUN_KEY, PARTITION = "dagster/run_key", "dagster/partition"


def with_both(scene: Scene) -> Scene:
    """Ask for an export of each kind, which get the same id."""
    scene.request(JOBS, REPORT)
    jobs, report = sorted(scene.sandbox.exports.all(), key=lambda export: export.kind)
    assert jobs.id == report.id
    assert (jobs.kind, report.kind) == (
        SandboxExportKind.AUTOMATION_JOBS,
        SandboxExportKind.ORGANIZATION_REPORT,
    )
    return scene


@pytest.fixture
def pending(scene: Scene) -> Scene:
    return with_both(scene)


@pytest.fixture
def finished(start_scene: Callable[..., Scene]) -> Scene:
    """By the clock that Dagster's own times are by."""
    scene = with_both(start_scene(now=None, processing_seconds=0.1))
    time.sleep(0.5)
    return scene


def launches(scene: Scene) -> dict[str, dg.RunRequest]:
    """What the sensor asks for, by asset."""
    requests = scene.tick().requests
    by_asset = {
        key.to_user_string(): request for request in requests for key in request.asset_selection or ()
    }
    assert len(by_asset) == len(requests)
    return by_asset


def record(
    scene: Scene,
    request: dg.RunRequest,
    status: dg.DagsterRunStatus = dg.DagsterRunStatus.NOT_STARTED,
    *,
    in_old_form: bool = False,
) -> str:
    """Write a run down as the daemon does; return its key, in the form of before the upgrade if asked to."""
    *_, export_id, attempt = str(request.run_key).split(":")
    run_key = f"{export_id}:{attempt}" if in_old_form else str(request.run_key)
    with scene.project.instance() as instance:
        run = instance.create_run_for_job(
            scene.definitions().resolve_job_def("pipefy_exports"),
            tags={**request.tags, RUN_KEY: run_key, PARTITION: str(request.partition_key)},
            asset_selection=frozenset(request.asset_selection or ()),
            status=dg.DagsterRunStatus.NOT_STARTED if status is dg.DagsterRunStatus.FAILURE else status,
        )
        if status is dg.DagsterRunStatus.FAILURE:
            instance.report_run_failed(run)
    return run_key


def test_both_are_launched_under_run_keys_of_their_own_and_loaded(finished: Scene) -> None:
    requests = launches(finished)
    assert set(requests) == {JOBS, REPORT}
    assert requests[JOBS].run_key != requests[REPORT].run_key
    assert finished.sandbox.stats.requests["status"] == 1
    for outcome in finished.launch_all(list(requests.values())):
        assert outcome.success, outcome.failure
        assert outcome.metadata
    assert finished.tick().said == "no export is pending"


@pytest.mark.parametrize("asset", [JOBS, REPORT])
def test_the_state_of_one_says_nothing_of_the_other(pending: Scene, asset: str) -> None:
    kind = SandboxExportKind.AUTOMATION_JOBS if asset == JOBS else SandboxExportKind.ORGANIZATION_REPORT
    pending.sandbox.exports.fail(pending.sandbox.exports.all()[0].id, kind)
    assert set(launches(pending)) == {asset}


@pytest.mark.parametrize("asset", [JOBS, REPORT])
def test_one_that_pipefy_does_not_know_says_nothing_of_the_other(pending: Scene, asset: str) -> None:
    kind = SandboxExportKind.AUTOMATION_JOBS if asset == JOBS else SandboxExportKind.ORGANIZATION_REPORT
    pending.sandbox.exports.forget(pending.sandbox.exports.all()[0].id, kind)
    pending.sandbox.clock.advance(timedelta(minutes=2))
    assert set(launches(pending)) == {asset}


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.FAILURE])
def test_a_run_of_one_neither_holds_the_other_back_nor_is_its_attempt(
    finished: Scene, status: dg.DagsterRunStatus
) -> None:
    first = launches(finished)
    record(finished, first[JOBS], status)
    [(asset, request)] = launches(finished).items()
    assert asset == REPORT
    assert request.run_key == first[REPORT].run_key


def test_a_run_that_was_recorded_before_the_upgrade_is_launched_once(
    finished: Scene,
) -> None:
    first = launches(finished)
    old = record(finished, first[JOBS], in_old_form=True)
    assert {asset: request.run_key for asset, request in launches(finished).items()} == {
        JOBS: old,
        REPORT: first[REPORT].run_key,
    }


def test_a_run_that_was_launched_before_the_upgrade_is_waited_for(finished: Scene) -> None:
    record(finished, launches(finished)[JOBS], dg.DagsterRunStatus.STARTED, in_old_form=True)
    assert set(launches(finished)) == {REPORT}


def test_a_run_that_failed_before_the_upgrade_was_the_first_attempt(finished: Scene) -> None:
    record(finished, launches(finished)[JOBS], dg.DagsterRunStatus.FAILURE, in_old_form=True)
    assert set(launches(finished)) == {REPORT}
    finished.sandbox.clock.advance(timedelta(hours=2))
    assert str(launches(finished)[JOBS].run_key).endswith(":2")
