# ruff: noqa: E501  files and cases read better in one line
"""Files of very many columns: in time and memory that grow with the cells, or refused at once."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from support.loader import LAST_MONTH, Loader
from support.waiting import PATIENCE_S

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import UnreadableFileError, ValueDoesNotFitError
from pipefy_exports_dagster.history.file_summary import summarize_file
from pipefy_exports_dagster.reading.runner import read_table_file
from pipefy_exports_dagster.reading.staged_query import rows_of, staged_query
from pipefy_exports_dagster.reading.table_width import MAX_TABLE_COLUMNS
from pipefy_exports_dagster.reading.text_types import (
    BOOLEAN_TEXT,
    DATES,
    NUMBERS,
    formatted_dates,
    marked_numbers,
)
from pipefy_exports_dagster.tables import Slice, workspace

COLUMNS = 2_000
ROWS = 40
LIMITS: dict[str, Any] = {"max_memory_bytes": 900_000_000, "max_seconds": 60.0}
COLUMNS_OF_A_KIND = 1_200
"""More than the reader gives several threads to (1,000); two thousand of all kinds are read in one file."""
Value = Callable[[int, int], str]


def content(value: Value, columns: int = COLUMNS, rows: int = ROWS) -> str:
    lines = [[f"h{c}" for c in range(columns)], *([value(r, c) for c in range(columns)] for r in range(rows))]
    return "".join(";".join(line) + "\n" for line in lines)


def day(r: int, c: int) -> int:
    return (r + c) % 28 + 1


KINDS: dict[str, tuple[Value, str, dict[str, Any]]] = {
    "truth values": (lambda r, c: ("TRUE", "false", "False")[(r + c) % 3], "BOOLEAN", {}),
    "integers": (lambda r, c: str(r * c), "BIGINT", {}),
    "fractions": (lambda r, c: f"{r}.{c}5", "DOUBLE", {}),
    "many digits": (lambda r, c: f"{r + 1}23456789012.{c:04d}12345", "DECIMAL(22,9)", {}),
    "dates": (lambda r, c: f"2026-01-{day(r, c):02}", "DATE", {}),
    "times": (lambda r, c: f"2026-01-{day(r, c):02}T10:00:0{r % 10}", "TIMESTAMP", {}),
    "times with zones": (lambda r, c: f"2026-01-{day(r, c):02}T10:00:0{r % 10}-03:00", "TIMESTAMP WITH TIME ZONE", {}),
    "texts": (lambda r, c: f"texto {r} {c}", "VARCHAR", {}),
    "nothing but in one column": (lambda _, c: "x" if c == 1 else "", "VARCHAR", {}),
    "local numbers": (lambda r, c: f"1.{r % 900 + 100},{c % 90 + 10}", "DOUBLE", {"decimal_mark": ","}),
    "local dates": (lambda r, c: f"{day(r, c):02}/01/2026", "DATE", {"date_format": "%d/%m/%Y"}),
    "pinned": (lambda r, _: f"{r}.5", "DECIMAL(18,2)", {"column_types": {f"h{c}": "DECIMAL(18,2)" for c in range(COLUMNS)}}),
    "pinned as text": (lambda r, _: str(r), "VARCHAR", {"column_types": {f"H{c}": "VARCHAR" for c in range(COLUMNS)}}),
    "a text below the sample": (lambda r, _: "x" if r == ROWS - 1 else str(r), "VARCHAR", {}),
}  # fmt: skip


ALONE = (
    "many digits",
    "times with zones",
    "local dates",
    "pinned",
    "a text below the sample",
)
"""Kinds that differ in what the reader asks of DuckDB; what the others have in common with them, one file of all shows."""


@pytest.mark.parametrize("kind", ALONE)
def test_more_than_a_thousand_columns_of_a_kind_are_read(loader: Loader, kind: str) -> None:
    value, type_, options = KINDS[kind]
    if pins := options.get("column_types"):
        options = {"column_types": dict(list(pins.items())[:COLUMNS_OF_A_KIND])}
    memory = LIMITS["max_memory_bytes"] * 2 // 3
    with workspace(loader.database) as folder:
        path = loader.csv(content(value, COLUMNS_OF_A_KIND))
        limits = ReadOptions(**LIMITS | options | {"max_memory_bytes": memory})
        staged = read_table_file(path, folder=folder, options=limits)
        with staged_query() as connection:
            found = connection.execute(
                f"SELECT c1::VARCHAR, c1199::VARCHAR FROM {rows_of(staged)}"
            ).fetchall()
    assert (staged.rows, len(staged.columns)) == (ROWS, COLUMNS_OF_A_KIND)
    assert staged.seconds_reading < PATIENCE_S
    assert {column.type for column in staged.columns} == {type_}
    assert len(found) == ROWS
    if type_ == "VARCHAR":
        assert found == [(value(r, 1) or None, value(r, 1_199) or None) for r in range(ROWS)]


def test_two_thousand_columns_of_all_kinds_are_loaded(loader: Loader) -> None:
    of_one_locale = {"decimal_mark", "date_format"}
    kinds = [kind for kind in KINDS.values() if not of_one_locale & kind[2].keys()]
    pins = {
        f"h{c}": kinds[c % len(kinds)][1]
        for c in range(COLUMNS)
        if "column_types" in kinds[c % len(kinds)][2]
    }
    options = ReadOptions(**LIMITS, column_types=pins)
    report = loader.load(content(lambda r, c: kinds[c % len(kinds)][0](r, c)), options=options)
    assert (report.rows, len(report.columns)) == (ROWS, COLUMNS)
    assert report.seconds_reading < PATIENCE_S
    types = loader.types()
    for nth, (_, type_, _) in enumerate(kinds):
        assert {types[f"h{c}"] for c in range(nth, COLUMNS, len(kinds))} == {type_}
    described = loader.query("SELECT count(*) FROM duckdb_columns() WHERE comment = column_name")
    assert described == [(COLUMNS,)]
    texts = [c for c in range(COLUMNS) if kinds[c % len(kinds)][1] == "VARCHAR"]
    listed = ", ".join(f"h{c}" for c in texts)
    assert loader.query(f"SELECT {listed} FROM jobs ORDER BY _file_row") == [
        tuple(kinds[c % len(kinds)][0](r, c) or None for c in texts) for r in range(ROWS)
    ]


@pytest.mark.parametrize("kind", ["truth values", "times"])
def test_time_grows_with_the_columns_and_not_with_their_square(loader: Loader, kind: str) -> None:
    value, _, options = KINDS[kind]
    took = {}
    for columns in (500, 2_000):
        path = loader.csv(content(value, columns, rows=60))
        before = time.process_time()
        loader.load_here(path, options=ReadOptions(**options), slice_=slice_for(columns))
        took[columns] = time.process_time() - before
    assert took[2_000] < 12 * took[500]  # four times the cells; the second load also widens a table of 500


def slice_for(columns: int) -> Slice:
    return replace(LAST_MONTH, period_filter=f"of {columns}")


def test_a_table_that_has_them_already_is_loaded_again(loader: Loader) -> None:
    columns = 600
    for _ in range(2):
        report = loader.load_here(loader.csv(content(KINDS["times"][0], columns)))
    assert (report.rows, report.changes) == (ROWS, ())
    report = loader.load_here(loader.csv(content(KINDS["times"][0], columns).replace("h", "H")))
    assert len(report.changes) == columns  # each header is spelt otherwise now
    comments = loader.query("SELECT count(*) FROM duckdb_columns() WHERE comment = upper(column_name)")
    assert comments == [(columns,)]
    assert loader.query("SELECT count(*), count(h599) FROM jobs") == [(ROWS, ROWS)]


def test_thousands_of_columns_are_added_and_widened_at_once(loader: Loader) -> None:
    loader.load_here(loader.csv(content(KINDS["integers"][0], 300)))
    loader.execute("ALTER TABLE jobs ADD COLUMN mine INTEGER DEFAULT 7")
    loader.execute("COMMENT ON COLUMN jobs._export_id IS 'my own words'")
    report = loader.load_here(loader.csv(content(KINDS["texts"][0])), slice_=slice_for(2_000))
    assert {change.kind.value for change in report.changes} == {"added", "widened"}
    assert len(report.changes) == COLUMNS
    assert loader.query("SELECT count(*), count(h299), count(h300), sum(mine) FROM jobs") == [
        (80, 80, 40, 560)
    ]
    assert loader.query("SELECT h299 FROM jobs WHERE _file_row = 3 ORDER BY ALL") == [
        ("598",),
        ("texto 2 299",),
    ]
    comments = dict(loader.query("SELECT column_name, comment FROM duckdb_columns()"))
    assert (comments["h0"], comments["h1999"], comments["_export_id"]) == ("h0", "h1999", "my own words")
    loader.execute("INSERT INTO jobs (h0) VALUES ('x')")
    assert loader.query("SELECT mine FROM jobs WHERE h0 = 'x'") == [(7,)]


@pytest.mark.parametrize("kind", ["dates", "times with zones"])
def test_what_a_run_shows_of_two_thousand_dates_takes_seconds(loader: Loader, kind: str) -> None:
    with workspace(loader.database) as folder:
        staged = read_table_file(loader.csv(content(KINDS[kind][0])), folder=folder)
        started = time.process_time()
        facts = {"window": None, "time_column": None, "show_values": True}
        summarize_file(staged, requested_month=date(2026, 2, 1), zone=ZoneInfo("America/Sao_Paulo"), **facts)  # type: ignore[arg-type]
        assert time.process_time() - started < 10


def test_a_value_that_does_not_fit_one_of_many_pins_is_named(loader: Loader) -> None:
    pins = {f"h{c}": "BIGINT" for c in range(COLUMNS)}
    wrong = content(lambda r, c: "x" if (r, c) == (30, 1_500) else str(r))
    with pytest.raises(ValueDoesNotFitError, match=r"column 'h1500' .number 1501., data row 31: 'x'"):
        loader.load_here(loader.csv(wrong), options=ReadOptions(column_types=pins))


TOO_WIDE = {
    "in the header": ("a;" * MAX_TABLE_COLUMNS + "b\n1;2\n", "3,001"),
    "in one record": ("a;b\n1;2\n" + "x;" * 5_000 + "\n", "5,000"),
    "in all rows but the header": ("a;b\n" + ("x;" * 4_000 + "\n") * 300, "4,000"),
    "one line": ("h;" * 500_000 + "h", "at least"),
    "one line below": ("a;b\n" + "1;2\n" * 100_000 + "h;" * 500_000 + "h", "500,001"),
}


@pytest.mark.parametrize(("text", "named"), TOO_WIDE.values(), ids=TOO_WIDE)
@pytest.mark.parametrize("separator", [";", ","])
def test_more_columns_than_a_table_may_have_are_refused_at_once(
    loader: Loader, text: str, named: str, separator: str
) -> None:
    path = loader.csv(text.replace(";", separator))
    before = time.process_time()
    with pytest.raises(UnreadableFileError, match=f"has .*{named}.* columns, more than the 3,000") as raised:
        loader.load_here(path)
    assert time.process_time() - before < 3
    assert raised.value.detected == "a file of too many columns"
    assert not loader.database.exists()


def test_separators_that_a_spreadsheet_writes_to_its_last_column_are_no_columns(loader: Loader) -> None:
    rest = ";" * 16_382
    report = loader.load_here(loader.csv(f"a;b{rest}\n1;2{rest}\n;{rest}\n3;4{rest}\n"))
    assert loader.query("SELECT a, b FROM jobs ORDER BY a") == [(1, 2), (3, 4)]
    assert (len(report.columns), report.file.dropped_blank_rows) == (2, 1)


def test_as_many_columns_as_a_table_may_have_are_loaded(loader: Loader) -> None:
    report = loader.load(content(KINDS["fractions"][0], MAX_TABLE_COLUMNS, rows=5))
    assert len(report.columns) == MAX_TABLE_COLUMNS


def test_a_long_line_is_loaded(loader: Loader) -> None:
    text = "x" * 5_000_000
    loader.load(f'a;b\n1;{text}\n2;"{text}"\n;\n')
    assert loader.query("SELECT a, length(b) FROM jobs ORDER BY a") == [(1, len(text)), (2, len(text))]


def test_no_statement_of_a_candidate_is_a_join() -> None:
    """DuckDB makes one of an `IN` with more than five values, for each column, with memory of its own."""
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE texts AS SELECT 'x' AS t FROM range(10)")
        for candidate in (BOOLEAN_TEXT, *NUMBERS, *DATES, *marked_numbers(","), *formatted_dates("%d/%m/%Y")):
            for test in (candidate.fits("t"), candidate.same_text("t")):
                plan = connection.execute(f"EXPLAIN SELECT {test} AS fits FROM texts").fetchall()[0][1]
                assert "JOIN" not in plan
