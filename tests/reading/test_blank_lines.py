# ruff: noqa: PLR0917  each part of a case is an argument
"""Lines of a delimited file that hold no value: above the header, among the rows, at the end."""

import csv
import io
import time

import pytest
from support.loader import Loader

from pipefy_exports_dagster.errors import UnreadableFileError

SPELLINGS = {
    "commas": (",", "\n", "utf-8"),
    "semicolons, CRLF": (";", "\r\n", "utf-8"),
    "tabs": ("\t", "\n", "utf-8"),
    "bars with a byte order mark": ("|", "\r\n", "utf-8-sig"),
    "UTF-16": (";", "\r\n", "utf-16"),
    "Windows-1252": (";", "\r\n", "cp1252"),
    "returns alone": (",", "\r", "utf-8"),
}
ABOVE = {
    "separators": ([",,"], 1),
    "empty lines": (["", ""], 0),
    "pairs of quotes": (['"","",""'], 1),
    "blanks and separators": ([" , ,", "   "], 2),
    "blanks within quotes": (['" ",,""'], 1),
    "fewer separators than columns": ([","], 1),
    "more separators than columns": (["", ",,,,,", ""], 1),
    "a thousand": ([",,"] * 1_000, 1_000),
}


@pytest.mark.parametrize(("separator", "line_end", "encoding"), SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize(("above", "dropped"), ABOVE.values(), ids=ABOVE)
def test_blank_lines_above_the_header_are_no_header(
    loader: Loader, above: list[str], dropped: int, separator: str, line_end: str, encoding: str
) -> None:
    lines = [*above, "nome,valor,ação", "Ana,5,1", "Zé,7,2"]
    text = line_end.join(lines).replace(",", separator) + line_end
    report = loader.load_here(loader.csv(text.encode(encoding)))
    assert [column.header for column in report.columns] == ["nome", "valor", "ação"]
    assert loader.query("SELECT nome, valor, acao, _file_row FROM jobs ORDER BY _file_row") == [
        ("Ana", 5, 1, 1),
        ("Zé", 7, 2, 2),
    ]
    assert report.file.dropped_blank_rows == dropped
    assert report.file.title_lines == ()


def test_more_blank_lines_than_a_sample_holds_are_no_header(loader: Loader) -> None:
    report = loader.load_here(loader.csv(";;\n" * 200_000 + "a;b;c\n1;2;3\n"))
    assert (report.rows, report.file.dropped_blank_rows) == (1, 200_000)
    assert loader.types() == {"a": "BIGINT", "b": "BIGINT", "c": "BIGINT"}


def test_one_very_long_blank_line_is_no_header(loader: Loader) -> None:
    report = loader.load_here(loader.csv(";" * 200_000 + "\na;b\n1;2\n"))
    assert (report.rows, report.file.dropped_blank_rows) == (1, 1)


@pytest.mark.parametrize("first", ['"";"x";""', '";";;', '"""";;', '"a\nb";;'])
def test_a_first_line_that_has_a_value_is_the_header(loader: Loader, first: str) -> None:
    report = loader.load_here(loader.csv(f"{first}\n1;2;3\n4;5;6\n"))
    assert [column.header for column in report.columns] == next(csv.reader(io.StringIO(first), delimiter=";"))
    assert report.rows == 2


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("blank", [",,", '"","",""', ',"",', '"",,""'])
def test_lines_of_separators_among_the_rows_are_dropped_and_counted(
    loader: Loader, blank: str, separator: str, line_end: str
) -> None:
    lines = ["id,b,c", "1,x,", blank, blank, ",,2026-01-01", blank, '"3",,"y"', blank]
    report = loader.load_here(loader.csv(line_end.join(lines).replace(",", separator) + line_end))
    assert loader.texts(["id", "b", "c", "_file_row"]) == [
        ["1", "x", None, "1"],
        [None, None, "2026-01-01", "2"],
        ["3", None, "y", "3"],
    ]
    assert (report.rows, report.file.dropped_blank_rows) == (3, 4)


@pytest.mark.parametrize("value", [" ", '""""', '","', '"\n"', "0", "\u00a0"])
def test_a_row_with_any_value_is_a_row(loader: Loader, value: str) -> None:
    report = loader.load_here(loader.csv(f"a,b\n1,2\n,{value}\n3,4\n"))
    text = next(csv.reader(io.StringIO(value, newline="")))[0]
    assert loader.texts(["a", "b"]) == [["1", "2"], [None, text], ["3", "4"]]
    assert (report.rows, report.file.dropped_blank_rows) == (3, 0)


def test_blank_rows_of_an_irregular_file_are_counted_alike(loader: Loader) -> None:
    report = loader.load_here(loader.csv('a;b;c\n1;2\n;;\n""\n\n3;4;5;6\r\n;;;;;;\n;\n'))
    assert loader.query("SELECT * EXCLUDE (a, b, c) FROM (SELECT COLUMNS('^[a-z]') FROM jobs)") == [
        (None,),
        (6,),
    ]
    assert (report.rows, report.file.dropped_blank_rows) == (2, 4)


def test_an_empty_line_is_a_blank_row_only_where_there_is_one_column(loader: Loader) -> None:
    report = loader.load_here(loader.csv('nota\nx\n\n""\ny\n\n\n'))
    assert loader.texts(["nota", "_file_row"]) == [["x", "1"], ["y", "2"]]
    assert report.file.dropped_blank_rows == 2
    report = loader.load_here(loader.csv("nota,b\nx,1\n\ny,2\n\n"))
    assert (report.rows, report.file.dropped_blank_rows) == (2, 0)


@pytest.mark.parametrize("content", [";;\n;;\n", '"",""\n', " \n\t\n,,,\n"])
def test_a_file_of_blank_lines_alone_is_no_table(loader: Loader, content: str) -> None:
    with pytest.raises(UnreadableFileError, match="every line is blank"):
        loader.load_here(loader.csv(content))


def test_a_header_and_blank_rows_are_a_table_without_rows(loader: Loader) -> None:
    report = loader.load_here(loader.csv("a;b\n;\n;\n"))
    assert (report.rows, report.file.dropped_blank_rows) == (0, 2)


def test_blank_rows_all_over_a_large_file_are_dropped_without_writing_it_anew(loader: Loader) -> None:
    rows = 300_000
    started = time.process_time()
    report = loader.load_here(
        loader.csv(
            "n;t;u\n" + "".join(f"{n};text {n};\n;;\n" if n % 3 else f'{n};"";x\n"";;\n' for n in range(rows))
        )
    )
    assert (report.rows, report.file.dropped_blank_rows) == (rows, rows)
    assert loader.query("SELECT count(*) FROM jobs WHERE n + 1 <> _file_row") == [(0,)]
    assert time.process_time() - started < 12  # written again by Python, 300,000 rows take longer
