"""From which month on the sandbox's histories are shown: no month of them is one that a demo does not fill."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from pipefy.manual_clock import ManualClock
from support.project import JOBS_HISTORY, REPORT_HISTORY, Project

from pipefy_exports_dagster.cli.demo.first_month import with_first_month

BOTH = (JOBS_HISTORY, REPORT_HISTORY)
OF_A_DEMO = ("2026-08", "2026-09", "2026-10", "2026-11")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.for_sandbox(tmp_path / "project", "http://127.0.0.1:1")


def first_month(project: Project, today: str) -> str:
    clock = ManualClock(datetime.fromisoformat(today).replace(tzinfo=UTC))
    return with_first_month(project.environment, clock)["PIPEFY_EXPORTS_HISTORY_START"]


def hold(project: Project, *histories: str) -> None:
    with project.instance() as instance:
        for history in histories:
            for month in OF_A_DEMO:
                instance.report_runless_asset_event(
                    dg.AssetMaterialization(dg.AssetKey(history), partition=month)
                )


@pytest.mark.parametrize(
    ("today", "first"),
    [("2026-11-01T00:00", "2026-08"), ("2026-11-30T23:59", "2026-08"), ("2026-02-28T12:00", "2025-11")],
)
def test_it_is_three_months_before_today_where_nothing_is_kept(
    today: str, first: str, project: Project
) -> None:
    assert first_month(project, today) == first


def test_months_of_earlier_demos_are_kept_up_to_a_gap(project: Project) -> None:
    hold(project, *BOTH)
    assert first_month(project, "2026-11-28T12:00") == "2026-08"
    assert first_month(project, "2026-12-01T00:00") == "2026-08"
    assert first_month(project, "2027-03-01T00:00") == "2026-08"
    assert first_month(project, "2027-04-01T00:00") == "2027-01"  # nothing fills 2026-12 any more


def test_a_month_that_one_history_lacks_is_not_shown(project: Project) -> None:
    hold(project, JOBS_HISTORY)
    assert first_month(project, "2026-12-01T00:00") == "2026-09"
