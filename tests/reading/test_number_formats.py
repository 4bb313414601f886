"""Which number formats make a date, a time of day or a duration of a number, beside what other programs show."""

import csv
import re
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.loader import Loader

from pipefy_exports_dagster.reading.xlsx.number_formats import NumberKind, built_in_kind, number_kind

TABLE = Path(__file__).parents[1] / "data" / "number_formats.csv"
# As tests/data/number_formats.py shows them: a morning, the evening of that day, a morning years later.
MORNING, EVENING, LATER = 41114.4375, 41114.8555, 43435.4375
PROGRAMS = ("libreoffice", "sheetjs")
Row = dict[str, str]


def rows() -> list[Row]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def shown(row: Row, program: str) -> tuple[str, str, str]:
    morning, evening, later = (row[f"{program}_{when}"] for when in ("morning", "evening", "later"))
    return morning, evening, later


def digits(text: str) -> str:
    return "".join(str(unicodedata.digit(c)) for c in text if unicodedata.digit(c, None) is not None).lstrip(
        "0"
    )


def begins(text: str, number: float) -> bool:
    """Whether a text shows the first digits of a number, two or three."""
    first, length = digits(text), 3
    return len(first) > 1 and str(int(number))[:length].startswith(first[:length])


def meaning(texts: tuple[str, str, str]) -> NumberKind | None:
    """Tell what a program made of the three numbers; None if it refused the code."""
    if texts[0].startswith("error: ") or texts == (str(MORNING), str(EVENING), str(LATER)):
        return None
    for unit in (24, 24 * 60, 24 * 60 * 60):
        if begins(texts[0], MORNING * unit) and begins(texts[2], LATER * unit):
            return NumberKind.DURATION
    if begins(texts[0], MORNING) and begins(texts[2], LATER):
        return NumberKind.NUMBER
    morning, evening, later = texts
    if morning != later:
        return NumberKind.DATE if morning == evening else NumberKind.DATETIME
    return NumberKind.NUMBER if morning == evening else NumberKind.TIME


def meanings(row: Row) -> set[NumberKind]:
    """What the programs that take a code make of it; one that shows the bare number takes it for General."""
    return {kind for program in PROGRAMS if (kind := meaning(shown(row, program))) is not None} or {
        NumberKind.NUMBER
    }


def decided(row: Row) -> NumberKind:
    if row["decided"]:
        return NumberKind[row["decided"]]
    (kind,) = meanings(row)
    return kind


def label(row: Row) -> str:
    return f"{row['id']}-{row['locale']}" if row["id"] else row["code"]


@pytest.mark.parametrize("row", rows(), ids=label)
def test_a_number_format_means_what_it_shows(row: Row) -> None:
    kind = built_in_kind(int(row["id"])) if row["id"] else number_kind(row["code"])
    assert kind is decided(row), f"{row['why']} {[shown(row, program) for program in PROGRAMS]}"


def test_the_table_says_why_where_the_programs_disagree_and_nowhere_else() -> None:
    for row in rows():
        agreed = meanings(row)
        assert bool(row["decided"]) == bool(row["why"]), label(row)
        assert len(agreed) == 1 or row["decided"], f"{label(row)}: {agreed}"
        assert not row["decided"] or agreed != {NumberKind[row["decided"]]}, (
            f"{label(row)}: decided for nothing"
        )


HOSTILE = (
    "[",
    '"',
    "\\",
    ";",
    "[h",
    "[<",
    "[<1",
    "y",
    "yx",
    "aaa",
    "AM/",
    "A/",
    "Genera",
    "E+",
    "B1",
    "h",
    "0.",
    "上午/",
    "m;@",
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_code_of_any_length_takes_time_linear_in_it(piece: str) -> None:
    def seconds(length: int) -> float:
        code = piece * (length // len(piece))
        return min(_seconds(number_kind, code) for _ in range(3))

    short, long = seconds(50_000), seconds(400_000)
    assert long < 32 * short + 0.2  # eight times as long; quadratic would be 64 times


def _seconds(do: Callable[[str], object], code: str) -> float:
    started = time.process_time()
    do(code)
    return time.process_time() - started


@given(st.text(st.sampled_from('ymdhsegbatzGneral0#?.,;@[]<>="\\\\_*/:1+-AMP年é '), max_size=30))
def test_quoted_text_around_a_code_changes_nothing(code: str) -> None:
    whole = re.sub(r'[\[\]"\\\\_*;]', "", code)
    assert number_kind(f'"0dhs"{whole}') is number_kind(whole)
    assert number_kind(f'[Red]{whole};"x";@') is number_kind(whole)
    assert isinstance(number_kind(code), NumberKind)


@pytest.mark.parametrize(
    ("code", "type_", "value"),
    [
        ('[$-416]d" de "mmmm" de "yyyy', "DATE", "2012-07-24"),
        ("mmm hh:mm", "TIMESTAMP", "2012-07-24 00:00:00"),
        ('"a;b"yyyy', "DATE", "2012-07-24"),
        ("Standard", "BIGINT", "41114"),
        ('[hh]"h"mm', "INTERVAL", "986736:00:00"),
        ('[=0]"-";dd/mm/yyyy', "DATE", "2012-07-24"),
    ],
)
def test_a_cell_gets_the_type_that_its_format_shows(
    loader: Loader, code: str, type_: str, value: str
) -> None:
    workbook = openpyxl.Workbook()
    assert workbook.active is not None
    workbook.active.append(["v"])
    workbook.active.append([41114])
    workbook.active["A2"].number_format = code
    workbook.save(loader.folder / "format.xlsx")
    loader.load_here(loader.folder / "format.xlsx")
    assert loader.types() == {"v": type_}
    assert loader.texts(["v"]) == [[value]]
