"""What is seen of a staged file: when its rows were, by the organization's clocks, or why that is not clear."""

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.history.file_summary import FileSummary, RowsOverTime, summarize_file
from pipefy_exports_dagster.periods import Window
from pipefy_exports_dagster.reading.worker import read

OCTOBER = Window(date(2026, 10, 1), date(2026, 11, 1))
Look = Callable[..., FileSummary]


@pytest.fixture
def summary(tmp_path: Path) -> Look:
    """Looks at the text of a CSV file that was asked for in November 2026."""

    def looked(
        text: str,
        *,
        window: Window | None = OCTOBER,
        zone: str = "UTC",
        time_column: str | None = None,
        show_values: bool = True,
    ) -> FileSummary:
        path = tmp_path / "file.csv"
        path.write_text(text)
        staged = read(path, folder=tmp_path, options=ReadOptions(), started=time.monotonic())
        return summarize_file(
            staged,
            window=window,
            requested_month=date(2026, 11, 1),
            zone=ZoneInfo(zone),
            time_column=time_column,
            show_values=show_values,
        )

    return looked


def test_days_are_cut_in_the_organization_s_time_zone(summary: Look) -> None:
    text = "n,started_at\n1,2026-11-01T01:30:00Z\n2,2026-10-01T02:00:00Z\n3,2026-10-01T03:00:00Z\n"
    seen = summary(text, zone="America/Sao_Paulo").over_time
    assert isinstance(seen, RowsOverTime)
    assert seen.rows.by_day == {date(2026, 10, 31): 1, date(2026, 10, 1): 1}
    assert seen.rows.outside == 1  # 23:00 on the last of September in São Paulo
    in_utc = summary(text).over_time
    assert isinstance(in_utc, RowsOverTime)
    assert in_utc.rows.by_day == {date(2026, 10, 1): 2}


def test_the_configured_column_is_taken(summary: Look) -> None:
    text = "a,b\n2026-10-01,2026-10-05\n2026-10-02,2026-10-05\n"
    seen = summary(text, time_column="b").over_time
    assert isinstance(seen, RowsOverTime)
    assert (seen.time.column.name, seen.time.how) == ("b", "configured")
    assert seen.rows.by_day == {date(2026, 10, 5): 2}
    assert seen.window == OCTOBER


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a,b\n2026-10-01,2026-10-05\n", "has several columns that could say to which month a row belongs"),
        ("a,b\nx,y\n", "has no column whose dates all lie in the time that it covers"),
        ("a,b\n", "has no rows"),
    ],
)
def test_an_unclear_time_column_is_named_as_the_reason_and_the_profile_is_there(
    summary: Look, text: str, why: str
) -> None:
    seen = summary(text)
    assert isinstance(seen.over_time, str)
    assert seen.over_time.startswith(why)
    assert ("`time_column`" in seen.over_time) is (why != "has no rows")
    assert [column.name for column in seen.profile] == ["a", "b"]


def test_an_export_without_a_window_is_shown_from_its_first_day_to_its_last(summary: Look) -> None:
    seen = summary("started_at\n2026-08-03\n2026-10-30\n2026-06-01\n", window=None).over_time
    assert isinstance(seen, RowsOverTime)
    assert seen.window == Window(date(2026, 8, 3), date(2026, 10, 31))
    assert seen.rows.outside == 1


def test_values_are_not_looked_at_where_they_are_not_to_be_shown(summary: Look) -> None:
    seen = summary("started_at,name\n2026-10-03,Maria\n", show_values=False)
    assert isinstance(seen.over_time, RowsOverTime)
    assert [(column.smallest, column.largest) for column in seen.profile] == [(None, None)] * 2
    assert seen.over_time.time.column.earliest == seen.over_time.time.column.latest == ""
