"""Which sheets of a workbook are the export, and that nothing of a visible one is left out in silence."""

from pathlib import Path
from typing import Any

import pytest
from support.loader import Loader
from support.workbooks import Book, rows

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import ConfigurationError, UnreadableFileError

CARDS = rows(["id", "v"], ["1", "x"], ["2", "y"])
COVER = rows(["Relatório", "Todos os cards"], ["Gerado em", "26/11/2026"])


def load(loader: Loader, book: Book, sheets: Any = ()) -> tuple[list[tuple[str, Any]], list[tuple[str, Any]]]:
    """Load, and give the sheets that were loaded and those that were not, with their rows."""
    path: Path = book.write(loader.folder / "book.xlsx")
    file = loader.load_here(path, options=ReadOptions(sheets=sheets)).file
    return tuple(
        [(sheet.name, sheet.rows) for sheet in sheets] for sheets in (file.sheets_loaded, file.sheets_skipped)
    )  # type: ignore[return-value]


def active(tab: int | str) -> str:
    return f'<bookViews><workbookView activeTab="{tab}"/></bookViews>'


@pytest.mark.parametrize(
    ("tab", "led"), [("1", "Cards"), ("0", "Info"), ("", "Info"), ("-1", "Info"), ("x", "Info")]
)
def test_the_active_sheet_is_the_export(loader: Loader, tab: str, led: str) -> None:
    found = load(loader, Book({"Info": COVER, "Cards": CARDS}, inside=active(tab)))
    assert found[0] == [(led, 2 if led == "Cards" else 1)]
    assert [name for name, _ in found[1]] == [{"Info": "Cards", "Cards": "Info"}[led]]


@pytest.mark.parametrize(
    "book",
    [
        Book({"Empty": "", "Info": COVER, "Cards": CARDS}),
        Book({"Hidden": CARDS, "Info": COVER, "Cards": CARDS}, states={"Hidden": "hidden"}),
        Book({"Hidden": CARDS, "Info": COVER, "Cards": CARDS}, states={"Hidden": "veryHidden"}),
        Book({"Info": COVER, "Cards": CARDS}, inside=active(7)),
    ],
    ids=["empty", "hidden", "very hidden", "none"],
)
def test_without_an_active_sheet_the_longest_is_the_export(loader: Loader, book: Book) -> None:
    loaded, skipped = load(loader, book)
    assert loaded == [("Cards", 2)]
    assert ("Info", 2) in skipped


JOINING = {
    "the same header": rows(["id", "v"], ["3", "z"]),
    "blanks around": rows([" id ", "v "], ["3", "z"]),
    "another order": rows(["v", "id"], ["z", "3"]),
    "further columns": rows(["novo", "v", "outro", "id"], ["n", "z", "o", "3"]),
    "blank rows before": rows(["id", "v"], ["3", "z"], first=7),
}


@pytest.mark.parametrize("second", JOINING.values(), ids=JOINING)
@pytest.mark.parametrize("tab", [0, 1])
def test_sheets_with_all_columns_join(loader: Loader, second: str, tab: int) -> None:
    book = Book({"Cards": CARDS, "Cards (2)": second}, inside=active(tab))
    loaded, skipped = load(loader, book)
    if tab == 1 and "novo" in second:
        assert loaded == [("Cards (2)", 1)]  # the first has not all columns of the active one
        assert skipped == [("Cards", 3)]
        return
    assert (loaded, skipped) == ([("Cards", 2), ("Cards (2)", 1)], [])
    assert loader.texts(["id", "v"]) == [["1", "x"], ["2", "y"], ["3", "z"]]


def test_further_columns_are_null_in_the_other_sheets(loader: Loader) -> None:
    load(loader, Book({"A": CARDS, "B": JOINING["further columns"]}))
    assert loader.texts(["id", "v", "novo", "outro"]) == [
        ["1", "x", None, None], ["2", "y", None, None], ["3", "z", "n", "o"],
    ]  # fmt: skip


def test_columns_of_one_name_join_in_their_order(loader: Loader) -> None:
    first, second = rows(["a", "a", "b"], ["1", "2", "3"]), rows(["b", "a", "a"], ["6", "4", "5"])
    loaded, _ = load(loader, Book({"A": first, "B": second}))
    assert loaded == [("A", 1), ("B", 1)]
    assert loader.texts(["a", "a_2", "b"]) == [["1", "2", "3"], ["4", "5", "6"]]


def test_columns_without_a_name_join_too(loader: Loader) -> None:
    first, second = rows(["a", ""], ["1", "2"]), rows(["a", ""], ["3", "4"])
    loaded, _ = load(loader, Book({"A": first, "B": second}))
    assert loaded == [("A", 1), ("B", 1)]
    assert loader.texts(["a", "column_2"]) == [["1", "2"], ["3", "4"]]


APART = {
    "another table": rows(["x", "y"], ["3", "z"]),
    "a column less": rows(["id"], ["3"]),
    "the name twice less": rows(["id", "w"], ["3", "z"]),
    "no header": rows(["3", "z"], ["4", "w"]),
}


@pytest.mark.parametrize("second", APART.values(), ids=APART)
def test_other_sheets_with_rows_are_told_with_their_rows(loader: Loader, second: str) -> None:
    book = Book({"Cards": CARDS, "Other": second, "Empty": "", "Off": CARDS}, states={"Off": "hidden"})
    file = loader.load_here(book.write(loader.folder / "book.xlsx")).file
    assert [(sheet.name, sheet.rows) for sheet in file.left_out] == [("Other", 2)]
    assert [(sheet.name, sheet.hidden) for sheet in file.sheets_skipped] == [
        ("Other", False), ("Empty", False), ("Off", True),
    ]  # fmt: skip
    assert loader.texts(["id", "v"]) == [["1", "x"], ["2", "y"]]


@pytest.mark.parametrize("last", [1_048_576, 65_536])
def test_a_sheet_without_header_goes_on_where_the_one_before_is_full(loader: Loader, last: int) -> None:
    full = CARDS + rows(["9", "z"], first=last)
    book = Book({"Cards": full, "Cards (2)": rows(["10", "w"], ["11", "u"], first=1), "Info": COVER})
    loaded, skipped = load(loader, book)
    assert (loaded, skipped) == ([("Cards", 3), ("Cards (2)", 2)], [("Info", 2)])
    assert [texts[0] for texts in loader.texts(["id"])] == ["1", "2", "9", "10", "11"]


def test_the_columns_of_a_full_sheet_are_those_that_go_on(loader: Loader) -> None:
    second = rows(["v", "id"], ["x2", "2"]) + rows(["x3", "3"], first=1_048_576)
    book = Book({"A": rows(["id", "v"], ["1", "x1"]), "B": second, "C": rows(["x4", "4", "more"])})
    loaded, _ = load(loader, book)
    assert loaded == [("A", 1), ("B", 2), ("C", 1)]
    assert loader.texts(["id", "v", "column_3"]) == [
        ["1", "x1", None], ["2", "x2", None], ["3", "x3", None], ["4", "x4", "more"],
    ]  # fmt: skip


def test_named_sheets_are_loaded_and_no_others(loader: Loader) -> None:
    book = Book({"Info": COVER, "Cards": CARDS, "Old": CARDS}, states={"Old": "hidden"})
    assert load(loader, book, ["Cards"])[0] == [("Cards", 2)]
    assert load(loader, book, ["Old"])[0] == [("Old", 2)]
    assert load(loader, book, ["Old", "Cards"])[0] == [("Cards", 2), ("Old", 2)]


def test_all_are_the_visible_ones(loader: Loader) -> None:
    book = Book({"A": CARDS, "B": CARDS, "Old": CARDS}, states={"Old": "hidden"})
    loaded, skipped = load(loader, book, "all")
    assert (loaded, skipped) == ([("A", 2), ("B", 2)], [("Old", None)])


def test_a_named_sheet_without_header_is_read_by_position(loader: Loader) -> None:
    book = Book({"Sheet1": CARDS, "Sheet2": rows(["3", "z"], ["4", "w"])})
    for sheets in (["Sheet1", "Sheet2"], "all"):
        loaded, _ = load(loader, book, sheets)
        assert loaded == [("Sheet1", 2), ("Sheet2", 2)]
        assert [texts[0] for texts in loader.texts(["id"])] == ["1", "2", "3", "4"]


def test_named_sheets_that_share_some_columns_have_null_in_the_others(loader: Loader) -> None:
    book = Book({"A": CARDS, "B": rows(["w", "id"], ["5", "3"])})
    load(loader, book, ["A", "B"])
    assert loader.texts(["id", "v", "w"]) == [["1", "x", None], ["2", "y", None], ["3", None, "5"]]


def test_the_first_that_is_named_leads(loader: Loader) -> None:
    book = Book({"Info": COVER, "Cards": CARDS})
    loader.load_here(book.write(loader.folder / "b.xlsx"), options=ReadOptions(sheets=["Cards", "Info"]))
    assert list(loader.types())[:2] == ["id", "v"]


@pytest.mark.parametrize("sheets", [["Karten"], ["Cards", "Karten"]])
def test_a_sheet_that_the_workbook_does_not_have_is_the_configurations_fault(
    loader: Loader, sheets: list[str]
) -> None:
    path = Book({"Info": COVER, "Cards": CARDS}).write(loader.folder / "book.xlsx")
    with pytest.raises(
        ConfigurationError, match=r"`reading.sheets` names 'Karten', .* it has 'Info', 'Cards'"
    ):
        loader.load_here(path, options=ReadOptions(sheets=sheets))
    assert not loader.database.exists()


def test_named_sheets_without_a_cell_are_no_table(loader: Loader) -> None:
    path = Book({"Empty": "", "Cards": CARDS}).write(loader.folder / "book.xlsx")
    with pytest.raises(UnreadableFileError):
        loader.load_here(path, options=ReadOptions(sheets=["Empty"]))
