"""A run that materializes nothing claims nothing; the run that loads its export is checked."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import dagster as dg
from checks.scene import SLICE_CHECKS, Scene
from dagster._core.loader import LoadingContextForTest
from deferred.scene import Scene as Deferred
from support.project import JOBS

from pipefy_exports_dagster.orchestration.checks.finding import Check
from pipefy_exports_dagster.periods import add_months, month_of


def test_a_deferred_run_skips_its_checks_and_the_loading_run_has_them(
    start_scene: Callable[..., Scene],
) -> None:
    scene = start_scene(sandbox={"processing_seconds": 600})
    deferred = Deferred.deferred(scene.sandbox, scene.project, checks=True)
    outcome = deferred.request()
    assert any(f"Skipping step {JOBS}_checks" in message for message in outcome.messages)
    for check in (*SLICE_CHECKS, Check.LAST_MONTH_IS_HERE):
        assert scene.results(check) == []
        [planned] = scene.records(check)
        status = asyncio.run(planned.resolve_status(LoadingContextForTest(scene.instance)))
        assert status.value == "SKIPPED", "which is what the UI shows"

    scene.sandbox.clock.advance(timedelta(minutes=11))
    [loaded] = deferred.tick_and_load()
    assert loaded.success, loaded.failure
    for check in SLICE_CHECKS:
        assert scene.result(check).passed, scene.result(check).text
    assert scene.result(Check.LAST_MONTH_IS_HERE, None).passed


def test_months_are_requested_only_once_a_deferred_export_is_loaded(
    start_scene: Callable[..., Scene],
) -> None:
    scene = start_scene(sandbox={"processing_seconds": 600})
    deferred = Deferred.deferred(scene.sandbox, scene.project, checks=True)
    deferred.request()
    assert asked_by_history_sensor(deferred, scene.instance) == []
    scene.sandbox.clock.advance(timedelta(minutes=11))
    [loaded] = deferred.tick_and_load()
    assert loaded.success, loaded.failure
    last_month = add_months(month_of(deferred.clock.now(), deferred.config.zone), -1)
    assert asked_by_history_sensor(deferred, scene.instance) == [f"{last_month:%Y-%m}"]


def asked_by_history_sensor(deferred: Deferred, instance: dg.DagsterInstance) -> list[str | None]:
    repository = deferred.definitions().get_repository_def()
    with dg.build_sensor_context(instance=instance, repository_def=repository) as context:
        data = repository.get_sensor_def("pipefy_history_sensor").evaluate_tick(context)
    return [request.partition_key for request in data.run_requests or ()]


def test_what_a_deferred_run_skipped_is_judged_again_by_the_sensor(start_scene: Callable[..., Scene]) -> None:
    scene = start_scene(sandbox={"processing_seconds": 600})
    assert scene.materialize(partition="current_month").success
    assert scene.tick() == [], "the run's own result is of today"
    Deferred.deferred(scene.sandbox, scene.project, checks=True).request()
    [event] = scene.tick()
    assert event.check_name == Check.LAST_MONTH_IS_HERE
    assert event.metadata["pipefy/pending_export"].value
