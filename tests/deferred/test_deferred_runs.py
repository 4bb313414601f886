"""What a run does that does not wait for Pipefy, and the run that finishes its work."""

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from deferred.scene import Scene
from support.project import JOBS, REPORT

from pipefy_exports_dagster.config.environment import config_from_environment
from pipefy_exports_dagster.config.model import PipefyExportsConfig, Wait
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports
from pipefy_exports_dagster.orchestration.ledger import Ledger
from pipefy_exports_dagster.orchestration.milestones import Milestone

WRITTEN = timedelta(minutes=11)


@pytest.mark.parametrize("asset", [JOBS, REPORT])
def test_a_deferred_run_ends_after_the_request_and_says_what_happens_next(scene: Scene, asset: str) -> None:
    outcome = scene.request(asset)
    assert scene.exports == 1
    assert scene.clock.slept_s == 0
    assert scene.sandbox.stats.requests["status"] == 0
    assert any("pipefy_pending_exports_sensor asks about it" in message for message in outcome.messages)
    assert scene.project.tables() == {}


@pytest.mark.parametrize("asset", [JOBS, REPORT])
def test_the_run_that_the_sensor_launches_loads_the_same_export(scene: Scene, asset: str) -> None:
    scene.request(asset)
    assert scene.tick().requests == []
    scene.sandbox.clock.advance(WRITTEN)
    [outcome] = scene.tick_and_load()
    assert outcome.success, outcome.failure
    assert outcome.metadata["pipefy/resumed"] is True
    assert scene.exports == 1
    assert scene.project.tables()[asset, "last_month"] > 0
    assert scene.tick().said == "no export is pending"


def test_the_launched_run_makes_the_request_that_was_made_in_the_launchpad(scene: Scene) -> None:
    asked = {"columns": ["id", "title"], "sort_by": {"field": "id", "direction": "asc"}, "fresh": True}
    scene.request(REPORT, run_config=asked)
    scene.sandbox.clock.advance(WRITTEN)
    [request] = scene.tick().requests
    assert request.run_config == {
        "ops": {REPORT: {"config": {key: value for key, value in asked.items() if key != "fresh"}}}
    }
    outcome = scene.launch(request)
    assert outcome.success, outcome.failure
    assert outcome.metadata["dagster/row_count"] > 0
    assert scene.exports == 1


def test_materializing_again_while_the_export_is_pending_asks_for_no_other(scene: Scene) -> None:
    scene.request()
    scene.request()
    assert scene.exports == 1


def test_materializing_by_hand_when_the_file_is_there_loads_it_at_once(scene: Scene) -> None:
    scene.request()
    scene.sandbox.clock.advance(WRITTEN)
    outcome = scene.run()
    assert outcome.success, outcome.failure
    assert outcome.metadata["pipefy/resumed"] is True
    assert scene.exports == 1


@pytest.mark.parametrize("fault", ["error-without-code", "server-error", "reset"])
def test_an_error_that_may_pass_leaves_a_pending_export_to_the_sensor(scene: Scene, fault: str) -> None:
    scene.request()
    scene.sandbox.faults.arm(f"status:{fault}")
    outcome = scene.request()
    assert any("pipefy_pending_exports_sensor asks about it" in message for message in outcome.messages)
    assert any("asking about export" in message and "failed" in message for message in outcome.messages)
    scene.sandbox.clock.advance(WRITTEN)
    [outcome] = scene.tick_and_load()
    assert outcome.success, outcome.failure
    assert scene.exports == 1


def test_an_error_about_a_late_export_does_not_leave_it_to_the_sensor_for_ever(
    start_scene: Callable[..., Scene],
) -> None:
    scene = start_scene(processing_seconds=3 * 3600)
    scene.request()
    scene.sandbox.clock.advance(timedelta(hours=1, minutes=1))
    scene.sandbox.faults.arm("status:error-without-code:always")
    outcome = scene.run()
    assert outcome.failure_class == "ExportTimedOutError"
    assert "Something went wrong" in outcome.failure
    assert scene.exports == 1


def test_a_permanent_error_fails_a_deferred_run(
    scene: Scene,
) -> None:
    scene.request()
    scene.sandbox.faults.arm("status:graphql-error:1:PERMISSION_DENIED")
    assert scene.run().failure_class == "PermissionDeniedError"
    assert scene.exports == 1


def test_a_launched_run_whose_export_was_loaded_meanwhile_does_nothing(scene: Scene) -> None:
    scene.request()
    scene.sandbox.clock.advance(WRITTEN)
    [request] = scene.tick().requests
    assert scene.run().success
    outcome = scene.launch(request)
    assert outcome.success, outcome.failure
    assert outcome.metadata == {}
    assert any("is not pending any more" in message for message in outcome.messages)
    assert scene.exports == 1


def test_an_export_that_fails_at_pipefy_fails_the_run_without_a_new_request(scene: Scene) -> None:
    scene.request()
    scene.sandbox.exports.all()[-1].failed = True
    [outcome] = scene.tick_and_load()
    assert outcome.failure_class == "ExportFailedError"
    assert scene.exports == 1
    assert scene.tick().said == "no export is pending"


def test_an_export_that_pipefy_has_forgotten_is_abandoned_by_the_launched_run(scene: Scene) -> None:
    scene.request()
    export = scene.sandbox.exports.all()[-1]
    scene.sandbox.exports.forget(export.id, export.kind)
    assert scene.tick().requests == []
    scene.sandbox.clock.advance(WRITTEN)
    [outcome] = scene.tick_and_load()
    assert outcome.failure_class == "ExportNotFoundError"
    assert scene.exports == 1
    assert scene.tick().said == "no export is pending"


def test_not_found_without_a_code_abandons_the_export_and_a_new_one_is_requested(
    scene: Scene,
) -> None:
    scene.request()
    scene.sandbox.clock.advance(timedelta(minutes=2))
    scene.sandbox.faults.arm("status:error-without-code:always:Couldn't find Export with 'id'=7")
    [outcome] = scene.tick_and_load()
    assert outcome.failure_class == "ExportNotFoundError"
    assert scene.tick().said == "no export is pending"
    scene.request()
    assert scene.exports == 2


def test_a_permission_that_is_not_found_does_not_end_a_pending_export(scene: Scene) -> None:
    scene.request()
    scene.sandbox.clock.advance(WRITTEN)
    scene.sandbox.faults.arm("status:error-without-code:always:Permission not found")
    ticked = scene.tick()
    assert ticked.requests == []
    assert "Permission not found" in ticked.said
    scene.sandbox.faults.clear()
    [outcome] = scene.tick_and_load()
    assert outcome.success, outcome.failure
    assert scene.exports == 1


def test_an_export_that_is_late_fails_one_run_and_is_loaded_when_it_is_finished(
    start_scene: Callable[..., Scene],
) -> None:
    scene = start_scene(processing_seconds=3 * 3600)
    # Runs end in real time, after which the next one is waited for, so the scene's clock must not be behind.
    now = datetime.now(UTC)
    ends_this_month = (now + timedelta(hours=6)).month == now.month
    scene.sandbox.clock.set(now if ends_this_month else now + timedelta(hours=6))
    scene.request()
    scene.sandbox.clock.advance(timedelta(hours=1, minutes=1))
    [outcome] = scene.tick_and_load()
    assert outcome.failure_class == "ExportTimedOutError"
    scene.sandbox.clock.advance(timedelta(hours=1))
    assert scene.tick().requests == []
    scene.sandbox.clock.advance(timedelta(hours=1))
    [outcome] = scene.tick_and_load()
    assert outcome.success, outcome.failure
    assert scene.exports == 1


@pytest.mark.parametrize("asset", [JOBS, REPORT])
def test_an_export_of_last_month_keeps_its_month_when_the_month_has_turned(scene: Scene, asset: str) -> None:
    scene.sandbox.clock.set(datetime(2026, 11, 30, 23, 55, tzinfo=UTC))
    scene.request(asset)
    scene.sandbox.clock.advance(WRITTEN)
    [outcome] = scene.tick_and_load()
    assert outcome.success, outcome.failure
    assert outcome.metadata["pipefy/requested_month"] == "2026-11-01"
    assert scene.exports == 1


def test_a_run_of_a_backfill_waits(scene: Scene) -> None:
    backfill = dg.RunRequest(
        partition_key="last_month", asset_selection=[dg.AssetKey(JOBS)], tags={"dagster/backfill": "abc"}
    )
    outcome = scene.launch(backfill)
    assert outcome.success, outcome.failure
    assert outcome.metadata["dagster/row_count"] > 0
    assert scene.clock.slept_s > 0


def test_a_retried_step_loads_its_export_again_after_another_run_loaded_it(
    scene: Scene,
) -> None:
    inline = dataclasses.replace(scene.config, wait=Wait.INLINE)
    scene.run(config=inline, on_milestone=_stop_at(Milestone.REQUESTED))
    scene.sandbox.clock.advance(WRITTEN)
    [outcome] = scene.tick_and_load()
    assert outcome.success, outcome.failure
    with scene.project.instance() as instance:
        [loaded] = [run for run in instance.get_runs() if run.is_success]
        [stopped] = [run for run in instance.get_runs() if not run.is_success]
        assert Ledger(instance, dg.AssetKey(JOBS), "last_month").loaded()
    again = dg.RunRequest(partition_key="last_month", asset_selection=[dg.AssetKey(JOBS)])
    outcome = scene.launch(
        again,
        **{
            "dagster/retry_number": "1",
            "dagster/root_run_id": stopped.run_id,
            "dagster/parent_run_id": stopped.run_id,
        },
    )
    assert loaded.run_id != stopped.run_id
    assert outcome.success, outcome.failure
    assert scene.exports == 1


def test_waiting_is_inline_by_default_and_deferred_switches_the_sensor_on() -> None:
    assert PipefyExportsConfig().wait is Wait.INLINE
    assert config_from_environment({"PIPEFY_EXPORTS_WAIT": "Deferred"}).wait is Wait.DEFERRED
    with pytest.raises(ConfigurationError, match=r"\(PIPEFY_EXPORTS_WAIT\) is 'later'"):
        config_from_environment({"PIPEFY_EXPORTS_WAIT": "later"})
    for wait, status in (("inline", "STOPPED"), ("deferred", "RUNNING")):
        definitions = build_pipefy_exports(config_from_environment({"PIPEFY_EXPORTS_WAIT": wait}))
        sensor = definitions.get_repository_def().get_sensor_def("pipefy_pending_exports_sensor")
        assert sensor.default_status is dg.DefaultSensorStatus[status]


def _stop_at(milestone: Milestone) -> Callable[[str], None]:
    def stop(reached: str) -> None:
        if reached == milestone:
            raise KeyboardInterrupt

    return stop
