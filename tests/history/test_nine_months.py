"""Nine months of a person's installation, month by month, against what the sandbox generated."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from history.installation import HISTORY, Installation
from support.project import JOBS

from pipefy_exports_dagster.orchestration.milestones import Milestone
from pipefy_exports_dagster.periods import add_months
from pipefy_exports_dagster.reading.names import column_names
from pipefy_exports_dagster.sandbox.jobs import HEADERS
from pipefy_exports_dagster.sandbox.periods import SandboxMonth

FIRST = date(2024, 10, 1)
MONTHS = 9
SENSOR_FROM = date(2024, 12, 1)
"""A person switches the sensor on, and the schedule of the history off."""
MISSED = date(2025, 1, 1)
"""The daemon did not run in this month."""
FAILED = date(2025, 5, 1)
"""Pipefy fails the export of this month's first day."""


def at(month: date, day: int, hour: int) -> datetime:
    return datetime(month.year, month.month, day, hour, tzinfo=UTC)


def key(month: date) -> str:
    return f"{month:%Y-%m}"


def generated(installation: Installation, month: date) -> list[tuple[Any, ...]]:
    jobs = installation.sandbox.world.jobs_of_month(SandboxMonth(month.year, month.month))
    return [job.row for job in jobs]


def stored(installation: Installation, month: date) -> list[tuple[Any, ...]]:
    columns = ", ".join(column_names(HEADERS["en"]))
    return installation.project.query(
        f"SELECT {columns} FROM {HISTORY} WHERE _month = DATE '{month}' ORDER BY _file_row"
    )


def months() -> Iterator[tuple[date, date]]:
    """Each month, and the one before it, which is exported in it."""
    for number in range(MONTHS):
        yield add_months(FIRST, number), add_months(FIRST, number - 1)


def fail_the_next_export(installation: Installation) -> None:
    def on_milestone(milestone: str) -> None:
        if milestone == Milestone.REQUESTED:
            installation.sandbox.exports.all()[-1].failed = True
            installation.on_milestone = lambda _: None

    installation.on_milestone = on_milestone


@pytest.mark.timeout(400)
def test_a_missed_month_and_a_failed_export_leave_what_pipefy_had_row_by_row(
    install: Callable[..., Installation],
) -> None:
    installation = install({"now": at(date(2024, 9, 1), 20, 12)}, reports=(), read_copy=False)
    expected: set[str] = set()
    for month, before in months():
        if month == MISSED:
            continue
        if month == FAILED:
            fail_the_next_export(installation)
        [exported] = installation.tick_schedule("pipefy_last_month_schedule", at(month, 1, 15))
        assert exported.success is (month != FAILED)
        if month >= SENSOR_FROM:
            built = installation.tick_sensor()
        else:
            built = installation.tick_schedule("pipefy_month_end_history_schedule", at(month, 2, 8))
        # What the sensor finds when it is switched on, it builds again, and nothing changes.
        assert len(built) == (0 if month == FAILED else 3 if month == SENSOR_FROM else 1)
        assert all(run.success for run in built), built
        if month != FAILED:
            expected.add(key(before))
        assert installation.materialized() == expected
        # Every day the schedule looks again: loaded, or tried once more.
        again = installation.tick_schedule("pipefy_last_month_schedule", at(month, 2, 15))
        assert len(again) == (month == FAILED)
        if month == FAILED:
            [built_later] = installation.tick_sensor()
            assert built_later.success
            expected.add(key(before))
        if month == add_months(MISSED, 1):
            missed = add_months(MISSED, -1)
            assert key(missed) not in installation.materialized(), "a gap is a gap"
            run = installation.build(key(missed))
            assert "no export covers 2024-12" in run.failure
            assert installation.export(JOBS, "last_3_months").success
            run = installation.build(key(add_months(missed, -1)), key(before))
            assert run.success, run.failure
            expected.add(key(missed))
            assert [run.success for run in installation.tick_sensor()] == [True]
        if month.month == 3:
            # The month so far, provisional until it is exported next month.
            installation.set_clock(at(month, 12, 15))
            assert installation.export(JOBS, "current_month").success
            [provisional] = installation.tick_sensor()
            assert provisional.success
            assert installation.months()[key(month)][:2] == ("current_month", False)
            expected.add(key(month))
    assert expected == {key(before) for _, before in months()}
    assert installation.materialized() == expected
    for _, before in months():
        assert stored(installation, before) == generated(installation, before), before
    assert {complete for _, complete, _ in installation.months().values()} == {True}
