"""The picture of the rows per day, as the UI gets it."""

import re
from datetime import date, timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipefy_exports_dagster.history.file_summary import RowsOverTime
from pipefy_exports_dagster.history.time_column import DateColumn, TimeColumn
from pipefy_exports_dagster.orchestration.metadata.day_picture import (
    HEIGHT,
    SHOWN_IN_PLACE,
    day_picture,
    markdown_picture,
    picture_in,
)
from pipefy_exports_dagster.periods import Window
from pipefy_exports_dagster.reading.daily_rows import DailyRows

OCTOBER = Window(date(2026, 10, 1), date(2026, 11, 1))
STARTED = TimeColumn(DateColumn(0, "started_at", "Started at", "TIMESTAMP", 1, 1, "", ""), "configured")


def bars(svg: str) -> list[tuple[int, int]]:
    """Width and height of each bar, read back from the path."""
    root = ET.fromstring(svg)  # noqa: S314 - our own picture
    [path] = [node.get("d", "") for node in root.iter() if node.tag.endswith("path") and node.get("fill")]
    found, height = [], 0
    for step, amount in re.findall(r"([vh])(-?\d+)", path):
        if step == "v":
            height -= int(amount)
        else:
            found.append((int(amount), height))
    return found


def test_a_day_s_bar_is_as_high_as_its_rows_and_a_day_without_rows_has_none() -> None:
    svg = day_picture({date(2026, 10, 1): 10, date(2026, 10, 3): 5, date(2026, 10, 31): 1}, OCTOBER)
    heights = [height for _, height in bars(svg)]
    assert len(heights) == 31
    assert heights[:4] == [HEIGHT, 0, HEIGHT // 2, 0]
    assert heights[30] == HEIGHT // 10
    assert sum(heights[4:30]) == 0
    assert ">2026-10-01<" in svg
    assert ">2026-10-31<" in svg


def test_one_row_beside_a_million_can_be_seen() -> None:
    heights = [
        height
        for _, height in bars(day_picture({date(2026, 10, 1): 1_000_000, date(2026, 10, 2): 1}, OCTOBER))
    ]
    assert heights[:3] == [HEIGHT, 1, 0]


@given(st.integers(1, 123), st.data())
def test_a_picture_of_up_to_four_months_is_valid_and_has_a_bar_for_each_day(
    days: int, data: st.DataObject
) -> None:
    window = Window(OCTOBER.first, OCTOBER.first + timedelta(days=days))
    counts = data.draw(st.lists(st.integers(0, 100_000), min_size=days, max_size=days))
    by_day = {window.first + timedelta(days=nth): count for nth, count in enumerate(counts) if count}
    drawn = bars(day_picture(by_day, window))
    assert len(drawn) == days
    assert [height > 0 for _, height in drawn] == [count > 0 for count in counts]
    assert max(height for _, height in drawn) == (HEIGHT if any(counts) else 0)


@pytest.mark.parametrize("days", [28, 31, 92])
def test_the_ui_shows_the_picture_in_place_however_the_rows_lie(days: int) -> None:
    window = Window(date(2026, 8, 1), date(2026, 8, 1) + timedelta(days=days))
    # Each day far from the one before: the longest path there is.
    by_day = {window.first + timedelta(days=nth): 1_000_000 * (nth % 2) + 1 for nth in range(days)}
    rows = DailyRows(by_day, outside=123_456, blank=123_456)
    markdown = markdown_picture(RowsOverTime(STARTED, window, rows))
    assert len(markdown) <= SHOWN_IN_PLACE
    assert picture_in(markdown) == day_picture(by_day, window)
    assert picture_in("no picture: the file has no rows") is None
    assert "by `started_at`, most on " in markdown
    assert "123,456 on other days, 123,456 without a day" in markdown
