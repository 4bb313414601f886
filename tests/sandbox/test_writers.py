# ruff: noqa: DTZ001  a workbook's times have no zone
"""The workbooks that the sandbox writes: whose form they have, and that nothing is lost in it."""

import io
import re
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import openpyxl
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sandbox.api_client import Api, get

from pipefy_exports_dagster.cli import main as cli
from pipefy_exports_dagster.sandbox import Sandbox, SandboxPeriod, SandboxSettings, Table, Writer
from pipefy_exports_dagster.sandbox.caxlsx import CaxlsxForm, ruby_float
from pipefy_exports_dagster.sandbox.files import write_file
from pipefy_exports_dagster.sandbox.tables import Cell, ProductionStoppedError

TABLE = Table(
    ("Código", "Título", "Motivo", "Criado", "Dia", "Valor", "Urgente", "Vazia"),
    [
        (735392301691, "Caixa d'água", '=== "X" ===', datetime(2026, 8, 21, 8), date(2026, 1, 28), 1.5, True, None),
        (-7, "00042", "a & b < c > d", datetime(2026, 8, 21, 12, 50, 13), None, 1e-07, False, None),
        (0, "", "linha 1\nlinha 2", None, date(1999, 12, 31), 100.0, None, None),
    ],
)  # fmt: skip


def never() -> bool:
    return False


def written(folder: Path, table: Table, **given_settings: Any) -> Path:
    file = folder / "export.xlsx"
    write_file(table, file, SandboxSettings(**given_settings), never)
    return file


def sheet_of(file: Path) -> str:
    with zipfile.ZipFile(file) as archive:
        return archive.read("xl/worksheets/sheet1.xml").decode()


def read_back(file: Path) -> list[list[Any]]:
    sheet = openpyxl.load_workbook(file).worksheets[0]
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def as_stored(value: Cell) -> Any:
    """A workbook knows no day without a time, and a blank text reads back as nothing in some forms."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return None if value == "" else value


@pytest.mark.parametrize("writer", list(Writer))
def test_every_value_is_in_the_workbook_whoever_writes_it(writer: Writer, tmp_path: Path) -> None:
    header, *rows = read_back(written(tmp_path, TABLE, writer=writer))

    assert tuple(header[:7]) == TABLE.header[:7]
    expected = [[as_stored(value) for value in row[:7]] for row in TABLE.rows]
    assert [[as_stored(value) for value in row[:7]] for row in rows] == expected


def test_workbooks_have_caxlsx_parts_and_cells_unless_told_otherwise(tmp_path: Path) -> None:
    file = written(tmp_path, TABLE)

    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == [
            "[Content_Types].xml",
            "_rels/.rels",
            "xl/worksheets/sheet1.xml",
            "xl/worksheets/_rels/sheet1.xml.rels",
            "xl/workbook.xml",
            "xl/theme/theme1.xml",
            "xl/styles.xml",
            "xl/_rels/workbook.xml.rels",
            "docProps/core.xml",
            "docProps/app.xml",
        ]
    rows = re.findall(r"<row .*?</row>", sheet_of(file), re.DOTALL)
    assert rows[1] == (
        '<row r="2" ><c r="A2" s="0" t="n"><v>735392301691</v></c>'
        '<c r="B2" s="0" t="inlineStr"><is><t>Caixa d&#39;água</t></is></c>'
        '<c r="C2" s="0" t="str"><f>== &quot;X&quot; ===</f></c>'
        '<c r="D2" s="2" ><v>46255.333333333336</v></c><c r="E2" s="2" ><v>46050.0</v></c>'
        '<c r="F2" s="0" t="n"><v>1.5</v></c><c r="G2" s="0" t="b"><v>1</v></c><c r="H2" s="0" /></row>'
    )
    assert '<c r="F3" s="0" t="n"><v>1.0e-07</v></c>' in rows[2]
    assert '<c r="B4" s="0" t="inlineStr"><is><t></t></is></c>' in rows[3]
    assert '<dimension ref="A1:H4"></dimension>' in sheet_of(file)


def test_an_application_that_escapes_formulas_writes_them_as_texts(tmp_path: Path) -> None:
    file = tmp_path / "escaped.xlsx"
    CaxlsxForm(escape_formulas=True).write(TABLE, file)

    assert '<c r="C2" s="0" t="inlineStr"><is><t>=== &quot;X&quot; ===</t></is></c>' in sheet_of(file)


def test_an_export_has_the_form_that_the_setting_names(
    start: Callable[..., Sandbox], connect: Callable[..., Api]
) -> None:
    sheets = {}
    for writer in Writer:
        sandbox = start(writer=writer)
        api = connect(sandbox)
        link = api.create_jobs()["fileUrl"]
        assert urlsplit(link).path.endswith(".xlsx")
        rows = api.rows(link)
        table = sandbox.world.automation_jobs(SandboxPeriod.LAST_MONTH)
        assert rows[0] == table.header
        assert rows[1:] == table.rows
        with zipfile.ZipFile(io.BytesIO(get(link, timeout=10).content)) as archive:
            sheets[writer] = archive.read("xl/worksheets/sheet1.xml")

    assert b'<row r="1" >' in sheets[Writer.CAXLSX]
    assert b'<row r="1">' in sheets[Writer.OPENPYXL]


def test_the_command_line_takes_a_writer_and_says_which_there_are() -> None:
    result = CliRunner().invoke(cli.main, ["sandbox", "--writer", "word"])

    assert result.exit_code == 2
    assert "'word' is not one of 'caxlsx', 'openpyxl'" in result.output


@pytest.mark.parametrize("writer", list(Writer))
@pytest.mark.parametrize(
    "table",
    [Table((), []), Table(("Só uma",), []), Table(("Só uma",), [(None,)])],
    ids=["no columns", "no rows", "an empty row"],
)
def test_next_to_nothing_is_a_workbook_too(writer: Writer, table: Table, tmp_path: Path) -> None:
    rows = read_back(written(tmp_path, table, writer=writer))

    assert [row for row in rows if any(row)] == ([["Só uma"]] if table.header else [])


@pytest.mark.parametrize("writer", list(Writer))
def test_writing_ends_when_the_sandbox_does(writer: Writer, tmp_path: Path) -> None:
    asked = iter([False, False, True, True])

    with pytest.raises(ProductionStoppedError):
        write_file(
            Table(("N",), [(n,) for n in range(100_000)]),
            tmp_path / "export.xlsx",
            SandboxSettings(writer=writer),
            lambda: next(asked),
        )

    assert next(asked)  # it was asked three times, and did not write the rest


def test_the_memory_of_writing_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    rows: list[tuple[Cell, ...]] = [(n, "a text of some length", None, 0.5) for n in range(20_000)]
    table = Table(("A", "B", "C", "D"), rows)
    tracemalloc.start()
    try:
        written(tmp_path, table)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(sheet_of(tmp_path / "export.xlsx")) > 3_000_000
    assert peak < 1_500_000


# As Ruby 3 shows them; from 1e15 on as in the workbooks of caxlsx, xlsxtream and rubyXL that were looked at.
RUBY = {
    0.1: "0.1", 1.0: "1.0", 100.0: "100.0", 1e-04: "0.0001", 1e-05: "1.0e-05", 1.5e-07: "1.5e-07",
    123456789.25: "123456789.25", 1e15: "1.0e+15", -1.25e15: "-1.25e+15", 1234567890123456.8: "1.2345678901234568e+15",
    1e16: "1.0e+16", 1.5e300: "1.5e+300", -0.0: "-0.0",
}  # fmt: skip


@pytest.mark.parametrize("number", RUBY)
def test_numbers_are_spelt_as_ruby_spells_them(number: float) -> None:
    assert ruby_float(number) == RUBY[number]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_spelling_is_the_number(number: float) -> None:
    assert float(ruby_float(number)) == number


TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)
TIMES = st.datetimes(datetime(1900, 3, 1), datetime(2199, 12, 31)).map(
    lambda time: time.replace(microsecond=0)
)
ROWS = st.lists(st.tuples(TEXTS, st.integers(-(2**63), 2**63), TIMES), max_size=5)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(ROWS)
def test_whatever_people_write_is_in_the_workbook(tmp_path: Path, rows: list[tuple[Cell, ...]]) -> None:
    found = read_back(written(tmp_path, Table(("Text", "N", "Time"), rows)))[1:]

    # XML turns carriage returns into line feeds, and cannot hold control characters: caxlsx drops those.
    kept = [(_as_xml(str(text)), number, time) for text, number, time in rows]
    assert [(text or "", number, _rounded(time)) for text, number, time in found] == kept


def _as_xml(text: str) -> str:
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda code: chr(int(code[1], 16)), text)


def _rounded(time: datetime) -> datetime:
    return (time + timedelta(milliseconds=500)).replace(microsecond=0)
