"""What of a file is not in the table is said on stderr, and `--sheet` and `--all-sheets` put it right."""

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from support.project import JOBS

from .conftest import Desk, answer, error_of

Rows = list[list[Any]]
CARDS: Rows = [["id", "nome"], [1, "a"], [2, "b"]]
HEADLESS: Rows = [[3, "c"]]
NOTES: Rows = [["Resumo"], ["x"], ["y"]]


def workbook(desk: Desk, sheets: dict[str, Rows], hidden: tuple[str, ...] = ()) -> Path:
    made = openpyxl.Workbook()
    assert made.active is not None
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
        for row in rows:
            sheet.append(row)
    made.save(desk.root / "export.xlsx")
    return desk.root / "export.xlsx"


def test_a_sheet_that_is_left_out_is_a_warning_on_stderr_with_exit_code_0(desk: Desk) -> None:
    file = workbook(desk, {"Cards": CARDS, "Resto": HEADLESS})
    said = (
        "1 visible sheet with rows was not loaded: `Resto` (1 row); loaded: `Cards` (2 rows). To load more, give "
        "`--all-sheets`, or `--sheet Cards --sheet Resto` without those that are no part of it"
    )
    for arguments in ((), ("--dry-run",), ("--json",)):
        result = desk.load_table(file, *arguments)
        assert result.exit_code == 0, result.output
        assert result.stderr == f"Warning: {said}\n"
        assert "Warning" not in result.stdout
    found = answer(desk.load_table(file, "--json"))
    assert found["rows"] == 2
    assert found["sheets_loaded"] == [{"name": "Cards", "rows": 2, "hidden": False}]
    assert found["sheets_skipped"] == [{"name": "Resto", "rows": 1, "hidden": False}]
    assert found["warnings"] == [said]
    people = desk.load_table(file).stdout
    assert "  sheets      Cards (2 rows)" in people
    assert "  not loaded  Resto (1 row)" in people


@pytest.mark.parametrize(
    ("arguments", "rows", "warns"),
    [
        (("--all-sheets",), 3, False),
        (("--sheet", "Cards", "--sheet", "Resto"), 3, False),
        (("--sheet", "Cards"), 2, True),
        (("--sheet", "Oculta"), 1, True),
    ],
)
def test_the_sheets_to_load_can_be_named(
    desk: Desk, arguments: tuple[str, ...], rows: int, *, warns: bool
) -> None:
    file = workbook(
        desk, {"Cards": CARDS, "Resto": HEADLESS, "Oculta": [["id", "nome"], [9, "z"]]}, hidden=("Oculta",)
    )
    for result in (desk.load_table(file, "--json", *arguments), desk.load_asset(file, "--json", *arguments)):
        assert answer(result)["rows"] == rows
        assert ("Warning: " in result.stderr) == warns
        assert "--all-sheets" not in result.stderr, "somebody has decided"
    assert desk.project.tables()[JOBS, "last_month"] == rows


def test_what_the_command_line_names_goes_over_the_yaml(desk: Desk) -> None:
    desk.csv(
        "type: pipefy_exports_dagster.PipefyExportsComponent\n"
        "attributes: {organization_id: 301, automation_jobs: {reading: {sheets: [Resto]}}}\n",
        "defs.yaml",
    )
    desk.csv("PIPEFY_EXPORTS_CONFIG=defs.yaml\n", ".env")
    file = workbook(desk, {"Cards": CARDS, "Resto": [["id", "nome"], [3, "c"]]})
    assert answer(desk.load_asset(file, "--json"))["rows"] == 1
    assert answer(desk.load_asset(file, "--json", "--sheet", "Cards"))["rows"] == 2
    assert answer(desk.load_asset(file, "--json", "--all-sheets"))["rows"] == 3


def test_a_sheet_that_is_not_there_is_named_and_nothing_is_loaded(desk: Desk) -> None:
    file = workbook(desk, {"Cards": CARDS})
    message = error_of(desk.load_asset(file, "--sheet", "Card"))
    assert "'Card'" in message
    assert "Cards" in message
    assert desk.project.tables() == {}


def test_one_way_to_say_it_is_enough(desk: Desk) -> None:
    result = desk.load_table(workbook(desk, {"Cards": CARDS}), "--sheet", "Cards", "--all-sheets")
    assert result.exit_code == 2
    assert "give --sheet or --all-sheets, not both" in result.stderr


def test_a_sheet_s_name_cannot_talk_to_the_terminal(desk: Desk) -> None:
    name = "a\u202e\u2066b"
    result = desk.load_table(workbook(desk, {"Cards": CARDS, name: HEADLESS}))
    assert result.exit_code == 0, result.output
    assert result.stderr.startswith(
        "Warning: 1 visible sheet with rows was not loaded: `a\\u202e\\u2066b` (1 row)"
    )
    assert "\u202e" not in result.output


def test_a_line_above_the_header_is_said_and_not_quoted_where_values_are_hidden(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk.csv("Relatório de Maria\nid;nome;n\n1;a;2\n2;b;3\n")
    result = desk.load_asset(file, "--json")
    assert answer(result)["title_lines"] == ["Relatório de Maria"]
    assert answer(result)["rows"] == 2
    assert result.stderr == "Warning: 1 line above the header left out: `Relatório de Maria`\n"
    monkeypatch.setenv("PIPEFY_EXPORTS_SHOW_VALUES", "false")
    hidden = desk.load_asset(file, "--json")
    assert answer(hidden)["title_lines"] == 1
    assert "Maria" not in hidden.output
    assert "title lines  1, not in the table" in desk.load_asset(file).stdout
    assert "Maria" not in str(desk.project.materializations(JOBS, "last_month")[0])
