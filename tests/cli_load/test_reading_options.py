"""How a file is read, as the command line says it: options that cannot be used, and limits that are passed."""

import os
from dataclasses import fields
from pathlib import Path

import pytest
from support.workbooks import Book

from pipefy_exports_dagster.cli.load.given_options import LIMIT_OPTIONS, GivenOptions
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.config.variables import VARIABLES

from .conftest import Desk, answer, error_of

BAD = {
    "a date format cut off": ("--date-format", "%d/%m/%Y %", "ends within a directive"),
    "a date format without a year": ("--date-format", "%d/%m", "no year"),
    "a date format with a zone": ("--date-format", "%d/%m/%Y %z", "TIMESTAMP WITH TIME ZONE"),
    "an empty date format": ("--date-format", "", "no directive"),
    "a decimal mark in words": ("--decimal-mark", "comma", "is not one of ',', '.'"),
    "a type that is none": ("--column-type", "a=NUMBER", "not a type of DuckDB"),
    "a type with SQL behind it": ("--column-type", "a=BIGINT; DROP TABLE x", "not a type of DuckDB"),
    "a type that no column can have": ("--column-type", "a=VARIANT", "VARCHAR or JSON"),
    "a sheet without a name": ("--sheet", "", "no name of a sheet"),
    "no memory": ("--max-memory", "0", "more than 0"),
    "memory in words": ("--max-memory", "plenty", "not a size such as 4GB"),
    "a size below nothing": ("--max-unpacked", "-1", "not a size such as 4GB"),
    "no time": ("--max-seconds", "0", "more than 0"),
    "time without a number": ("--max-seconds", "nan", "not a time in seconds"),
    "time without end": ("--max-seconds", "inf", "or less"),
    "a wait that is no number": ("--wait", "nan", "not a time in seconds"),
    "a wait below nothing": ("--wait", "-1", "0 or more"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("target", ["asset", "table"])
def test_an_option_that_cannot_be_used_is_wrong_usage_in_one_line(case: str, target: str, desk: Desk) -> None:
    option, value, says = BAD[case]
    file = desk.csv("a,b\n1,2\n")
    result = (desk.load_asset if target == "asset" else desk.load_table)(file, option, value)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    last = result.stderr.splitlines()[-1]
    assert last.startswith("Error: ")
    assert says in last
    assert "`sheets`" not in last
    assert "`date_format`" not in last
    assert not (desk.root / "own.duckdb").exists()


def test_every_setting_of_reading_has_an_option_but_showing_values() -> None:
    given = {field.name for field in fields(GivenOptions)}
    assert given == {field.name for field in fields(ReadOptions)} - {"show_values"}
    limits = {variable.field for variable in VARIABLES if variable.section == "ReadOptions"}
    assert LIMIT_OPTIONS.keys() == limits == {name for name in given if name.startswith("max_")}


@pytest.mark.usefixtures("cold_reader")
@pytest.mark.parametrize("target", ["asset", "table"])
@pytest.mark.parametrize(
    ("option", "values", "says"),
    [
        ("--max-memory", ("30MB", "1.5 GB"), "more than 30,000,000 bytes of memory"),
        ("--max-seconds", ("0.01", "600"), "longer than 0.01 s"),
        ("--max-unpacked", ("1000", "1GiB"), "more than 1,000 bytes"),
    ],
)
def test_a_limit_that_is_passed_names_the_option_that_raises_it(
    option: str, values: tuple[str, str], says: str, target: str, desk: Desk
) -> None:
    too_little, enough = values
    file = desk.xlsx([["id", "v"], *([n, "x"] for n in range(50))])
    load = desk.load_asset if target == "asset" else desk.load_table
    said = error_of(load(file, option, too_little))
    assert says in said
    assert f"raise {option}, and the same file loads" in said
    assert "PIPEFY_" not in said
    assert "reading." not in said
    assert answer(load(file, option, enough, "--json"))["rows"] == 50


def test_a_limit_of_the_configuration_holds_unless_an_option_says_otherwise(desk: Desk) -> None:
    os.environ["PIPEFY_EXPORTS_MAX_UNPACKED_BYTES"] = "1kB"
    file = desk.xlsx([["id"], [1]])
    assert "--max-unpacked" in error_of(desk.load_asset(file))
    assert answer(desk.load_asset(file, "--max-unpacked", "1GB", "--json"))["rows"] == 1
    # A table of one's own has no configuration.
    assert answer(desk.load_table(file, "--json"))["rows"] == 1


def workbook(folder: Path) -> Path:
    def sheet(header: str, value: str) -> str:
        cells = "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in (header, "w"))
        return f"<row>{cells}</row><row><c><v>{value}</v></c><c><v>0</v></c></row>"

    return Book({"One": sheet("id", "1"), "Two": sheet("other", "2")}).write(folder / "book.xlsx")


@pytest.mark.parametrize("target", ["asset", "table"])
def test_the_sheets_to_load_can_be_named(target: str, desk: Desk) -> None:
    file = workbook(desk.root)
    load = desk.load_asset if target == "asset" else desk.load_table
    only_one, only_two = answer(load(file, "--json")), answer(load(file, "--sheet", "Two", "--json"))
    assert (only_one["rows"], only_two["rows"]) == (1, 1)
    assert "id" in {column["header"] for column in only_one["columns"]}
    assert "other" in {column["header"] for column in only_two["columns"]}
    assert answer(load(file, "--sheet", "One", "--sheet", "Two", "--json"))["rows"] == 2
    said = error_of(load(file, "--sheet", "Three"))
    assert said.startswith("Error: --sheet names 'Three'")
    assert "`" not in said
