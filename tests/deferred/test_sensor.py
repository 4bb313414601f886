"""What the sensor launches, what it leaves alone, and what it says when it cannot ask."""

import dataclasses
import itertools
import re
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
from deferred.scene import Scene
from deferred.test_deferred_runs import WRITTEN
from support.project import JOBS, REPORT

from pipefy_exports_dagster.config.exports import Report
from pipefy_exports_dagster.config.model import PipefyExportsConfig, PollPolicy, Wait
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.orchestration.attempts import ATTEMPT
from pipefy_exports_dagster.orchestration.events import RequestedExport
from pipefy_exports_dagster.orchestration.ledger import Ledger
from pipefy_exports_dagster.orchestration.milestones import Milestone
from pipefy_exports_dagster.orchestration.partition_locks import FilePartitionLocks, PartitionName
from pipefy_exports_dagster.orchestration.run_role import FOLLOWS_EXPORT


class Killed(BaseException):
    """Ends a run as a signal would."""


@pytest.fixture
def finished(scene: Scene) -> Scene:
    """An export is pending, and finished at Pipefy."""
    scene.request()
    scene.sandbox.clock.advance(WRITTEN)
    return scene


@pytest.fixture
def in_real_time(start_scene: Callable[..., Scene]) -> Scene:
    """The same, by the clock that Dagster's own times are by."""
    scene = start_scene(now=None, processing_seconds=0.1)
    scene.request()
    time.sleep(0.5)
    return scene


def test_each_request_names_the_export_and_selects_one_asset_and_one_partition(finished: Scene) -> None:
    export = finished.sandbox.exports.all()[-1]
    [request] = finished.tick().requests
    assert request.run_key == f"{JOBS}:last_month:{export.id}:1"
    assert request.partition_key == "last_month"
    assert [key.to_user_string() for key in request.asset_selection or ()] == [JOBS]
    assert request.tags[FOLLOWS_EXPORT] == export.id
    assert request.tags[ATTEMPT] == "1"


def test_until_its_run_is_there_an_export_is_launched_under_the_same_key(finished: Scene) -> None:
    [first], [second] = finished.tick().requests, finished.tick().requests
    assert first.run_key == second.run_key


@pytest.mark.parametrize(
    "milestone", [Milestone.REQUESTED, Milestone.WAITING, Milestone.DOWNLOADED, Milestone.COMMITTED]
)
def test_what_a_killed_inline_run_left_behind_is_adopted(scene: Scene, milestone: Milestone) -> None:
    def kill(reached: str) -> None:
        if reached == milestone:
            raise Killed

    inline = dataclasses.replace(scene.config, wait=Wait.INLINE)
    assert not scene.run(config=inline, on_milestone=kill).success
    scene.sandbox.clock.advance(WRITTEN)
    scene.config = inline
    [outcome] = scene.tick_and_load()
    assert outcome.success, outcome.failure
    assert scene.exports == 1
    assert scene.tick().said == "no export is pending"


def test_an_export_that_a_run_works_on_is_left_alone_and_not_asked_about(finished: Scene) -> None:
    asked = finished.sandbox.stats.requests["status"]
    organization_id = finished.config.organization_id
    assert organization_id
    release, held = threading.Event(), threading.Event()

    def work() -> None:
        locks = FilePartitionLocks(finished.config.data_dir)
        with locks.hold(PartitionName(organization_id, JOBS, "last_month"), timeout_s=0, on_wait=print):
            held.set()
            release.wait()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert held.wait(10)
        ticked = finished.tick()
    finally:
        release.set()
        thread.join()
    assert ticked.requests == []
    assert "a run is working on it" in ticked.said
    assert finished.sandbox.stats.requests["status"] == asked
    assert len(finished.tick().requests) == 1


def test_a_run_that_did_not_load_it_is_followed_by_another_after_a_pause(in_real_time: Scene) -> None:
    finished = in_real_time
    [request] = finished.tick().requests
    good, finished.config = finished.config, _with_impossible_types(finished)
    assert finished.launch(request).failure_class == "ValueDoesNotFitError"
    ticked = finished.tick()
    assert ticked.requests == []
    assert "attempt 1 did not load it; the next is at" in ticked.said
    finished.sandbox.clock.advance(timedelta(hours=2))
    [request] = finished.tick().requests
    assert str(request.run_key).endswith(":2")
    finished.config = good
    assert finished.launch(request).success
    assert finished.exports == 1


def test_a_dead_run_is_followed_by_another_though_dagster_believes_it_alive(
    in_real_time: Scene,
) -> None:
    finished = in_real_time
    [request] = finished.tick().requests
    with finished.project.instance() as instance:
        job = finished.definitions().resolve_job_def("pipefy_exports")
        run = instance.create_run_for_job(job, tags=dict(request.tags))
        assert finished.tick().requests[0].run_key == request.run_key, "not even submitted"
        instance.report_dagster_event(_event(dg.DagsterEventType.RUN_START), run_id=run.run_id)
    assert "a run is loading it" in finished.tick().said
    finished.sandbox.clock.advance(timedelta(hours=5))
    [request] = finished.tick().requests
    assert str(request.run_key).endswith(":2")
    assert finished.launch(request).success


@pytest.mark.parametrize(
    ("newest", "alive_s", "dead_s"),
    [
        pytest.param([dg.DagsterEventType.RUN_STARTING], 290, 330, id="its process is to begin"),
        pytest.param([dg.DagsterEventType.RUN_START], 50, 90, id="its process has begun"),
        pytest.param(
            [dg.DagsterEventType.RUN_START, dg.DagsterEventType.STEP_UP_FOR_RETRY],
            160,
            200,
            id="its step waits for its next try",
        ),
        pytest.param(
            [
                dg.DagsterEventType.RUN_START,
                dg.DagsterEventType.STEP_UP_FOR_RETRY,
                dg.DagsterEventType.STEP_RESTARTED,
            ],
            50,
            90,
            id="its step began again",
        ),
    ],
)
def test_a_run_whose_lock_is_free_is_dead_after_a_minute_of_silence_and_followed_at_once(
    in_real_time: Scene, newest: list[dg.DagsterEventType], alive_s: float, dead_s: float
) -> None:
    scene = in_real_time
    # The longest pause before a try is twice 60 s.
    scene.config = dataclasses.replace(scene.config, max_retries=1, retry_delay_s=60)
    [request] = scene.tick().requests
    with scene.project.instance() as instance:
        job = scene.definitions().resolve_job_def("pipefy_exports")
        run = instance.create_run_for_job(job, tags=dict(request.tags))
        for type_ in newest:
            instance.report_dagster_event(_event(type_), run_id=run.run_id)
    scene.sandbox.clock.advance(timedelta(seconds=alive_s - 20))  # it runs on while the machine is busy
    assert "a run is loading it" in scene.tick().said
    scene.sandbox.clock.advance(timedelta(seconds=dead_s - alive_s + 20))
    [request] = scene.tick().requests
    assert str(request.run_key).endswith(":2")


def test_an_export_for_other_arguments_than_configured_now_is_left_alone(scene: Scene) -> None:
    scene.request(REPORT)
    scene.sandbox.clock.advance(WRITTEN)
    reports = [Report(name=REPORT, columns=("id",))]
    scene.config = dataclasses.replace(scene.config, reports=reports)
    ticked = scene.tick()
    assert ticked.requests == []
    assert "it was made for other arguments" in ticked.said


def test_the_sensor_of_a_prefix_launches_runs_of_its_own_assets_only(scene: Scene) -> None:
    without = scene.config
    scene.config = dataclasses.replace(without, key_prefix=("crm", "acme"))
    scene.request(REPORT, run_config={"columns": ["title"]})
    scene.sandbox.clock.advance(WRITTEN)
    prefixed, scene.config = scene.config, without
    assert scene.tick().requests == []
    scene.config = prefixed
    [request] = scene.tick().requests
    assert request.asset_selection == [dg.AssetKey(["crm", "acme", REPORT])]
    outcome = scene.launch(request)
    assert outcome.success, outcome.failure
    assert outcome.metadata["dagster/table_name"] == f"pipefy_exports.crm__acme.{REPORT}"
    assert outcome.metadata["pipefy/column_count"] == 2
    assert scene.exports == 1


def test_overrides_that_mean_nothing_any_more_are_said(finished: Scene) -> None:
    with finished.project.instance() as instance:
        ledger = Ledger(instance, dg.AssetKey(REPORT), "last_month")
        now = finished.clock.now()
        odd = RequestedExport(
            "x1", "f", {}, now, now.date().replace(day=1), "input object", {"columns": "red"}
        )
        instance.report_runless_asset_event(ledger.requested(odd))
    ticked = finished.tick()
    assert [request.partition_key for request in ticked.requests] == ["last_month"]
    finished.launch(ticked.requests[0])
    assert "with arguments that do not fit: `columns` is 'red'" in finished.tick().said


def test_without_credentials_it_says_which_variables_are_missing(finished: Scene) -> None:
    ticked = finished.tick(finished.project.environment | {"PIPEFY_TOKEN": ""})
    assert ticked.requests == []
    assert "PIPEFY_TOKEN" in ticked.said


def test_without_an_organization_it_says_so(scene: Scene) -> None:
    scene.config = dataclasses.replace(scene.config, organization_id=None)
    assert "PIPEFY_ORG_ID" in scene.tick().said


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("status:unavailable:always", "HTTP 503"),
        ("status:rate-limited:always", "HTTP 429"),
        ("status:reset:always", "connection"),
        ("status:html-page:always", "not JSON"),
        ("status:unauthorized:always", "HTTP 401"),
        ("status:graphql-error:always", "Something went wrong"),
    ],
)
def test_when_pipefy_is_down_it_says_so_and_the_next_tick_goes_on(
    finished: Scene, fault: str, said: str
) -> None:
    finished.sandbox.faults.arm(fault)
    ticked = finished.tick()
    assert ticked.requests == []
    assert said in ticked.said
    finished.sandbox.faults.clear()
    assert len(finished.tick().requests) == 1


def test_a_pipefy_that_hangs_does_not_hold_the_sensor_until_dagster_gives_it_up(finished: Scene) -> None:
    finished.sandbox.faults.arm("status:hang:always")
    started = time.monotonic()
    ticked = finished.tick()
    assert time.monotonic() - started < 40
    assert ticked.requests == []
    assert "no whole answer" in ticked.said or "connection" in ticked.said
    finished.sandbox.faults.clear()


def test_an_export_is_asked_about_no_more_often_than_by_a_run(start_scene: Callable[..., Scene]) -> None:
    scene = start_scene(processing_seconds=1200, changes={"polling": PollPolicy()})
    scene.request()
    cursor, asked_at_s = None, []
    for second in range(0, 1500, 30):
        before = scene.sandbox.stats.requests["status"]
        ticked = scene.tick(cursor=cursor)
        cursor = ticked.cursor
        if scene.sandbox.stats.requests["status"] > before:
            asked_at_s.append(second)
        else:
            # The sandbox's clock goes on by itself as well.
            assert re.search(r"it was asked about [3-5]\d s ago", ticked.said)
        if ticked.requests:
            break
        scene.sandbox.clock.advance(timedelta(seconds=30))
    assert len(ticked.requests) == 1
    pauses = [b - a for a, b in itertools.pairwise(asked_at_s)]
    assert set(pauses) == {30, 60}
    assert pauses[-1] == 60
    assert all(pause >= min(60, at * 0.1) for at, pause in zip(asked_at_s, pauses, strict=False))


@pytest.mark.parametrize("cursor", ["", "nonsense", "[]", '{"a": 5}', '{"a": "soon"}', "null"])
def test_a_cursor_that_says_nothing_costs_a_question(finished: Scene, cursor: str) -> None:
    assert len(finished.tick(cursor=cursor).requests) == 1


def test_nothing_secret_is_in_what_the_sensor_leaves_behind(finished: Scene, tmp_path: Path) -> None:
    [request] = finished.tick().requests
    outcome = finished.launch(request)
    assert outcome.success, outcome.failure
    secrets = [
        value
        for name, value in finished.project.environment.items()
        if value and ("SECRET" in name or name == "PIPEFY_TOKEN")
    ]
    assert secrets
    secrets.append("signature=")
    stored = b"".join(path.read_bytes() for path in (tmp_path / "project").rglob("*.db"))
    assert stored
    for secret in secrets:
        assert secret.encode() not in stored
        assert secret not in str(request)


def _event(kind: dg.DagsterEventType) -> dg.DagsterEvent:
    return dg.DagsterEvent(event_type_value=kind.value, job_name="pipefy_exports")


def _with_impossible_types(scene: Scene) -> PipefyExportsConfig:
    jobs = scene.config.automation_jobs
    assert jobs
    reading = ReadOptions(column_types={"status": "DATE"})
    return dataclasses.replace(scene.config, automation_jobs=dataclasses.replace(jobs, reading=reading))
