"""What the sensor and the schedule of the history ask for, and that nothing is asked for twice."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, available_timezones

import dagster as dg
from history.installation import HISTORY, Installation
from hypothesis import given
from hypothesis import strategies as st
from support.project import JOBS

from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports
from pipefy_exports_dagster.orchestration.events import EXPORT_ID, REQUESTED_MONTH
from pipefy_exports_dagster.orchestration.history.schedule import DAY, HOUR
from pipefy_exports_dagster.orchestration.history.sensor import BroughtMonths, newest_of_each
from pipefy_exports_dagster.orchestration.partitions import RANGE_END, RANGE_START


def loaded(installation: Installation, period: str, export_id: str, month: str = "2026-11-01") -> None:
    metadata = {EXPORT_ID: export_id, REQUESTED_MONTH: month}
    installation.instance.report_runless_asset_event(
        dg.AssetMaterialization(dg.AssetKey(JOBS), partition=period, metadata=metadata)
    )


def asked(requests: list[dg.RunRequest]) -> list[str]:
    return [
        request.partition_key or f"{request.tags[RANGE_START]}..{request.tags[RANGE_END]}"
        for request in requests
    ]


def test_the_sensor_asks_for_the_months_that_an_export_just_brought(installation: Installation) -> None:
    assert installation.evaluate_sensor() == []
    loaded(installation, "last_month", "a")
    [request] = installation.evaluate_sensor()
    assert request.partition_key == "2026-10"
    assert [key.to_user_string() for key in request.asset_selection or ()] == [HISTORY]
    loaded(installation, "last_3_months", "b")
    assert asked(installation.evaluate_sensor()) == ["2026-08..2026-11"]
    loaded(installation, "current_month", "c")
    assert asked(installation.evaluate_sensor()) == ["2026-11"]


def test_nothing_is_asked_for_twice_also_after_the_cursor_was_lost(installation: Installation) -> None:
    loaded(installation, "last_month", "a")
    assert len(installation.evaluate_sensor()) == 1
    loaded(installation, "last_month", "a")  # resumed, and loaded again
    assert installation.evaluate_sensor() == []
    installation.cursor = None  # a daemon that starts again
    assert installation.evaluate_sensor() == []
    loaded(installation, "last_month", "b", "2026-12-01")
    assert asked(installation.evaluate_sensor()) == ["2026-11"]


def test_an_export_that_arrived_while_the_daemon_was_down_is_seen_later(
    installation: Installation,
) -> None:
    installation.evaluate_sensor()
    for number, month in enumerate(("2026-10-01", "2026-11-01")):
        loaded(installation, "last_month", str(number), month)
    assert asked(installation.evaluate_sensor()) == ["2026-09", "2026-10"]


def test_what_is_none_of_ours_and_what_is_before_the_history_is_left_alone(
    install: Callable[..., Installation],
) -> None:
    installation = install(history_start=date(2026, 10, 15))
    installation.instance.report_runless_asset_event(
        dg.AssetMaterialization(dg.AssetKey(JOBS), partition="last_month")
    )
    loaded(installation, "last_month", "a", "2026-10-01")
    assert installation.evaluate_sensor() == []
    loaded(installation, "last_3_months", "b")
    assert asked(installation.evaluate_sensor()) == ["2026-10..2026-11"]


def test_a_run_of_the_sensor_leaves_what_is_not_covered_and_does_not_fail(
    installation: Installation,
) -> None:
    assert installation.export(JOBS, "last_3_months").success
    [run] = installation.tick_sensor()
    assert run.success, run.failure
    assert installation.materialized() == {"2026-08", "2026-09", "2026-10"}
    assert any("no export covers 2026-11" in message for message in run.messages)


@given(st.lists(st.lists(st.integers(1, 12), min_size=1, max_size=4), max_size=8))
def test_every_month_is_asked_for_by_the_newest_export_that_brings_it(brought: list[list[int]]) -> None:
    exports = [
        BroughtMonths(
            position, str(position), tuple(date(2026, number, 1) for number in sorted(set(numbers)))
        )
        for position, numbers in enumerate(brought)
    ]
    left = newest_of_each(exports)
    assert {month for export in left for month in export.months} == {
        month for export in exports for month in export.months
    }
    assert left == sorted(left, key=lambda export: export.position)
    if exports:
        assert left[-1] == exports[-1]


def test_the_schedule_asks_for_the_month_that_ended() -> None:
    repository = build_pipefy_exports(PipefyExportsConfig()).get_repository_def()
    schedule = repository.get_schedule_def("pipefy_month_end_history_schedule")
    with dg.instance_for_test() as instance:
        moment = datetime(2026, 11, DAY, HOUR, tzinfo=UTC)
        with dg.build_schedule_context(
            instance=instance, scheduled_execution_time=moment, repository_def=repository
        ) as context:
            [request] = schedule.evaluate_tick(context).run_requests or ()
    assert request.partition_key == "2026-10"
    assert schedule.job_name == "pipefy_history"
    assert schedule.cron_schedule == f"0 {HOUR} {DAY} * *"


def test_the_schedule_comes_hours_after_the_export_in_every_time_zone() -> None:
    for name in available_timezones():
        for month in range(1, 13):
            tick = datetime(2026, month, DAY, HOUR, tzinfo=ZoneInfo(name))
            export = datetime(2026, month, 1, 15, tzinfo=UTC)
            assert (tick - export).total_seconds() >= 3 * 3600, name


def test_sensor_and_schedule_are_stopped_until_a_person_switches_them_on() -> None:
    repository = build_pipefy_exports(PipefyExportsConfig()).get_repository_def()
    assert repository.get_sensor_def("pipefy_history_sensor").default_status is dg.DefaultSensorStatus.STOPPED
    schedule = repository.get_schedule_def("pipefy_month_end_history_schedule")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
