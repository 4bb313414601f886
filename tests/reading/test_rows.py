# ruff: noqa: E501  XML reads better in one line
"""Which rows a sheet has: its references decide, and what stores nothing is none."""

import pytest
from support.loader import Loader
from support.workbooks import MAIN, Book, one_sheet, rows


def row(number: int | str, *cells: str) -> str:
    """A `<row>` of cells `A1=text`; a number of `""` gives none."""
    inner = "".join(
        f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>' if reference else f'<c t="inlineStr"><is><t>{text}</t></is></c>'
        for reference, _, text in (cell.partition("=") for cell in cells)
    )  # fmt: skip
    return f'<row r="{number}">{inner}</row>' if number != "" else f"<row>{inner}</row>"


HEADER = row(1, "A1=id", "B1=d")
PIECES = {
    "cells one by one": row(1, "A1=id") + row(1, "B1=d") + row(2, "A2=1") + row(2, "B2=7"),
    "from right to left": row(1, "B1=d") + row(1, "A1=id") + row(2, "B2=7") + row(2, "A2=1"),
    "an empty piece between": HEADER + row(2, "A2=1") + row(2) + row(2, "B2=7"),
    "column by column": row(1, "A1=id") + row(2, "A2=1") + row(1, "B1=d") + row(2, "B2=7"),
    "from the bottom": row(2, "A2=1", "B2=7") + HEADER,
    "all cells in one row": row(1, "A1=id", "B1=d", "A2=1", "B2=7"),
    "rows without numbers": row("", "A1=id") + row("", "B1=d") + row("", "A2=1") + row("", "B2=7"),
    "rows with wrong numbers": row(9, "A1=id", "B1=d") + row(9, "A2=1", "B2=7"),
    "gaps between rows": row(3, "A3=id", "B3=d") + row(2_000, "A2000=1", "B2000=7"),
    "numbers, and cells without references": row(1, "=id", "=d") + row(2, "=1") .replace("</row>", "") + '<c t="inlineStr"><is><t>7</t></is></c></row>',
    "neither numbers nor references": row("", "=id", "=d") + row("", "=1", "=7"),
    "numbers for some rows": row(1, "A1=id", "B1=d") + row("", "=1", "=7"),
}  # fmt: skip


@pytest.mark.parametrize("xml", PIECES.values(), ids=PIECES)
def test_the_reference_says_in_which_row_a_cell_is(loader: Loader, xml: str) -> None:
    report = loader.load_here(Book({"S": xml}).write(loader.folder / "book.xlsx"))
    assert (report.rows, loader.texts(["id", "d"])) == (1, [["1", "7"]])


def test_many_rows_in_pieces_are_joined_across_the_pieces_that_are_read(loader: Loader) -> None:
    # So many bytes that the sheet is read in several pieces; the columns stand far apart.
    text = "x" * 1_000
    count = 9_000
    left = "".join(row(n, f"A{n}={n}", f"B{n}={text}") for n in range(2, count + 2))
    right = "".join(row(n, f"C{n}={n * 2}") for n in range(2, count + 2))
    book = Book({"S": row(1, "A1=a", "B1=b") + left + row(1, "C1=c") + right})
    report = loader.load_here(book.write(loader.folder / "book.xlsx"))
    assert report.rows == count
    assert loader.query("SELECT count(*), count(c) FROM jobs WHERE c::INT = 2 * a::INT") == [(count, count)]


def test_rows_stand_in_the_order_of_their_numbers(loader: Loader) -> None:
    xml = HEADER + "".join(row(n, f"A{n}=i{n}", f"B{n}=d{n}") for n in (9, 4, 7, 2))
    loader.load_here(Book({"S": xml}).write(loader.folder / "book.xlsx"))
    assert loader.texts(["id", "d"]) == [[f"i{n}", f"d{n}"] for n in (2, 4, 7, 9)]


@pytest.mark.parametrize("number", [1, 2])
def test_a_writer_that_gives_all_rows_one_number_loses_no_row(loader: Loader, number: int) -> None:
    xml = "".join(row(number, f"A{number}={text}", f"B{number}=x{text}") for text in ("id", "1", "2", "3"))
    loader.load_here(Book({"S": xml}).write(loader.folder / "book.xlsx"))
    assert loader.texts(["id", "xid"]) == [["1", "x1"], ["2", "x2"], ["3", "x3"]]


def test_a_number_that_comes_again_beside_pieces_loses_no_value(loader: Loader) -> None:
    xml = HEADER + row(2, "A2=1") + row(2, "B2=7") + row(2, "A2=2", "B2=8") + row(3, "A3=3")
    loader.load_here(Book({"S": xml}).write(loader.folder / "book.xlsx"))
    found = {value for texts in loader.texts(["id", "d"]) for value in texts if value}
    assert found == {"1", "7", "2", "8", "3"}


def test_of_two_cells_in_one_place_of_one_row_the_later_counts(loader: Loader) -> None:
    xml = HEADER + row(2, "A2=1", "A2=2", "B2=7")
    loader.load_here(Book({"S": xml}).write(loader.folder / "book.xlsx"))
    assert loader.texts(["id", "d"]) == [["2", "7"]]


EMPTY = ('t="s"|2', 't="s"|2')
SHARED = "<si><t>id</t></si><si><t>d</t></si><si><t></t></si>"
BLANK_FIRST = {
    "of an empty shared text": EMPTY,
    "of an empty inline text": ('t="inlineStr"|<is><t></t></is>', 't="inlineStr"|<is/>'),
    "of empty values": ('t="str"|<v></v>', "|<v/>"),
    "of styles only": ('s="1"|', 's="2"|'),
    "of nothing": ("", ""),
}


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("blank", BLANK_FIRST.values(), ids=BLANK_FIRST)
def test_blank_rows_are_no_rows_and_no_header(loader: Loader, blank: tuple[str, str], times: int) -> None:
    written = [*[blank] * times, ('t="s"|0', 't="s"|1'), ("|1", "|7"), blank, ("|2", EMPTY[0]), blank]
    book = one_sheet(*written, shared=SHARED)
    report = loader.load_here(book.write(loader.folder / "book.xlsx"))
    assert [column.header for column in report.columns] == ["id", "d"]
    assert loader.texts(["id", "d"]) == [["1", "7"], ["2", None]]
    assert loader.types() == {"id": "BIGINT", "d": "BIGINT"}
    assert report.file.dropped_blank_rows == (times + 2 if blank is EMPTY else 0)


def test_blanks_are_values(loader: Loader) -> None:
    book = one_sheet(
        ["a", "b"], ['t="s"|0', "|1"], ['t="s"|0'], shared='<si><t xml:space="preserve"> </t></si>'
    )
    loader.load_here(book.write(loader.folder / "book.xlsx"))
    assert loader.texts(["a", "b"]) == [[" ", "1"], [" ", None]]


def test_a_sheet_of_blank_rows_has_no_cell(loader: Loader) -> None:
    book = Book({"S": rows(EMPTY, EMPTY), "T": rows(["a"], ["|1"])}, shared=SHARED)
    report = loader.load_here(book.write(loader.folder / "book.xlsx"))
    assert [(sheet.name, sheet.rows) for sheet in report.file.sheets_loaded] == [("T", 1)]
    assert report.file.left_out == ()


@pytest.mark.parametrize(
    "behind", ["", "<pageMargins left='0.7'/>", "<mergeCells><mergeCell ref='A1:B1'/></mergeCells>"]
)
def test_what_is_behind_the_rows_is_no_row(loader: Loader, behind: str) -> None:
    xml = f'<worksheet xmlns="{MAIN}"><sheetData>{HEADER}{row(2, "A2=1", "B2=7")}</sheetData>{behind}</worksheet>'
    loader.load_here(Book({"S": xml}).write(loader.folder / "book.xlsx"))
    assert loader.texts(["id", "d"]) == [["1", "7"]]
