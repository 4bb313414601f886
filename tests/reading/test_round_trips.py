# ruff: noqa: DTZ001  naive times are UTC, as in the table
# ruff: noqa: E501  files and cases read better in one line
"""Random tables to files and back through DuckDB: no value is lost."""

import csv
import io
import math
import tempfile
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.loader import Loader
from support.thoroughness import examples

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.reading.worker import read

from .reference import comparable, csv_table, workbook_table

QUICK = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], database=None
)
# What XML can hold; a lone carriage return it cannot (openpyxl writes it raw, and reads a line feed).
TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=12
)
LOOKALIKES = st.sampled_from(
    ["N/A", "NULL", "NaN", "nan", "None", "", " ", " 5", "007", "1e5", "0x1F", "yes", "t", "true", "TRUE", "False", "#", "# x", "-0", "1.50",
     "1.0", "12", "12345678901234567890", "1234567890.123456789", "1.234,56", "03/04/2026", "2026-11-01", "2026-11-01T10:00:00",
     "2026-11-01T10:00:00Z", "2026-11-01 10:00:00+02:00", "infinity", "a,b;c|d\te", '"', '""', 'a"b', "é", "'"]
)  # fmt: skip
INTEGERS = st.integers(-(10**15), 10**15)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
# openpyxl writes sixteen digits of a float, and reads minus zero as the integer 0.
WRITTEN_FLOATS = FLOATS.map(lambda value: float(f"{value:.16g}") + 0.0).filter(
    lambda value: not math.isinf(value)
)
MOMENTS = st.datetimes(datetime(1901, 1, 1), datetime(2200, 1, 1)).map(
    lambda value: value.replace(microsecond=0)
)
DAYS = st.dates(date(1901, 1, 1), date(2200, 1, 1))
DURATIONS = st.integers(0, 10**7).map(lambda seconds: timedelta(seconds=seconds))
TIMES = st.times().map(lambda value: value.replace(microsecond=0)).filter(lambda value: value != time(0))
KINDS = [INTEGERS, WRITTEN_FLOATS, TEXT, LOOKALIKES, st.booleans(), MOMENTS, DAYS, DURATIONS, TIMES]


def column_of(*kinds: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.none() | st.one_of(*kinds), min_size=4, max_size=4)


CELLS = st.lists(
    st.one_of(*(column_of(kind) for kind in KINDS), column_of(*KINDS), column_of(TEXT, LOOKALIKES)),
    min_size=1,
    max_size=4,
)
TEXTS = st.lists(
    st.one_of(*(column_of(kind) for kind in (TEXT, LOOKALIKES, INTEGERS.map(str), FLOATS.map(repr), DAYS.map(str), MOMENTS.map(str), LOOKALIKES | INTEGERS.map(str)))),
    min_size=2, max_size=4,
)  # fmt: skip


def assert_all_there(path: Path, folder: str, wanted: list[list[str | None]]) -> None:
    """Compare with the staged file, which is what a load inserts; a database for each example would double the time."""
    staged = read(path, folder=Path(folder), options=ReadOptions(), started=0)
    assert staged.rows == len(wanted)
    listed = [
        f"to_microseconds(c{n})" if column.type == "INTERVAL" else f"c{n}"
        for n, column in enumerate(staged.columns)
    ]
    duckdb.execute("SET TimeZone = 'UTC'")
    texts = ", ".join(f"{value}::VARCHAR" for value in listed)
    found = duckdb.execute(f"SELECT {texts} FROM read_parquet('{staged.path}')").fetchall()
    for found_row, wanted_row in zip(found, wanted, strict=True):
        for column, text, value in zip(staged.columns, found_row, wanted_row, strict=True):
            assert comparable(text, column.type) == comparable(value, column.type)


@settings(QUICK, max_examples=examples(60, thorough=250))
@given(CELLS)
def test_no_value_is_lost_from_a_workbook(columns: list[list[Any]]) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append([f"h{n}" for n in range(len(columns))] + ["always"])
    for n, row in enumerate(zip(*columns, strict=True)):
        book.active.append([*row, n])
        for cell in book.active[n + 2]:
            if cell.data_type == "f":  # a text that starts with = stays a text
                cell.data_type = "s"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.xlsx"
        book.save(path)
        assert_all_there(path, folder, workbook_table(path.read_bytes())[1])


@settings(QUICK, max_examples=examples(60, thorough=250))
@given(
    TEXTS,
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_no_value_is_lost_from_a_csv(
    columns: list[list[str | None]], delimiter: str, line_end: str, quoting: int
) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter, lineterminator=line_end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow([f"h{n}" for n in range(len(columns))])
    writer.writerows(zip(*columns, strict=True))
    content = written.getvalue().encode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.csv"
        path.write_bytes(content)
        assert_all_there(path, folder, csv_table(content, "utf-8", delimiter)[1])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_arrives_in_every_encoding(loader: Loader, encoding: str) -> None:
    loader.load_here(loader.csv("código;descrição\n007;ação € “x”\n".encode(encoding)))
    assert loader.query("SELECT codigo, descricao FROM jobs") == [("007", "ação € “x”")]
