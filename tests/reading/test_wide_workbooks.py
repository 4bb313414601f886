"""Workbooks of very many columns: in time and memory that grow with the cells, or refused at once."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from support.loader import Loader
from support.waiting import PATIENCE_S
from support.workbooks import Book, one_sheet, rows

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import UnreadableFileError
from pipefy_exports_dagster.reading.runner import read_table_file
from pipefy_exports_dagster.reading.table_width import MAX_TABLE_COLUMNS
from pipefy_exports_dagster.tables import workspace

COLUMNS, ROWS = 2_000, 20
LIMITS = ReadOptions(max_memory_bytes=900_000_000, max_seconds=60.0)
COLUMNS_OF_A_KIND = 1_200
"""More than the reader gives several threads to (1,000); two thousand of all kinds are read in one file."""
SHARED = "".join(f"<si><t>texto {n}</t></si>" for n in range(50))

KINDS: dict[str, tuple[Callable[[int, int], str], str]] = {
    "integers": (lambda r, c: f"|{r * c}", "BIGINT"),
    "fractions": (lambda r, c: f"|{r}.{c}5", "DOUBLE"),
    "truth values": (lambda r, c: f't="b"|{(r + c) % 2}', "BOOLEAN"),
    "dates": (lambda r, c: f's="1"|{46_000 + r + c % 9}', "DATE"),
    "times": (lambda r, c: f's="2"|{46_000 + r}.{c % 9}25', "TIMESTAMP"),
    "durations": (lambda r, c: f's="3"|{r}.{c % 9}25', "INTERVAL"),
    "dates as text": (lambda r, _: f't="d"|2026-11-{r + 1:02}', "DATE"),
    "texts": (lambda r, c: f"texto {r} {c}", "VARCHAR"),
    "shared texts": (lambda r, c: f't="s"|{(r + c) % 50}', "VARCHAR"),
    "texts that are dates": (lambda r, _: f"2026-11-{r + 1:02}", "DATE"),
    "formulas": (lambda r, c: f't="str"|<f>A{r}+{c}</f>', "VARCHAR"),
    "errors": (lambda _r, _c: 't="e"|#N/A', "VARCHAR"),
    "mixed": (lambda r, c: f"|{c}" if r % 2 else "n/d", "VARCHAR"),
}


def book(value: Callable[[int, int], str], columns: int = COLUMNS, count: int = ROWS) -> Book:
    header = [f"h{column}" for column in range(columns)]
    cells = [[value(row, column) for column in range(columns)] for row in range(count)]
    return one_sheet(header, *cells, shared=SHARED)


ALONE = ("integers", "durations", "dates as text", "formulas", "mixed")
"""Kinds that the reader takes different ways for; what the others have in common with them, one file of all shows."""


@pytest.mark.parametrize("kind", ALONE)
def test_more_than_a_thousand_columns_of_a_kind_are_read(loader: Loader, kind: str) -> None:
    value, type_ = KINDS[kind]
    path = book(value, COLUMNS_OF_A_KIND).write(loader.folder / "wide.xlsx")
    with workspace(loader.database) as folder:
        staged = read_table_file(
            path, folder=folder, options=replace(LIMITS, max_memory_bytes=LIMITS.max_memory_bytes * 2 // 3)
        )
    assert (staged.rows, len(staged.columns)) == (ROWS, COLUMNS_OF_A_KIND)
    assert staged.seconds_reading < PATIENCE_S
    assert {column.type for column in staged.columns} == {type_}


def test_two_thousand_columns_of_all_kinds_are_loaded(loader: Loader) -> None:
    kinds = list(KINDS.values())
    mixed = book(lambda r, c: kinds[c % len(kinds)][0](r, c))
    report = loader.load(mixed.write(loader.folder / "wide.xlsx"), options=LIMITS)
    assert (report.rows, len(report.columns)) == (ROWS, COLUMNS)
    assert report.seconds_reading < PATIENCE_S
    types = loader.types()
    for nth, (_, type_) in enumerate(kinds):
        assert {types[f"h{c}"] for c in range(nth, COLUMNS, len(kinds))} == {type_}


def test_time_grows_with_the_cells_and_not_with_their_square(loader: Loader) -> None:
    took = {}
    for columns in (500, 2_000):
        path = book(KINDS["fractions"][0], columns, 60).write(loader.folder / f"{columns}.xlsx")
        loader.database.unlink(missing_ok=True)
        before = time.process_time()
        loader.load_here(path)
        took[columns] = time.process_time() - before
    assert took[2_000] < 4 * took[500] * 2


@pytest.mark.parametrize("columns", [MAX_TABLE_COLUMNS + 1, 16_384])
def test_more_columns_than_a_table_may_have_are_refused_at_once(loader: Loader, columns: int) -> None:
    path = book(KINDS["integers"][0], columns, 2).write(loader.folder / "wide.xlsx")
    with pytest.raises(UnreadableFileError, match=rf"{MAX_TABLE_COLUMNS:,} that a table may have"):
        loader.load(path, options=ReadOptions(max_memory_bytes=450_000_000, max_seconds=15.0))
    assert not loader.database.exists()


def test_a_cell_far_to_the_right_makes_no_wide_table(loader: Loader) -> None:
    cells = '<row r="2"><c r="A2"><v>1</v></c><c r="XFD2"><v>2</v></c></row>'
    path = Book({"S": rows(["a"]) + cells}).write(loader.folder / "far.xlsx")
    loader.load_here(path)
    assert loader.texts(["a", "column_2"]) == [["1", "2"]]


@pytest.mark.parametrize("sheets", [2, 40])
def test_sheets_that_each_add_columns_make_no_wider_table_than_one(loader: Loader, sheets: int) -> None:
    book_of_sheets = Book(
        {f"s{nth}": rows(["a", *(f"h{nth}_{column}" for column in range(2_000))]) for nth in range(sheets)}
    )
    with pytest.raises(UnreadableFileError, match=rf"{MAX_TABLE_COLUMNS:,} that a table may have"):
        loader.load(
            book_of_sheets.write(loader.folder / "wide.xlsx"),
            options=ReadOptions(sheets="all", max_seconds=60.0),
        )
