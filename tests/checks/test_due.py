"""Whether what should be there by now is there: per partition, each day, without a run."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import dagster as dg
import pytest
from checks.scene import Scene
from support.project import JOBS, REPORT
from support.stores import over_all_stores

from pipefy_exports_dagster.config.exports import AutomationJobs
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports
from pipefy_exports_dagster.orchestration.checks.due import OUT_OF_REACH, Today, how_to_fill, months_complete
from pipefy_exports_dagster.orchestration.checks.finding import Check
from pipefy_exports_dagster.orchestration.definition_names import DUE_SENSOR
from pipefy_exports_dagster.orchestration.events import COMPLETE, EXPORT_ID, REQUESTED_MONTH

HERE = Check.LAST_MONTH_IS_HERE


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(hour=16, tzinfo=UTC)


def load(scene: Scene, partition: str, month: str, asset: str = JOBS) -> None:
    metadata = {EXPORT_ID: f"{partition}-{month}", REQUESTED_MONTH: month}
    scene.instance.report_runless_asset_event(
        dg.AssetMaterialization(dg.AssetKey(asset), partition=partition, metadata=metadata)
    )


def test_a_daily_current_month_does_not_hide_a_missing_last_month(scene: Scene) -> None:
    load(scene, "last_month", "2026-10-01")
    for number in range(1, 4):
        scene.set_clock(day(f"2026-11-0{number}"))
        load(scene, "current_month", "2026-11-01")
        scene.tick()
    due, missing = scene.results(HERE)[1], scene.results(HERE)[0]
    assert due.passed
    assert "due on day 3 of 2026-11, and not loaded yet" in due.text
    assert not missing.passed
    assert not missing.is_warning
    assert (
        "was not loaded in 2026-11; the table still holds the one of 2026-10, the rows of 2026-09"
        in missing.text
    )
    assert "Materialize last_month of automation_jobs_export" in missing.text
    assert "pipefy_last_month_schedule is switched on" in missing.text


def test_it_is_per_asset_and_silent_about_one_that_is_not_used(scene: Scene) -> None:
    load(scene, "last_month", "2026-11-01")
    load(scene, "last_month", "2026-10-01", REPORT)
    scene.tick()
    assert scene.result(HERE, None).passed
    assert not scene.result(HERE, None, REPORT).passed
    scene.instance.wipe_assets([dg.AssetKey(REPORT)])
    scene.set_clock(day("2026-12-10"))
    assert [event.asset_key for event in scene.tick()] == [dg.AssetKey(JOBS)]


def test_a_last_month_that_was_never_loaded_is_a_warning(scene: Scene) -> None:
    load(scene, "current_month", "2026-11-01")
    scene.tick()
    result = scene.result(HERE, None)
    assert not result.passed
    assert result.is_warning
    assert "nor ever before" in result.text


def test_it_is_said_once_a_day_and_again_when_it_changes(scene: Scene) -> None:
    load(scene, "last_month", "2026-10-01")
    assert len(scene.tick()) == 1
    assert scene.tick() == []
    load(scene, "last_month", "2026-11-01")
    [event] = scene.tick()
    assert event.passed
    assert scene.tick() == []
    scene.set_clock(day("2026-11-23"))
    assert len(scene.tick()) == 1


def test_a_load_turns_it_green_at_once(scene: Scene) -> None:
    load(scene, "last_month", "2026-10-01")
    scene.tick()
    assert not scene.result(HERE, None).passed
    assert scene.materialize(partition="current_month").success
    assert not scene.result(HERE, None).passed
    assert scene.materialize(partition="last_month").success
    assert scene.result(HERE, None).passed


def test_the_day_is_the_organizations(scene: Scene) -> None:
    load(scene, "last_month", "2026-10-01")
    scene.set_clock(datetime(2026, 11, 2, 16, tzinfo=UTC))
    [event] = scene.tick(timezone="Asia/Tokyo")  # the third, at 01:00
    assert not event.passed
    [event] = scene.tick(timezone="America/Sao_Paulo")
    assert event.passed


def test_a_partition_that_was_loaded_meanwhile_does_not_leave_it_unevaluated(scene: Scene) -> None:
    """As where two partitions are loaded side by side: Dagster counts a result for the newest load only."""
    assert scene.materialize(partition="last_month").success
    assert scene.tick() == []
    load(scene, "current_month", "2026-11-01")
    [event] = scene.tick()
    assert event.passed
    assert scene.tick() == []


def test_where_last_month_is_not_wanted_nothing_is_said(scene: Scene) -> None:
    load(scene, "last_month", "2026-10-01")
    assert scene.tick(last_month_due_day=None) == []
    repository = build_pipefy_exports(PipefyExportsConfig(last_month_due_day=None)).get_repository_def()
    assert HERE not in {key.name for key in repository.asset_graph.asset_check_keys}


def test_without_checks_there_is_no_sensor_and_otherwise_it_runs_from_the_start() -> None:
    repository = build_pipefy_exports(PipefyExportsConfig()).get_repository_def()
    assert repository.get_sensor_def(DUE_SENSOR).default_status is dg.DefaultSensorStatus.RUNNING
    without = build_pipefy_exports(PipefyExportsConfig(checks=False)).get_repository_def()
    assert DUE_SENSOR not in {sensor.name for sensor in without.sensor_defs}
    assert not without.asset_graph.asset_check_keys


@pytest.mark.parametrize("number", [0, 29])
def test_a_due_day_that_not_every_month_has_is_refused(number: int) -> None:
    with pytest.raises(ConfigurationError, match=r"^`last_month_due_day` is .* from 1 to 28, or none"):
        PipefyExportsConfig(last_month_due_day=number)


MARCH, APRIL, MAY, JUNE = (date(2026, month, 1) for month in (3, 4, 5, 6))


@pytest.mark.parametrize(
    ("held", "today", "lacking"),
    [
        ({}, date(2026, 6, 10), None),
        ({MARCH: False, APRIL: False}, date(2026, 6, 10), None),
        ({MARCH: False, APRIL: True, MAY: True, JUNE: False}, date(2026, 6, 10), None),
        ({APRIL: True}, date(2026, 6, 2), None),
        ({APRIL: True}, date(2026, 6, 3), ["2026-05"]),
        ({MARCH: True, MAY: True}, date(2026, 6, 3), ["2026-04"]),
        ({MARCH: True, APRIL: False, MAY: True}, date(2026, 6, 3), ["2026-04"]),
    ],
)
def test_months_are_complete_from_the_first_complete_one_to_the_last_due(
    held: dict[date, bool], today: date, lacking: list[str] | None
) -> None:
    finding = months_complete(held, "jobs_history", "jobs_export", Today(today, 3))
    assert finding.passed is (lacking is None)
    if lacking:
        partition = "last_month" if lacking == ["2026-05"] else "last_3_months"
        assert (
            f"{', '.join(lacking)} should be complete by now. Materialize {partition} of jobs_export"
            in finding.text
        )


@pytest.mark.parametrize(
    ("gaps", "said"),
    [
        ([JUNE], "Materialize current_month of jobs_export, then the months again"),
        ([MAY], "Materialize last_month of jobs_export, then the months again"),
        ([APRIL, JUNE], "Materialize last_3_months and current_month of jobs_export, then the months again"),
        (
            [date(2026, 2, 1), MARCH],
            "Materialize last_3_months of jobs_export, then the months that Pipefy reaches back to again",
        ),
        ([date(2026, 2, 1)], OUT_OF_REACH),
    ],
)
def test_gaps_are_filled_from_the_partition_that_reaches_them(gaps: list[date], said: str) -> None:
    assert how_to_fill(gaps, "jobs_export", JUNE) == said


def test_a_month_that_pipefy_does_not_reach_any_more_needs_a_file() -> None:
    held = {date(2025, 1, 1): True, date(2025, 3, 1): True}
    finding = months_complete(held, "jobs_history", "jobs_export", Today(date(2025, 4, 10), 3))
    assert "Materialize last_3_months" in finding.text
    held |= {date(2025, month, 1): True for month in range(3, 12)}
    finding = months_complete(held, "jobs_history", "jobs_export", Today(date(2025, 12, 10), 3))
    assert "Pipefy does not reach back to them" in finding.text


def test_the_sensor_watches_the_months_of_a_history(scene: Scene) -> None:
    history = dg.AssetKey("automation_jobs_history")
    for month, complete in (("2026-08", True), ("2026-09", False), ("2026-10", True)):
        scene.instance.report_runless_asset_event(
            dg.AssetMaterialization(history, partition=month, metadata={EXPORT_ID: month, COMPLETE: complete})
        )
    [event] = scene.tick()
    assert event.asset_key == history
    assert not event.passed
    assert "2026-09 should be complete by now" in (event.description or "")
    assert scene.tick() == []


def test_months_before_the_configured_first_one_are_not_missed(scene: Scene) -> None:
    history = dg.AssetKey("automation_jobs_history")
    for month in ("2026-05", "2026-08", "2026-09", "2026-10"):
        scene.instance.report_runless_asset_event(
            dg.AssetMaterialization(history, partition=month, metadata={EXPORT_ID: month, COMPLETE: True})
        )
    [event] = scene.tick()
    assert "2026-06, 2026-07 should be complete by now" in (event.description or "")
    [event] = scene.tick(history_start=date(2026, 8, 1))
    assert event.passed


@over_all_stores
def test_building_months_is_followed_by_the_checks_of_the_history(
    start_scene: Callable[..., Scene],
) -> None:
    scene = start_scene(jobs={"key": ("job_id",)})
    assert scene.materialize(partition="last_3_months").success
    definitions = build_pipefy_exports(scene.config, clock=scene.clock)
    with scene.environment():
        result = definitions.resolve_job_def("pipefy_history").execute_in_process(
            instance=scene.instance,
            asset_selection=[dg.AssetKey("automation_jobs_history")],
            tags={
                "dagster/asset_partition_range_start": "2026-07",
                "dagster/asset_partition_range_end": "2026-10",
            },
            raise_on_error=False,
        )
    assert result.success, "2026-07 is a gap, which the others do not fail for"
    months = scene.result(Check.MONTHS_COMPLETE, None, "automation_jobs_history")
    assert months.passed
    assert "2026-09 to 2026-10 are complete" in months.text
    assert scene.result(Check.KEYS_UNIQUE, None, "automation_jobs_history").passed
    scene.change_table("INSERT INTO automation_jobs_history SELECT * FROM automation_jobs_history LIMIT 1")
    assert scene.execute_checks(asset="automation_jobs_history")
    shown = scene.result(Check.KEYS_UNIQUE, None, "automation_jobs_history")
    assert not shown.passed
    assert len(shown.table("pipefy/examples")) == 1
    own = AutomationJobs(key=("job_id",), reading=ReadOptions(show_values=False))
    assert scene.execute_checks(asset="automation_jobs_history", automation_jobs=own)
    hidden = scene.result(Check.KEYS_UNIQUE, None, "automation_jobs_history")
    assert not hidden.passed
    assert "pipefy/examples" not in hidden.metadata
