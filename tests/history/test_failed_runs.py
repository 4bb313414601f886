"""What becomes of months whose run failed: others are launched, not for ever, and none without need."""

import dataclasses
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import dagster as dg
import duckdb
import pytest
from history.installation import HISTORY, Installation
from support.project import JOBS

from pipefy_exports_dagster.orchestration.attempts import ATTEMPT, MAX_ATTEMPTS
from pipefy_exports_dagster.orchestration.history.sensor import NOTHING_NEW
from pipefy_exports_dagster.orchestration.history.unbuilt import BUILDS_EXPORT
from pipefy_exports_dagster.orchestration.partitions import RANGE_END, RANGE_START

PAUSES = [timedelta(minutes=5 * 2**number + 1) for number in range(MAX_ATTEMPTS - 1)]


@pytest.fixture
def installation(install: Callable[..., Installation]) -> Installation:
    """An export is loaded, by the clock that Dagster's own times are by."""
    installation = install(sandbox={"now": None}, database_lock_timeout_s=0.1)
    assert installation.export(JOBS, "last_month").success
    return installation


def locked(installation: Installation) -> AbstractContextManager[object]:
    """Hold the database, as a person's DuckDB shell does."""
    return duckdb.connect(installation.project.database, read_only=True)


def fail(installation: Installation) -> str:
    """Let the one run that the sensor asks for fail; return the month."""
    [request] = installation.evaluate_sensor()
    with locked(installation):
        run = installation.launch(request)
    assert "was locked" in run.failure
    return str(request.partition_key)


def recorded(
    installation: Installation,
    request: dg.RunRequest,
    status: dg.DagsterRunStatus = dg.DagsterRunStatus.NOT_STARTED,
) -> dg.DagsterRun:
    """Write a run down as the daemon does."""
    tags = {**request.tags, "dagster/run_key": str(request.run_key)}
    if request.partition_key:
        tags["dagster/partition"] = request.partition_key
    return installation.instance.create_run_for_job(
        installation.definitions.resolve_job_def("pipefy_history"),
        tags=tags,
        asset_selection=frozenset(request.asset_selection or ()),
        status=status,
    )


def test_a_failed_run_is_followed_by_another_after_a_pause_until_one_succeeds(
    installation: Installation,
) -> None:
    month = fail(installation)
    assert installation.evaluate_sensor() == []
    assert f"{month} of {HISTORY} (export" in installation.skipped
    assert "attempt 1 did not build it; the next is at" in installation.skipped
    installation.sandbox.clock.advance(PAUSES[0])
    [request] = installation.evaluate_sensor()
    assert (request.partition_key, request.tags[ATTEMPT]) == (month, "2")
    run = installation.launch(request)
    assert run.success, run.failure
    assert installation.materialized() == {month}
    installation.sandbox.clock.advance(timedelta(hours=2))
    assert installation.evaluate_sensor() == []
    assert installation.skipped == NOTHING_NEW


def test_after_the_last_attempt_it_says_what_to_do_until_that_is_done(installation: Installation) -> None:
    month = fail(installation)
    for pause in PAUSES:
        installation.sandbox.clock.advance(pause)
        assert fail(installation) == month
    installation.sandbox.clock.advance(timedelta(hours=12))
    assert installation.evaluate_sensor() == []
    assert f"{MAX_ATTEMPTS} runs did not build it" in installation.skipped
    assert "see what they say, then materialize the months" in installation.skipped
    assert installation.build(month).success
    assert installation.evaluate_sensor() == []
    assert installation.skipped == NOTHING_NEW


def test_several_months_are_asked_for_again_in_one_run(installation: Installation) -> None:
    fail(installation)
    assert installation.export(JOBS, "last_3_months").success
    [first] = installation.evaluate_sensor()
    assert first.partition_key is None
    with locked(installation):
        assert not installation.launch(first).success
    installation.sandbox.clock.advance(PAUSES[0])
    requests = installation.evaluate_sensor()
    assert [request.tags[ATTEMPT] for request in requests] == ["2", "2"]
    [again] = [request for request in requests if request.partition_key is None]
    assert [again.tags[name] for name in (RANGE_START, RANGE_END)] == [
        first.tags[name] for name in (RANGE_START, RANGE_END)
    ]
    assert again.run_config == first.run_config
    run = installation.launch(again)
    assert run.success, run.failure
    assert len(installation.materialized()) == 3


def test_months_that_a_newer_export_has_built_are_not_requested_again(
    installation: Installation,
) -> None:
    fail(installation)
    assert installation.export(JOBS, "last_month").success
    [newer] = installation.evaluate_sensor()
    assert newer.tags[ATTEMPT] == "1"
    assert installation.launch(newer).success
    installation.sandbox.clock.advance(timedelta(hours=2))
    assert installation.evaluate_sensor() == []
    assert installation.skipped == NOTHING_NEW


def test_months_before_the_start_of_the_history_are_not_asked_for_again(
    installation: Installation,
) -> None:
    fail(installation)
    installation.sandbox.clock.advance(PAUSES[0])
    start = installation.sandbox.clock.now().date().replace(day=1)
    later = Installation(
        installation.sandbox,
        installation.project,
        dataclasses.replace(installation.config, history_start=start),
        installation.instance,
        cursor=installation.cursor,
    )
    assert later.evaluate_sensor() == []


def test_an_active_run_is_waited_for_and_a_dead_one_is_followed_by_another(
    installation: Installation,
) -> None:
    [request] = installation.evaluate_sensor()
    recorded(installation, request, dg.DagsterRunStatus.STARTED)
    installation.sandbox.clock.advance(timedelta(hours=2))
    assert installation.evaluate_sensor() == []
    assert "a run is building it, or about to" in installation.skipped
    installation.sandbox.clock.advance(timedelta(hours=6))
    assert [request.tags[ATTEMPT] for request in installation.evaluate_sensor()] == ["2"]


def test_a_run_that_was_recorded_and_not_launched_keeps_its_key(
    installation: Installation,
) -> None:
    [request] = installation.evaluate_sensor()
    recorded(installation, request)
    installation.run_keys.clear()
    assert [again.run_key for again in installation.evaluate_sensor()] == [request.run_key]
    installation.cursor = None
    installation.run_keys.clear()
    assert [again.run_key for again in installation.evaluate_sensor()] == [request.run_key], "once in a tick"


def test_a_run_that_a_person_canceled_is_not_followed_by_another(installation: Installation) -> None:
    [request] = installation.evaluate_sensor()
    installation.instance.report_run_canceled(recorded(installation, request, dg.DagsterRunStatus.STARTED))
    installation.sandbox.clock.advance(timedelta(hours=2))
    assert installation.evaluate_sensor() == []
    assert installation.skipped == NOTHING_NEW


def test_an_upgrade_launches_nothing_of_before(installation: Installation) -> None:
    [request] = installation.evaluate_sensor()
    old = request.with_replaced_attrs(tags={})
    installation.instance.report_run_failed(recorded(installation, old))
    installation.sandbox.clock.advance(timedelta(hours=2))
    assert installation.evaluate_sensor() == []
    installation.cursor = None
    assert installation.evaluate_sensor() == [], "the first attempt has the run key that it had"
    export_id = installation.sandbox.exports.all()[0].id
    assert request.run_key == f"{HISTORY}:{export_id}"
    assert request.tags[BUILDS_EXPORT] == export_id
