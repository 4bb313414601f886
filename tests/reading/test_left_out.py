"""What is said of a file that is not in the table whole; names in it are text of the file, and obeyed by nothing."""

import shlex

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipefy_exports_dagster.reading.description import FileDescription, SheetRows
from pipefy_exports_dagster.reading.left_out import Remedy, as_options, as_yaml, left_out
from pipefy_exports_dagster.text.quoting import markdown_code, printable

CARDS, MORE, NOTES = SheetRows("Cards", 1234), SheetRows("Cards (2)", 10), SheetRows("Resumo", 1)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


def workbook(loaded: tuple[SheetRows, ...], skipped: tuple[SheetRows, ...]) -> FileDescription:
    return FileDescription("xlsx", sheets_loaded=loaded, sheets_skipped=skipped)


def test_nothing_is_said_of_a_file_that_is_there_whole() -> None:
    hidden = (SheetRows("Oculta", 99, hidden=True), SheetRows("Vazia", 0), SheetRows("Nada", None))
    assert left_out(workbook((CARDS,), hidden), named=False) == ()
    assert left_out(FileDescription("csv", dropped_blank_rows=3), named=False) == ()


def test_a_sheet_that_was_not_loaded_is_named_with_its_rows_and_what_to_write() -> None:
    [said] = left_out(workbook((CARDS,), (MORE, NOTES)), named=False)
    assert said == (
        "2 visible sheets with rows were not loaded: `Cards (2)` (10 rows), `Resumo` (1 row); "
        "loaded: `Cards` (1,234 rows). To load more, name its sheets in the export's YAML: "
        '`reading: {sheets: ["Cards", "Cards (2)", "Resumo"]}` without those that are no part of it, or write '
        "`reading: {sheets: all}`; then materialize again"
    )


def test_a_cover_sheet_is_among_the_suggested_names_so_that_no_row_is_lost() -> None:
    [said] = left_out(workbook((NOTES,), (CARDS,)), named=False)
    assert said.startswith(
        "1 visible sheet with rows was not loaded: `Cards` (1,234 rows); loaded: `Resumo` (1 row)"
    )
    assert '`reading: {sheets: ["Resumo", "Cards"]}` without those that are no part of it' in said


def test_at_the_command_line_the_options_are_named() -> None:
    [said] = left_out(workbook((CARDS,), (MORE,)), named=False, remedy=Remedy.OPTIONS)
    assert said.endswith(
        "To load more, give `--all-sheets`, or `--sheet Cards --sheet 'Cards (2)'` without those that are no part of it"
    )
    [said] = left_out(workbook((CARDS,), (SheetRows("a\u202eb", 9),)), named=False, remedy=Remedy.OPTIONS)
    assert said.endswith("give `--all-sheets`, or name some with `--sheet`"), "nobody can type that"


def test_where_sheets_were_named_nothing_is_asked_for() -> None:
    [said] = left_out(workbook((CARDS,), (NOTES,)), named=True)
    assert said.endswith("Other sheets are named by `reading.sheets` or `--sheet`")


def test_lines_above_the_header_are_quoted_unless_values_are_hidden() -> None:
    file = FileDescription("csv", title_lines=("Relatório",))
    assert left_out(file, named=False) == ("1 line above the header left out: `Relatório`",)
    assert left_out(file, named=False, show_values=False) == ("1 line above the header left out",)


def test_of_many_sheets_a_few_are_named() -> None:
    sheets = tuple(SheetRows(f"S{nth}", nth + 1) for nth in range(1000))
    [said] = left_out(workbook((CARDS,), sheets), named=False)
    assert said.startswith(
        "1,000 visible sheets with rows were not loaded: `S0` (1 row), `S1` (2 rows), `S2` (3 rows), `S3` (4 rows) "
        "and 996 more; loaded: `Cards` (1,234 rows)."
    )
    assert len(said) < 400


@given(st.lists(names, min_size=1, max_size=4))
def test_what_is_to_be_written_in_the_yaml_gives_the_names(sheets: list[str]) -> None:
    written = as_yaml(sheets)
    assert written.isprintable()
    assert yaml.safe_load(written) == {"reading": {"sheets": sheets}}


@given(st.lists(names, min_size=1, max_size=4))
def test_what_is_to_be_typed_gives_the_names(sheets: list[str]) -> None:
    assert shlex.split(as_options(sheets))[1::2] == sheets


@given(names)
@pytest.mark.parametrize("around", ["{}", "last_month: {} (3 rows), `Cards`"])
def test_markdown_obeys_nothing_in_a_name(around: str, name: str) -> None:
    rendered = MarkdownIt("gfm-like", {"linkify": False}).render(around.format(markdown_code(name)))
    code = rendered.partition("<code>")[2].partition("</code>")[0]
    entities = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&amp;": "&"}
    for entity, character in entities.items():
        code = code.replace(entity, character)
    assert code == printable(name)
    assert rendered.startswith("<p>")


@pytest.mark.parametrize(
    "name",
    [
        "![x](http://127.0.0.1:9/x.png)",
        "<img src=http://127.0.0.1:9/x.png>",
        "`![x](http://127.0.0.1:9/x.png)",
        "``a",
        "```",
        "\x1b[31m",
    ],
)
def test_a_sentence_about_a_hostile_name_holds_no_picture_and_no_escape(name: str) -> None:
    file = workbook((SheetRows(name, 3),), (SheetRows(f"{name} 2", 2), SheetRows(f"x{name}", 1)))
    for remedy in Remedy:
        [said] = left_out(file, named=False, remedy=remedy)
        assert said.isprintable()
        rendered = MarkdownIt("gfm-like", {"linkify": False}).render(f"last_month: {said}")
        assert "<img" not in rendered
        assert "<a " not in rendered
