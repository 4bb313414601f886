"""Rows outside the dates that were asked for, and what `last_3_months` turns out to mean."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from checks.scene import Scene
from support.stores import over_all_stores

from pipefy_exports_dagster.config.exports import AutomationJobs, Report
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.exports import configured_exports
from pipefy_exports_dagster.orchestration.checks.finding import Check, CheckFinding
from pipefy_exports_dagster.orchestration.checks.window import WindowCheck
from pipefy_exports_dagster.periods import Period, PeriodFilter
from pipefy_exports_dagster.tables import Slice, load_file
from pipefy_exports_dagster.tables.slice_queries import SliceQueries

NOVEMBER = date(2026, 11, 1)
EXPORTED_AT = datetime(2026, 11, 22, tzinfo=UTC)


class Judge:
    """Loads a CSV file as a slice, and judges its rows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(
        self,
        csv: str,
        period: PeriodFilter = PeriodFilter.LAST_MONTH,
        *,
        timezone: str = "UTC",
        report: Report | None = None,
        **jobs: Any,
    ) -> CheckFinding:
        database, file = self._folder / "data.duckdb", self._folder / "file.csv"
        file.write_text(csv)
        config = PipefyExportsConfig(
            timezone=timezone,
            automation_jobs=None if report else AutomationJobs(**jobs),
            reports=[report] if report else [],
        )
        [source] = configured_exports(config)
        slice_ = Slice("301", period.value, NOVEMBER, "a1", EXPORTED_AT)
        rows = load_file(file, database=database, table=source.asset, slice_=slice_, read_copy=False).rows
        with duckdb.connect(database, read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            kept = SliceQueries.find(connection, source.asset, "301", _period_filter=period.value)
            assert kept
            return WindowCheck(period.value, kept, source, Period(period, NOVEMBER), rows).finding("301")


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    return Judge(tmp_path)


def months(finding: CheckFinding) -> list[tuple[str, int, str]]:
    return [
        (record.data["month"], record.data["rows"], record.data["in the window"])
        for record in finding.metadata["pipefy/rows_by_month"].records
    ]


def test_rows_outside_by_the_configured_column_are_counted_by_month(judge: Judge) -> None:
    finding = judge(
        "id,Started\n1,2026-10-05\n2,2026-10-06\n3,2026-08-07\n4,2026-11-20\n5,\n", time_column="Started"
    )
    assert not finding.passed
    assert finding.severity.value == "WARN"
    assert months(finding) == [("2026-08", 1, "no"), ("2026-10", 2, "yes"), ("2026-11", 1, "no")]
    assert (
        "2 of 4 rows lie outside 2026-10-01 to 2026-11-01 (exclusive) by `started`; 1 rows leave it"
        in finding.text
    )


def test_times_with_a_zone_are_cut_in_the_organizations(judge: Judge) -> None:
    csv = "id,started\n1,2026-10-05T12:00:00Z\n2,2026-11-01T01:30:00Z\n"
    assert judge(csv, time_column="started", timezone="America/Sao_Paulo").passed
    finding = judge(csv, time_column="started")
    assert not finding.passed
    assert "All by less than a day: Pipefy may cut months in another time zone" in finding.text


def test_a_column_that_only_its_name_speaks_for_condemns_no_row(judge: Judge) -> None:
    finding = judge("id,started\n1,2026-10-05\n2,2026-03-07\n")
    assert finding.passed
    assert "not judged" in finding.text
    assert "set `time_column`" in finding.text
    assert months(finding) == [("2026-03", 1, "no"), ("2026-10", 1, "yes")]


def test_a_report_is_judged_by_the_field_that_its_period_is_about(judge: Judge) -> None:
    csv = "id,created_at,finished_at\n1,2026-02-05,2026-10-05\n2,2026-03-06,2026-09-06\n"
    finding = judge(csv, report=Report(period_field="finished_at"))
    assert not finding.passed
    assert "1 of 2 rows lie outside 2026-10-01 to 2026-11-01 (exclusive) by `finished_at`" in finding.text


@pytest.mark.parametrize(
    ("csv", "jobs", "says"),
    [
        ("id,a,b\n1,2026-10-05,2026-10-06\n", {}, "no column clearly says when a row was"),
        ("id,name\n1,x\n", {}, "no column clearly says when a row was"),
    ],
)
def test_where_no_column_is_clear_nothing_is_claimed(
    judge: Judge, csv: str, jobs: dict[str, Any], says: str
) -> None:
    finding = judge(csv, **jobs)
    assert finding.passed
    assert f"not judged, because {says}" in finding.text


@pytest.mark.parametrize(
    ("column", "says"),
    [("gone", "is not in the table"), ("name", "is of type VARCHAR, not of dates or times")],
)
def test_a_configured_column_that_cannot_be_used_is_a_warning(judge: Judge, column: str, says: str) -> None:
    finding = judge("id,name,at\n1,x,2026-10-05\n", time_column=column)
    assert not finding.passed
    assert f"`time_column` `{column}` {says}. The table's dates are in: `at`" in finding.text


@over_all_stores
def test_last_3_months_shows_what_it_means_in_this_account(start_scene: Callable[..., Scene]) -> None:
    scene = start_scene(sandbox={"last_3_months_includes_current": True})
    assert scene.materialize(partition="last_3_months").success
    result = scene.result(Check.ROWS_IN_WINDOW, "last_3_months")
    assert not result.passed
    assert result.is_warning
    by_month = scene.project.query(
        "SELECT strftime(started_at, '%Y-%m'), count(*) FROM automation_jobs_export GROUP BY 1 ORDER BY 1"
    )
    inside = {"2026-09": "yes", "2026-10": "yes", "2026-11": "no"}
    assert result.table("pipefy/rows_by_month") == [(month, rows, inside[month]) for month, rows in by_month]
    assert '`last_3_months_window="including_current"` fits' in result.text

    configured = AutomationJobs(last_3_months_window="including_current")
    assert scene.execute_checks(automation_jobs=configured)
    assert scene.result(Check.ROWS_IN_WINDOW, "last_3_months").passed
    outcome = scene.materialize(partition="last_3_months", automation_jobs=configured)
    assert outcome.metadata["pipefy/window"] == "2026-09-01 to 2026-12-01 (exclusive)"


def test_last_3_months_of_three_complete_months_suggests_the_other_setting(judge: Judge) -> None:
    csv = "id,started\n1,2026-08-05\n2,2026-09-06\n3,2026-10-06\n"
    finding = judge(csv, PeriodFilter.LAST_3_MONTHS)
    assert finding.passed
    assert '`last_3_months_window="complete"` fits' in finding.text
