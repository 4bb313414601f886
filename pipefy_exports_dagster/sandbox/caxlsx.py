"""Workbooks as caxlsx writes them, the library that Rails applications such as Pipefy most often use."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pipefy_exports_dagster.sandbox.caxlsx_parts import SHEET_HEAD, SHEET_TAIL, parts_after, parts_before
from pipefy_exports_dagster.sandbox.tables import Cell, ProductionStoppedError, Table
from pipefy_exports_dagster.sandbox.workbooks import (
    column_letters,
    day_number,
    open_archive,
    serial,
    write_parts,
)

_ROWS_AT_ONCE = 500
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_WIDEST = 255
_EXPONENT_FROM = 1e15


@dataclass(frozen=True, slots=True)
class CaxlsxForm:
    """How an application uses caxlsx. Texts stay texts: it says so of each column (`types: :string`).

    Args:
        escape_formulas: Whether a text that begins with `=` stays a text, which is the default from caxlsx 4.0 on
            (2023). Where not, it becomes a formula without a value: many applications are older, or say so, and
            it is the harder of the two to read, hence ours.
        truth: How false and true are spelt: caxlsx writes digits; XML Schema allows `false` and `true` as well.
    """

    escape_formulas: bool = False
    truth: tuple[str, str] = ("0", "1")

    def write(self, table: Table, file: Path, *, stopped: Callable[[], bool] = lambda: False) -> None:
        """Write a table as a workbook.

        Raises:
            ProductionStoppedError: `stopped` said yes.
        """
        with open_archive(file) as archive:
            write_parts(archive, parts_before())
            with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
                for piece in self._sheet(table):
                    if stopped():
                        raise ProductionStoppedError
                    sheet.write(piece.encode())
            write_parts(archive, parts_after(datetime.now(UTC)))

    def _sheet(self, table: Table) -> Iterator[str]:
        """Yield the sheet's XML, some hundred rows at once."""
        rows = [table.header, *table.rows] if table.header else []
        yield SHEET_HEAD.format(dimension=_dimension(len(table.header), len(rows)), columns=_columns(table))
        letters = [column_letters(position) for position in range(len(table.header))]
        written = self._cells()
        for first in range(0, len(rows), _ROWS_AT_ONCE):
            yield "".join(
                _row(number, row, letters, written)
                for number, row in enumerate(rows[first : first + _ROWS_AT_ONCE], first + 1)
            )
        yield SHEET_TAIL

    def _cells(self) -> dict[type, Callable[[Any], str]]:
        """Return what stands behind a cell's reference, by the type of its value."""
        truth = self.truth
        return {
            type(None): lambda _: 's="0" />',
            bool: lambda value: f's="0" t="b"><v>{truth[value]}</v></c>',
            int: lambda value: f's="0" t="n"><v>{value}</v></c>',
            float: lambda value: f's="0" t="n"><v>{ruby_float(value)}</v></c>',
            date: lambda value: f's="2" ><v>{day_number(value)}.0</v></c>',
            datetime: lambda value: f's="2" ><v>{ruby_float(serial(value))}</v></c>',
            str: self._text,
        }

    def _text(self, value: str) -> str:
        text = _escaped(value)
        if not self.escape_formulas and value.startswith("="):
            return f's="0" t="str"><f>{text[1:]}</f></c>'
        return f's="0" t="inlineStr"><is><t>{text}</t></is></c>'


def ruby_float(value: float) -> str:
    """Write a number with a point as Ruby does: the shortest digits, `1.0e-07` where Python has `1e-07`."""
    text = repr(value)
    if abs(value) >= _EXPONENT_FROM and "e" not in text:
        whole, _, fraction = text.lstrip("-").partition(".")
        digits = (whole + fraction).rstrip("0")
        return f"{'-' * (value < 0)}{digits[0]}.{digits[1:] or 0}e+{len(whole) - 1}"
    mantissa, e, exponent = text.partition("e")
    return text if not e or "." in mantissa else f"{mantissa}.0e{exponent}"


def _row(
    number: int, row: Sequence[Cell], letters: list[str], written: dict[type, Callable[[Any], str]]
) -> str:
    cells = [
        f'<c r="{column}{number}" {written[type(value)](value)}'
        for column, value in zip(letters, row, strict=True)
    ]
    return f'<row r="{number}" >{"".join(cells)}</row>'


def _escaped(text: str) -> str:
    """Escape as Ruby's CGI does, apostrophes and quotation marks too; what XML cannot hold is left out."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _CONTROL.sub("", text.replace('"', "&quot;").replace("'", "&#39;"))


def _dimension(columns: int, rows: int) -> str:
    return f"A1:{column_letters(columns - 1)}{rows}" if columns else "A1:AA200"


def _columns(table: Table) -> str:
    """Return the columns' widths, which caxlsx makes of the longest text of each."""
    if not table.header:
        return ""
    longest = [len(header) for header in table.header]
    for row in table.rows:
        for position, value in enumerate(row):
            if value is not None and (length := len(str(value))) > longest[position]:
                longest[position] = length
    columns = "".join(
        f'<col width="{min((length + 3) * 1.1, _WIDEST)}" min="{nth}" max="{nth}" bestFit="1" customWidth="1" />'
        for nth, length in enumerate(longest, 1)
    )
    return f"<cols>{columns}</cols>"
