"""What a person's own notifier is told: of failed runs and of checks that did not pass; nothing secret."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import dagster as dg
import pytest
from checks.scene import Scene
from support.project import JOBS, REPORT

from pipefy_exports_dagster.config.exports import AutomationJobs
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.errors import PipefyExportsError
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports
from pipefy_exports_dagster.orchestration.checks.finding import Check
from pipefy_exports_dagster.orchestration.notify.export_failure import (
    IN_THE_LOG,
    ExportFailure,
    advice_for,
    error_classes,
)
from pipefy_exports_dagster.orchestration.notify.failed_check_sensor import pipefy_failed_check_sensor
from pipefy_exports_dagster.orchestration.notify.failure_sensor import pipefy_failure_sensor


def tell_of_newest_run(scene: Scene, sensor: dg.SensorDefinition) -> Any:
    """Evaluate a failure sensor about the newest run, as the daemon does."""
    [record] = scene.instance.get_run_records(limit=1)
    run = record.dagster_run
    events = scene.instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE).records
    event = events[0].event_log_entry.dagster_event
    assert event
    context = dg.build_run_status_sensor_context(
        sensor_name=sensor.name, dagster_event=event, dagster_instance=scene.instance, dagster_run=run
    )
    return sensor(context)


def test_a_failed_run_is_told_with_asset_partition_error_and_what_to_do(
    start_scene: Callable[..., Scene],
) -> None:
    scene = start_scene(sandbox={"faults": ("create:unauthorized:always",)})
    outcome = scene.materialize(JOBS, REPORT)
    assert not outcome.success
    told: list[ExportFailure] = []
    tell_of_newest_run(scene, pipefy_failure_sensor(told.append))
    assert [failure.asset for failure in told] == [JOBS, REPORT]
    for failure in told:
        assert failure.partition == "last_month"
        assert failure.run_id
        assert failure.error == "AuthenticationError"
        assert failure.message
        assert failure.what_to_do == advice_for("AuthenticationError")
        assert scene.project.environment["PIPEFY_TOKEN"] not in str(failure)
    only: list[ExportFailure] = []
    tell_of_newest_run(scene, pipefy_failure_sensor(only.append, assets=[REPORT]))
    assert [failure.asset for failure in only] == [REPORT]


def test_an_error_of_another_kind_is_named_but_not_quoted(scene: Scene) -> None:
    def break_down(_stage: str) -> None:
        raise RuntimeError("https://files.example.com/x?signature=hush")

    outcome = scene.project.materialize(JOBS, config=scene.config, clock=scene.clock, on_milestone=break_down)
    assert not outcome.success
    told: list[ExportFailure] = []
    tell_of_newest_run(scene, pipefy_failure_sensor(told.append))
    [failure] = told
    assert failure.error == "RuntimeError"
    assert "hush" not in str(failure)
    assert failure.what_to_do == IN_THE_LOG


def test_a_run_that_died_is_told_unless_dagster_starts_it_again(scene: Scene) -> None:
    job = build_pipefy_exports(scene.config).resolve_job_def("pipefy_exports")
    for tags, expected in (({}, 2), ({"dagster/will_retry": "true"}, 0)):
        run = scene.instance.create_run_for_job(job, tags={"dagster/partition": "last_month", **tags})
        scene.instance.report_run_failed(run)
        told: list[ExportFailure] = []
        # Without run retries on this run, Dagster's own tag would say otherwise.
        scene.instance.add_run_tags(
            run.run_id, {"dagster/will_retry": tags.get("dagster/will_retry", "false")}
        )
        tell_of_newest_run(scene, pipefy_failure_sensor(told.append))
        assert len(told) == expected
        assert all(f.error == "RunDied" and f.partition == "last_month" for f in told)


def test_every_failure_is_told_although_the_notifier_breaks_on_one(start_scene: Callable[..., Scene]) -> None:
    scene = start_scene(sandbox={"faults": ("create:unauthorized:always",)})
    assert not scene.materialize(JOBS, REPORT).success
    told: list[str] = []

    def notify(failure: ExportFailure) -> None:
        told.append(failure.asset)
        if failure.asset == JOBS:
            raise OSError("no mail today")

    with pytest.raises(OSError, match="no mail today"):
        tell_of_newest_run(scene, pipefy_failure_sensor(notify))
    assert told == [JOBS, REPORT]


def test_every_error_of_the_package_has_its_advice() -> None:
    for cls in error_classes(PipefyExportsError):
        assert advice_for(cls.__name__) != IN_THE_LOG
        assert not advice_for(cls.__name__).endswith(".")


def test_a_check_that_did_not_pass_is_told_once_per_partition(scene: Scene) -> None:
    keys = [dg.AssetCheckKey(dg.AssetKey(JOBS), Check.KEYS_UNIQUE.value)]
    told: list[ExportFailure] = []
    broken = [True]

    def notify(failure: ExportFailure) -> None:
        if broken[0]:
            raise OSError
        told.append(failure)

    sensor = pipefy_failed_check_sensor(notify, keys)
    cursor: str | None = None

    def tick() -> str:
        nonlocal cursor
        with dg.build_sensor_context(instance=scene.instance, cursor=cursor) as context:
            data = sensor.evaluate_tick(context)
        cursor = data.cursor
        return data.skip_message or ""

    with_key = replace(scene.config, automation_jobs=AutomationJobs(key=("status",)))
    scene.config = with_key
    assert scene.materialize().success
    assert tick() == "0 results told", "what was there before is not told"
    assert scene.materialize().success
    assert scene.materialize(partition="current_month").success
    assert "the notifier raised OSError, and is called again" in tick()
    broken[0] = False
    assert tick() == "2 results told"
    assert tick() == "0 results told"
    assert [(f.asset, f.partition, f.check, f.error) for f in told] == [
        (JOBS, partition, "keys_unique", "CheckFailed") for partition in ("last_month", "current_month")
    ]
    assert json.loads(cursor or "")
    assert all(f.message.startswith(f"{f.partition}: ") for f in told)


def test_with_a_notifier_the_definitions_have_both_sensors_running() -> None:
    sensors = ("pipefy_failure_sensor", "pipefy_failed_check_sensor")
    repository = build_pipefy_exports(PipefyExportsConfig(), notify=print).get_repository_def()
    for name in sensors:
        assert repository.get_sensor_def(name).default_status is dg.DefaultSensorStatus.RUNNING
    without = build_pipefy_exports(PipefyExportsConfig()).get_repository_def()
    assert not {sensor.name for sensor in without.sensor_defs} & set(sensors)
