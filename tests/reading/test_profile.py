"""What is said about a file's columns, and of its rows by day, without a database."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.loader import Loader

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.reading.daily_rows import rows_per_day
from pipefy_exports_dagster.reading.profile import (
    LONGEST_VALUE,
    MAX_COLUMNS,
    ROWS_COUNTED,
    ColumnProfile,
    profile_columns,
)
from pipefy_exports_dagster.reading.staged import StagedTable
from pipefy_exports_dagster.reading.staged_query import staged_query
from pipefy_exports_dagster.reading.worker import read

Stage = Callable[..., StagedTable]


@pytest.fixture
def stage(loader: Loader, tmp_path: Path) -> Stage:
    """Reads rows, or a CSV's text, into a staged file."""

    def staged(source: list[list[Any]] | str, **options: Any) -> StagedTable:
        path = loader.csv(source) if isinstance(source, str) else loader.xlsx(source)
        folder = tmp_path / path.stem
        folder.mkdir()
        return read(path, folder=folder, options=ReadOptions(**options), started=time.monotonic())

    return staged


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with ExitStack() as stack:
        yield stack.enter_context(staged_query())


def test_a_column_s_values_are_counted_and_its_ends_are_found_by_value(
    stage: Stage, connection: duckdb.DuckDBPyConnection
) -> None:
    header = ["n", "text", "when", "blank", "ok", "took"]
    rows = [
        [9, "b", datetime(2026, 10, 2, 8), None, True, timedelta(hours=30)],  # noqa: DTZ001 - a file's times have no zone
        [10, "á", datetime(2026, 10, 10), None, False, timedelta(minutes=5)],  # noqa: DTZ001
        [10, None, None, None, True, None],
    ]
    assert profile_columns(connection, stage([header, *rows])) == (
        ColumnProfile("n", "BIGINT", 3, 2, "9", "10"),
        ColumnProfile("text", "VARCHAR", 2, 2, "b", "á"),
        ColumnProfile("when", "TIMESTAMP", 2, 2, "2026-10-02 08:00:00", "2026-10-10 00:00:00"),
        ColumnProfile("blank", "VARCHAR", 0, 0, None, None),
        ColumnProfile("ok", "BOOLEAN", 3, 2, "false", "true"),
        ColumnProfile("took", "INTERVAL", 2, 2, "00:05:00", "30:00:00"),
    )


def test_values_are_not_looked_at_where_they_are_not_to_be_shown(
    stage: Stage, connection: duckdb.DuckDBPyConnection
) -> None:
    [column] = profile_columns(connection, stage("name\nMaria\nJoão\n"), show_values=False)
    assert column == ColumnProfile("name", "VARCHAR", 2, 2, None, None)


def test_some_of_the_rows_are_profiled_alone(stage: Stage, connection: duckdb.DuckDBPyConnection) -> None:
    [a, _] = profile_columns(connection, stage("a,b\n1,x\n2,y\n3,y\n"), where="c1 = 'y'")
    assert (a.filled, a.distinct, a.smallest, a.largest) == (2, 2, "2", "3")


def test_a_file_without_rows_and_a_long_value_have_a_profile(
    stage: Stage, connection: duckdb.DuckDBPyConnection
) -> None:
    assert [column.filled for column in profile_columns(connection, stage("a,b\n"))] == [0, 0]
    [column] = profile_columns(connection, stage("a\n" + "x" * 500 + "\ny\n"))
    assert column.smallest == "x" * (LONGEST_VALUE - 1) + "…"


def test_a_wide_or_long_file_is_profiled_in_part(stage: Stage, connection: duckdb.DuckDBPyConnection) -> None:
    wide = (
        ",".join(f"c{n}" for n in range(MAX_COLUMNS + 5)) + "\n" + ",".join(["1"] * (MAX_COLUMNS + 5)) + "\n"
    )
    assert len(profile_columns(connection, stage(wide))) == MAX_COLUMNS
    [column] = profile_columns(connection, stage("a\n" + "\n".join(map(str, range(ROWS_COUNTED + 7)))))
    assert (column.filled, column.distinct, column.largest) == (
        ROWS_COUNTED + 7,
        ROWS_COUNTED,
        str(ROWS_COUNTED + 6),
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.none(), st.integers(-(2**53), 2**53)), min_size=1, max_size=30))
def test_a_profile_of_numbers_says_what_python_says(
    stage: Stage, connection: duckdb.DuckDBPyConnection, values: list[int | None]
) -> None:
    there = [value for value in values if value is not None]
    [column, _] = profile_columns(
        connection, stage("n,m\n" + "".join(f"{'' if value is None else value},1\n" for value in values))
    )
    assert (column.filled, column.distinct) == (len(there), len(set(there)))
    if there:
        assert (column.smallest, column.largest) == (str(min(there)), str(max(there)))


def test_rows_are_counted_by_day_and_those_outside_and_without_a_day_apart(
    stage: Stage, connection: duckdb.DuckDBPyConnection
) -> None:
    staged = stage(
        "when,n\n2026-10-01 00:00:00,1\n2026-10-01 23:59:59,2\n2026-10-31 12:00:00,3\n2026-09-30 23:59:59,4\n"
        "2026-11-01 00:00:00,5\n,6\n"
    )
    daily = rows_per_day(connection, staged, "c0", first=date(2026, 10, 1), end=date(2026, 11, 1))
    assert daily.by_day == {date(2026, 10, 1): 2, date(2026, 10, 31): 1}
    assert (daily.outside, daily.blank) == (2, 1)


def test_a_load_is_not_looked_at_unless_it_is_asked_for(loader: Loader) -> None:
    seen: list[StagedTable] = []
    path = loader.csv("a\n1\n")
    loader.load(path)
    assert seen == []
    loader.load(path, on_staged=seen.append)
    assert [staged.rows for staged in seen] == [1]
