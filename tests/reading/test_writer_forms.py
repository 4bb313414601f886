# ruff: noqa: DTZ001  a workbook's times have no zone
"""One table in the forms of six writers: every value that a writer kept is in the table, and none is invented.

What a writer itself loses (the digits past the sixteenth, carriage returns, the format of a day) is not in its file;
`EXPECTED` says of each form what is.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.loader import Loader
from support.writers import FORMS, Form
from support.writers.excel import excel_number

from pipefy_exports_dagster.sandbox.caxlsx import CaxlsxForm
from pipefy_exports_dagster.sandbox.tables import Cell, Table

ALL_FORMS: dict[str, Form] = FORMS | {
    "caxlsx, escaped": CaxlsxForm(escape_formulas=True).write,
    "caxlsx, true and false": CaxlsxForm(truth=("false", "true")).write,
}

TEXTS = (
    "Caixa d'água", 'Disse "sim" & <não> > tudo', "]]>", "<![CDATA[x]]>", "&#39; &amp; &lt;b&gt; já escapado",
    "_x000D_", "código _x0041_ e _x00e7_", "_x12_", "linha 1\nlinha 2", "linha 1\r\nlinha 2", "so\rCR", "tab\taqui",
    "  espaço antes", "depois  ", " ", "\n", "linha\n",
    "😀 emoji 👩‍👩‍👧", "\ufeffbom", "zero\u200bwidth", "nbsp\xa0", "\u2028sep", "",
    "=SOMA(A1:A2) não é fórmula", "=== URGENTE ===", "=", "=a & b < 'c'", "TRUE", "#N/A",
    "2026-11-12T14:05:00-03:00",
    "https://app.pipefy.com/pipes/301?x=1&y='2'", "mailto:a@b.c", "Ação à vista, naïve, Ω, 漢字", "x" * 32_767, "null",
    "-",
)  # fmt: skip
IDS = (73539230169194141, 9007199254740993, 123456789012345678, 7, -1, 0)
MOMENTS = (
    datetime(2026, 8, 21, 12, 50, 13), datetime(2026, 8, 21), datetime(2026, 8, 21, 8), datetime(2026, 8, 21, 16),
    datetime(2026, 8, 21, 23, 59, 59), datetime(2026, 8, 21, 0, 0, 1), datetime(1999, 12, 31, 7, 7, 7),
    datetime(2026, 11, 1, 1), datetime(2013, 12, 1, 0, 51, 12),
)  # fmt: skip
MILLISECONDS = (datetime(2026, 8, 21, 12, 50, 13, 250_000), datetime(2026, 8, 21, 2, 57, 46, 80_000))
DAYS = (date(2026, 1, 28), date(2000, 2, 29), date(1900, 3, 1), date(2099, 12, 31))
NUMBERS = (0.1, 1e-07, 21487.6, 75824.29, 1e15, -0.5, 12345678.9, 0.16962191065477294, 100.0, 2.5e-300)
TRUTHS = (True, False, None)
CODES = (
    "00042",
    "007",
    "12345678901",
    "1.50",
    "1e5",
    "+5",
    "0123456789012345678",
    "1,5",
    "0x1F",
    "123.456.789-09",
)
HEADER = ("Texto", "ID", "Momento", "Milissegundos", "Dia", "Valor", "Ativo", "Vazio")
TABLE = Table(
    HEADER,
    [
        tuple(values[n % len(values)] for values in (TEXTS, IDS, MOMENTS, MILLISECONDS, DAYS, NUMBERS, TRUTHS, (None,)))
        for n in range(len(TEXTS) * 2)
    ],
)  # fmt: skip


def xml(text: str) -> str:
    """XML has one line break: a reader gets `\\n` where `\\r\\n` or `\\r` stands as it is."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def codes(text: str) -> str:
    """A workbook's texts have `_x000D_` for what XML cannot hold, also where a writer did not mean it."""
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda code: chr(int(code[1], 16)), text)


def same(value: Any) -> Any:
    return value


def serial_of(moment: datetime) -> float:
    return (moment - datetime(1899, 12, 30)) / timedelta(days=1)


@dataclass(frozen=True)
class Kept:
    """What a form keeps of the table's values, and the types that this gives.

    Args:
        types: Of columns, where they are not those of a form that has all kinds of cells.
        formulas: How many formulas with a value, and without one, there are in `TEXTS`.
    """

    text: Callable[[str], str] = same
    id: Callable[[int], int] = same
    number: Callable[[float], float] = same
    moment: Callable[[datetime], Any] = same
    day: Callable[[date], Any] = same
    truth: Callable[[bool], Any] = same
    types: dict[str, str] = field(default_factory=dict)
    formulas: tuple[int, int] = (0, 0)

    def value(self, value: Cell) -> Any:
        """Return what of a value is in the file."""
        match value:
            case None | "":
                return None
            case bool():
                return self.truth(value)
            case str():
                return self.text(value)
            case datetime():
                return self.moment(value)
            case date():
                return self.day(value)
            case int():
                return self.id(value)
            case float():
                return self.number(value)


TYPES = {
    "texto": "VARCHAR", "id": "BIGINT", "momento": "TIMESTAMP", "milissegundos": "TIMESTAMP", "dia": "DATE",
    "valor": "DOUBLE", "ativo": "BOOLEAN", "vazio": "VARCHAR",
}  # fmt: skip
STARTS_WITH_EQUALS = sum(text.startswith("=") for text in TEXTS)
CAXLSX = Kept(text=lambda text: codes(xml(text)), formulas=(0, STARTS_WITH_EQUALS))
EXPECTED = {
    # Sixteen digits of any number. A lone `=` is a text.
    "openpyxl": Kept(
        text=lambda text: codes(xml(text)),
        id=lambda value: int(Decimal(f"{value:.16g}")),
        number=lambda value: float(f"{value:.16g}"),
        formulas=(0, STARTS_WITH_EQUALS - 1),
    ),
    "excel": Kept(id=lambda value: int(Decimal(excel_number(value))) if abs(value) >= 10**15 else value),
    "caxlsx": CAXLSX,
    "caxlsx, escaped": Kept(text=CAXLSX.text),
    "caxlsx, true and false": CAXLSX,
    "xlsxtream": Kept(text=xml),
    # A formula with a value keeps the value, which is 0 here.
    "write_xlsx": Kept(
        text=lambda text: "0" if text.startswith("=") else text, formulas=(STARTS_WITH_EQUALS, 0)
    ),
    # Truth is a text, and days are numbers like any other.
    "rubyxl": Kept(
        text=codes,
        moment=serial_of,
        day=lambda day: int(serial_of(datetime(day.year, day.month, day.day))),
        truth=lambda value: str(value).lower(),
        types={"momento": "DOUBLE", "milissegundos": "DOUBLE", "dia": "BIGINT", "ativo": "VARCHAR"},
    ),
}


@pytest.mark.parametrize("form", ALL_FORMS)
def test_every_value_that_the_writer_kept_is_in_the_table(loader: Loader, tmp_path: Path, form: str) -> None:
    kept = EXPECTED[form]
    path = tmp_path / "export.xlsx"
    ALL_FORMS[form](TABLE, path)

    report = loader.load_here(path)

    assert [column.header for column in report.columns] == list(HEADER)
    assert loader.types() == TYPES | kept.types
    for position, name in enumerate(TYPES):
        expected = [kept.value(row[position]) for row in TABLE.rows]
        assert loader.column(name) == expected, name


@pytest.mark.parametrize("form", ALL_FORMS)
def test_formulas_are_counted_where_a_writer_made_them_of_texts(
    loader: Loader, tmp_path: Path, form: str
) -> None:
    path = tmp_path / "export.xlsx"
    ALL_FORMS[form](Table(("Texto",), [(text,) for text in TEXTS]), path)

    file = loader.load_here(path).file

    assert (file.formula_cells, file.formulas_without_value) == EXPECTED[form].formulas


@pytest.mark.parametrize("form", [form for form in ALL_FORMS if form != "write_xlsx"])
def test_texts_of_digits_stay_as_they_are_spelt(loader: Loader, tmp_path: Path, form: str) -> None:
    path = tmp_path / "export.xlsx"
    ALL_FORMS[form](Table(("Código",), [(code,) for code in CODES]), path)

    loader.load_here(path)

    assert loader.types() == {"codigo": "VARCHAR"}
    assert loader.column("codigo") == list(CODES)


@pytest.mark.parametrize("form", ALL_FORMS)
def test_numbers_with_more_digits_than_a_type_holds_keep_all_of_them(
    loader: Loader, tmp_path: Path, form: str
) -> None:
    numbers = (73539230169194141, 1234567890123456789, 12345678901234567890123, 7)
    path = tmp_path / "export.xlsx"
    ALL_FORMS[form](Table(("ID",), [(number,) for number in numbers]), path)

    loader.load_here(path)

    expected = [EXPECTED[form].id(number) for number in numbers]
    found = [text for [text] in loader.texts(["id"])]
    # openpyxl writes them as the shortest text of a float, which a float then holds as it is.
    assert loader.types() == {"id": "DOUBLE" if form == "openpyxl" else "VARCHAR"}
    assert [Decimal(text) for text in found if text] == expected
    if form not in ("openpyxl", "excel"):  # which write `1.2345678901234568E+18`
        assert found == [str(number) for number in numbers]


def test_texts_of_digits_that_write_xlsx_made_numbers_of_are_those_numbers(
    loader: Loader, tmp_path: Path
) -> None:
    path = tmp_path / "export.xlsx"
    numbers = ("42", "-7", "12345678901", "73539230169194141")
    FORMS["write_xlsx"](Table(("Código",), [(code,) for code in numbers]), path)

    loader.load_here(path)

    assert loader.types() == {"codigo": "BIGINT"}
    assert loader.column("codigo") == [int(code) for code in numbers]


# rubyXL's days are numbers, which are not turned into times.
@pytest.mark.parametrize("form", [form for form in ALL_FORMS if form != "rubyxl"])
@pytest.mark.parametrize("unit", [timedelta(seconds=1), timedelta(milliseconds=1)], ids=["seconds", "ms"])
def test_times_are_exact_in_every_form(loader: Loader, tmp_path: Path, form: str, unit: timedelta) -> None:
    chance = random.Random(f"{form} {unit}")  # noqa: S311
    start, units = datetime(1985, 1, 1), timedelta(days=40_000) // unit
    times = [start + chance.randrange(units) * unit for _ in range(3_000)]
    path = tmp_path / "export.xlsx"
    ALL_FORMS[form](Table(("Momento",), [(time,) for time in times]), path)

    loader.load_here(path)

    wrong = [pair for pair in zip(times, loader.column("momento"), strict=True) if pair[0] != pair[1]]
    assert wrong == []


@pytest.mark.parametrize("form", ALL_FORMS)
def test_a_table_without_rows_has_its_columns(loader: Loader, tmp_path: Path, form: str) -> None:
    path = tmp_path / "export.xlsx"
    ALL_FORMS[form](Table(HEADER, []), path)

    report = loader.load_here(path)

    assert (report.rows, [column.header for column in report.columns]) == (0, list(HEADER))


@pytest.mark.parametrize("form", ALL_FORMS)
def test_pieces_of_many_rows_with_a_few_unusual_cells_hold_every_row(
    loader: Loader, tmp_path: Path, form: str
) -> None:
    rows: list[tuple[Cell, ...]] = [
        (n, "=x" if n % 1_000 == 7 else f"texto d'{n % 100}", n / 8, None if n % 3 else n % 2 == 0)
        for n in range(20_000)
    ]
    path = tmp_path / "export.xlsx"
    ALL_FORMS[form](Table(("N", "Texto", "Valor", "Ativo"), rows), path)

    loader.load_here(path)

    kept = EXPECTED[form]
    found = loader.query("SELECT n, texto, valor, ativo FROM jobs ORDER BY _file_row")
    assert found == [tuple(kept.value(value) for value in row) for row in rows]
