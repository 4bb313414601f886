"""Any file into any table of any DuckDB file."""

import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import duckdb
import pytest

from .conftest import Desk, answer, error_of

GOOD = Path(__file__).parent.parent / "data" / "good"


def query(desk: Desk, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(desk.root / "own.duckdb", read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_json_says_everything_about_the_load(desk: Desk) -> None:
    found = answer(desk.load_table(GOOD / "sheets.xlsx", "--json"))
    assert found["rows"] == 3
    assert found["columns"] == [
        {"name": "id", "type": "BIGINT", "header": "id"},
        {"name": "nome", "type": "VARCHAR", "header": "nome"},
    ]
    assert found["sheets_loaded"] == [
        {"name": "First", "rows": 2, "hidden": False},
        {"name": "Second", "rows": 1, "hidden": False},
    ]
    assert [(sheet["name"], sheet["hidden"]) for sheet in found["sheets_skipped"]] == [
        ("Other", False),
        ("Hidden", True),
        ("Empty", False),
    ]
    counts = ("error_cells", "formula_cells", "formulas_without_value", "dropped_blank_rows", "title_lines")
    assert [found[name] for name in counts] == [0, 0, 0, 0, []]
    assert (found["file_kind"], found["encoding"], found["delimiter"]) == ("xlsx", None, None)
    assert found["seconds"] > found["seconds_reading"] > 0
    found = answer(desk.load_table(GOOD / "windows_1252.csv", "--json"))
    assert (found["file_kind"], found["encoding"], found["delimiter"]) == ("csv", "windows-1252", ",")
    assert found["changes"]


def test_error_cells_are_counted(desk: Desk) -> None:
    found = answer(desk.load_table(GOOD / "errors.xlsx", "--json"))
    assert found["error_cells"] == 4


def test_people_get_a_table(desk: Desk) -> None:
    result = desk.load_table(desk.csv("Código,N\x1b[2J\n7,1\n"))
    assert result.exit_code == 0
    assert result.stdout.startswith("loaded 1 row into prices of ")
    assert "Código" in result.stdout
    assert "\\x1b[2J" in result.stdout
    assert "\x1b" not in result.stdout
    assert result.stderr == ""


def test_a_file_loaded_again_replaces_its_own_rows_only(desk: Desk) -> None:
    answer(desk.load_table(desk.csv("a,b\n1,x\n2,y\n", "one.csv"), "--json"))
    answer(desk.load_table(desk.csv("a,b\n3,z\n", "two.csv"), "--json"))
    older = desk.csv("a,b\n4,w\n", "one.csv")
    os.utime(older, (1_000_000_000, 1_000_000_000))
    answer(desk.load_table(older, "--json"))
    rows = query(desk, "SELECT a, _period_filter, _organization_id FROM prices ORDER BY a")
    assert rows == [(3, "two.csv", "-"), (4, "one.csv", "-")]


def test_neither_dagster_nor_settings_are_needed(desk: Desk) -> None:
    desk.csv("PIPEFY_EXPORTS_TIMEZONE=Mars/Olympus\n", ".env")
    shutil.rmtree(desk.root / "data")
    answer(desk.load_table(desk.csv("a,b\n1,x\n"), "--json"))
    assert sorted(path.name for path in desk.root.iterdir()) == [".env", "export.csv", "own.duckdb"]


@pytest.mark.parametrize(
    "name",
    [b"a b.csv", b"x[1].csv", b"it's *?.csv", "Relatório.csv".encode(), b"not-utf8-\xff.csv", b"-x\n.csv"],
)
def test_a_file_may_have_any_name(desk: Desk, name: bytes) -> None:
    path = desk.root / os.fsdecode(name)
    path.write_text("a,b\n1,x\n")
    result = desk.load_table(path)
    assert result.exit_code == 0
    assert result.stdout.startswith("loaded 1 row")
    [(slice_,)] = query(desk, "SELECT _period_filter FROM prices")
    assert slice_ == name.decode(errors="replace")


@pytest.mark.parametrize("table", ["select", 'a "quoted" name', "Preços 2026", "x'; DROP TABLE y; --"])
def test_a_table_may_have_any_name(desk: Desk, table: str) -> None:
    answer(desk.load_table(desk.csv("a,b\n1,x\n"), "--json", table=table))
    assert query(desk, "SELECT table_name FROM duckdb_tables()") == [(table,)]


def test_a_value_that_does_not_fit_its_pin_is_named(desk: Desk) -> None:
    answer(desk.load_table(desk.csv("a,b\n1,x\n"), "--json"))
    message = error_of(desk.load_table(desk.csv("a,b\n1,x\nzwei,y\n"), "--column-type", "a=BIGINT"))
    assert "'zwei' does not fit BIGINT" in message
    assert query(desk, "SELECT count(*) FROM prices") == [(1,)]


def test_a_pin_for_a_column_that_is_not_there_is_an_error(desk: Desk) -> None:
    said = error_of(desk.load_table(desk.csv("a,b\n1,x\n"), "--column-type", "c=BIGINT"))
    assert "it has a, b" in said
    assert not (desk.root / "own.duckdb").exists()


def test_a_header_pins_as_well_as_a_name(desk: Desk) -> None:
    file = desk.csv("Preço = R$,b\n10,x\n")
    found = answer(desk.load_table(file, "--json", "--column-type", "Preço = R$=DECIMAL(18,2)"))
    assert found["columns"][0]["type"] == "DECIMAL(18,2)"


def test_what_is_not_a_duckdb_file_is_left_alone(desk: Desk) -> None:
    other = desk.root / "own.duckdb"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE t (a)")
    connection.close()
    before = other.read_bytes()
    assert "not a DuckDB database" in error_of(desk.load_table(desk.csv("a,b\n1,x\n")))
    assert other.read_bytes() == before
    other.unlink()
    other.mkdir()
    assert "is a folder" in error_of(desk.load_table(desk.csv("a,b\n1,x\n")))


def test_a_damaged_database_is_one_line(desk: Desk) -> None:
    database = desk.root / "own.duckdb"
    answer(desk.load_table(desk.csv("a,b\n1,x\n"), "--json"))
    content = bytearray(database.read_bytes())
    content[4096:4200] = bytes(104)
    database.write_bytes(content)
    error_of(desk.load_table(desk.csv("a,b\n1,x\n")))


def test_a_table_that_is_not_ours_is_left_alone(desk: Desk) -> None:
    with duckdb.connect(desk.root / "own.duckdb") as connection:
        connection.execute("CREATE TABLE prices (a INTEGER); CREATE VIEW seen AS SELECT 1 AS a")
    file = desk.csv("a,b\n1,x\n")
    assert "was not made by this package" in error_of(desk.load_table(file))
    assert "is a view" in error_of(desk.load_table(file, table="seen"))


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_what_is_not_a_file_is_named(desk: Desk, dry: tuple[str, ...]) -> None:
    pipe = desk.root / "pipe"
    os.mkfifo(pipe)
    loop = desk.root / "loop"
    loop.symlink_to(loop)
    for path, said in (
        (desk.root / "nothing.csv", "does not exist"),
        (desk.root, "is a folder"),
        (pipe, "is not an ordinary file"),
        (Path("/dev/stdin"), ""),
        (loop, ""),
        (desk.root / ("x" * 300), "too long"),
        (desk.csv("", "empty.csv"), "an empty file"),
    ):
        assert said in error_of(desk.load_table(path, *dry))
    assert not (desk.root / "own.duckdb").exists()
