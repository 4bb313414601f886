# ruff: noqa: DTZ001  naive times are UTC, as in the table
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from support.loader import Loader, Rows, over_stores

from pipefy_exports_dagster.tables import ChangeKind, LoadReport, Slice

SliceOf = Callable[..., Slice]


@pytest.fixture
def months(loader: Loader, slice_of: SliceOf) -> Callable[..., list[LoadReport]]:
    """Load each source into a slice of its own, one after the other."""

    def load(*sources: Rows | str) -> list[LoadReport]:
        reports = []
        for nth, source in enumerate(sources, 1):
            path = loader.xlsx(source) if isinstance(source, list) else loader.csv(source)
            reports.append(loader.load_here(path, slice_=slice_of(period_filter=f"month-{nth}")))
        return reports

    return load


Months = Callable[..., list[LoadReport]]
DAY, MOMENT = date(2026, 11, 1), datetime(2026, 11, 1, 10)


@pytest.mark.parametrize(
    ("first", "second", "type_", "values"),
    [
        ([1, 2], [1.5, 2], "DOUBLE", [1.0, 2.0, 1.5, 2.0]),
        ([1.5], [3], "DOUBLE", [1.5, 3.0]),
        ([2**53 + 2], [1.5], "VARCHAR", ["9007199254740994", "1.5"]),
        ([1.5], [2**53 + 2], "VARCHAR", ["1.5", "9007199254740994"]),
        ([12.0, 0.1], ["x"], "VARCHAR", ["12", "0.1", "x"]),
        ([7], ["x"], "VARCHAR", ["7", "x"]),
        (["x"], [12.0], "VARCHAR", ["x", "12"]),
        ([True], [5], "VARCHAR", ["true", "5"]),
        ([DAY], [MOMENT], "TIMESTAMP", [datetime(2026, 11, 1), MOMENT]),
        ([MOMENT], [DAY], "TIMESTAMP", [MOMENT, datetime(2026, 11, 1)]),
        ([DAY], ["soon"], "VARCHAR", ["2026-11-01", "soon"]),
        ([MOMENT], [1], "VARCHAR", ["2026-11-01 10:00:00", "1"]),
        ([timedelta(hours=30)], ["x"], "VARCHAR", ["30:00:00", "x"]),
        ([None], [MOMENT], "TIMESTAMP", [None, MOMENT]),
        ([None], [1], "BIGINT", [None, 1]),
        ([1], [None], "BIGINT", [1, None]),
    ],
)  # fmt: skip
@over_stores
def test_a_column_only_widens_and_existing_values_stay(  # noqa: PLR0917  one case, six facts
    loader: Loader, months: Months, first: list[Any], second: list[Any], type_: str, values: list[Any]
) -> None:
    months(
        [["k", "v"], *([n, value] for n, value in enumerate(first))],
        [["k", "v"], *([n, value] for n, value in enumerate(second))],
    )
    assert loader.types()["v"] == type_
    assert loader.column("v") == values


@over_stores
def test_a_decimal_grows_to_hold_both(loader: Loader, months: Months) -> None:
    months("a,b\n1,1234567890.123456789\n", "a,b\n1,1234567890123456.12\n2,7.5\n")
    assert loader.types()["b"] == "DECIMAL(25,9)"
    assert [str(value) for value in loader.column("b")] == [
        "1234567890.123456789",
        "1234567890123456.120000000",
        "7.500000000",
    ]


@over_stores
def test_a_text_column_takes_what_a_csv_wrote_as_it_is(loader: Loader, months: Months) -> None:
    months("v,t\nversion 1,x\n", "v,t\n1.10,2026-11-01T10:00:00Z\n")
    assert loader.column("v") == ["version 1", "1.10"]
    assert loader.column("t") == ["x", "2026-11-01T10:00:00Z"]


def test_changes_are_reported(months: Months) -> None:
    _, second = months([["id", "old", "v"], [1, 2, 3]], [["id", "v", "new"], [1, "x", MOMENT]])
    assert [(change.kind, change.column, change.old_type, change.new_type) for change in second.changes] == [
        (ChangeKind.WIDENED, "v", "BIGINT", "VARCHAR"),
        (ChangeKind.ADDED, "new", None, "TIMESTAMP"),
        (ChangeKind.MISSING, "old", "BIGINT", None),
    ]
    assert str(second.changes[0]) == "column 'v' widened from BIGINT to VARCHAR"


@over_stores
def test_a_column_that_is_missing_is_null_and_returns(loader: Loader, months: Months) -> None:
    months([["id", "v"], [1, 2]], [["id"], [2]], [["id", "v"], [3, 4]])
    assert loader.column("v") == [2, None, 4]


@over_stores
def test_a_header_keeps_its_name_when_its_neighbours_change(loader: Loader, months: Months) -> None:
    months([["Data", "data"], ["a", "b"]], [["data"], ["c"]], [["data", "Data"], ["d", "e"]])
    assert loader.query("SELECT data, data_2 FROM jobs ORDER BY _period_filter") == [
        ("a", "b"),
        (None, "c"),
        ("e", "d"),
    ]


def test_a_users_own_column_index_and_view_survive_a_widening(
    loader: Loader, months: Months, slice_of: SliceOf
) -> None:
    months([["id", "v"], [1, 2], [2, 3]])
    loader.execute(
        "ALTER TABLE jobs ADD COLUMN note VARCHAR DEFAULT 'mine'; CREATE INDEX by_v ON jobs(v);"
        "CREATE UNIQUE INDEX by_id ON jobs(id); CREATE VIEW everything AS SELECT * FROM jobs"
    )
    report = loader.load_here(
        loader.xlsx([["id", "v", "w"], [3, "x", 1]]), slice_=slice_of(period_filter="month-2")
    )
    assert loader.types() == {"id": "BIGINT", "v": "VARCHAR", "note": "VARCHAR", "w": "BIGINT"}
    assert {name for (name,) in loader.query("SELECT index_name FROM duckdb_indexes()")} == {"by_v", "by_id"}
    assert loader.query("SELECT id, v, note FROM everything ORDER BY id") == [
        (1, "2", "mine"),
        (2, "3", "mine"),
        (3, "x", "mine"),
    ]
    assert report.broken_views == ()
    comments = dict(
        loader.query("SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'jobs'")
    )
    assert comments["v"] == "v"
    assert comments["_export_id"]


def test_an_index_on_another_column_does_not_stop_a_widening(
    loader: Loader, months: Months, slice_of: SliceOf
) -> None:
    months([["id", "v"], [1, 2]])
    loader.execute("CREATE UNIQUE INDEX by_id ON jobs(id)")
    loader.load_here(loader.xlsx([["id", "v"], [1, "x"]]), slice_=slice_of(period_filter="month-1"))
    assert loader.query("SELECT id, v FROM jobs") == [(1, "x")]
    assert loader.query("SELECT index_name FROM duckdb_indexes()") == [("by_id",)]


@over_stores
def test_a_view_that_no_longer_binds_is_named(loader: Loader, months: Months, slice_of: SliceOf) -> None:
    months([["id", "v"], [1, 2]])
    loader.execute(
        "CREATE VIEW doubled AS SELECT round(v, 2) + 1 AS d FROM jobs; CREATE VIEW fine AS SELECT id FROM jobs"
    )
    report = loader.load_here(loader.xlsx([["id", "v"], [1, "x"]]), slice_=slice_of(period_filter="month-2"))
    assert report.broken_views == ("doubled",)


def test_a_column_without_a_value_takes_any_type_even_with_an_index(loader: Loader, months: Months) -> None:
    months([["id", "v"], [1, None]])
    loader.execute("CREATE INDEX by_v ON jobs(v)")
    months([["id", "v"], [1, 2.5]])
    assert loader.types()["v"] == "DOUBLE"
