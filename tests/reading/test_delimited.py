"""Which separator a file has, and records that make it hard to tell."""

import csv
import io
import random

import pytest
from support.loader import Loader

LONG = "x" * 200_000  # the csv module's own limit is 131,072


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_long_text_in_the_first_rows_does_not_hide_the_separator(loader: Loader, delimiter: str) -> None:
    records = [["a", "b", "c"], ["1", LONG, "3"], ["4", "5", "6"]]
    report = loader.load_here(loader.csv("".join(delimiter.join(record) + "\n" for record in records)))
    assert report.file.delimiter == delimiter
    assert loader.query("SELECT a, length(b), c FROM jobs ORDER BY a") == [(1, len(LONG), 3), (4, 1, 6)]


def test_a_header_may_be_a_megabyte_long(loader: Loader) -> None:
    header = "Comentário" * 100_000
    report = loader.load_here(loader.csv(f"a;{header}\n1;2\n"))
    assert report.columns[1].header == header
    assert loader.query("SELECT * EXCLUDE (a) FROM jobs")[0][0] == 2


def test_a_header_may_have_any_character(loader: Loader) -> None:
    header = "a '\" \\ \ufeff 😀"
    written = io.StringIO()
    csv.writer(written).writerows([[header, "c"], [1, 2]])
    for _ in range(2):
        loader.load_here(loader.csv(written.getvalue()))
    assert loader.query("SELECT comment FROM duckdb_columns() WHERE column_name = 'a'") == [(header,)]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_header_with_a_zero_character_is_known_again(loader: Loader, kind: str) -> None:
    for _ in range(2):
        path = loader.csv("a\x00b,c\n1,2\n") if kind == "csv" else loader.xlsx([["a_x0000_b", "c"], [1, 2]])
        loader.load_here(path)
    assert loader.types() == {"ab": "BIGINT", "c": "BIGINT"}


@pytest.mark.parametrize("first", ['sep="', "sep=\x01", "sep="])
def test_what_cannot_be_a_separator_is_not_declared_as_one(loader: Loader, first: str) -> None:
    report = loader.load_here(loader.csv(f"{first};v\na;1\nb;2\n"))
    assert [column.header for column in report.columns] == [first, "v"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_quotes_delimiters_and_line_ends_across_buffers_are_where_they_were(
    loader: Loader, line_end: str, quoting: int
) -> None:
    chance = random.Random(line_end)  # noqa: S311
    pieces = ["x" * 2000, ",", '"', "\n", "\r\n", "é" * 50, "1", " " * 30, "a" * 700]
    rows = [[str(n), "".join(chance.choices(pieces, k=8)), "z"] for n in range(9_000)]
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator=line_end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerows([["n", "t", "z"], *rows])
    loader.load_here(loader.csv(written.getvalue()))
    found = loader.query("SELECT n, t FROM jobs ORDER BY _file_row")
    assert found == [(int(n), text) for n, text, _ in rows]
