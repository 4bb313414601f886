"""Read any worksheet XML into cells, one by one.

The reference for `fast_cells`, and the reader of the rows that it leaves: rich text, prefixes, cells without a
reference, anything in a form that the common programs do not write.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .cells import CELL_TYPES, CellType, Run, ScannedCells, column_and_row
from .escapes import unescaped
from .opening import Opening
from .sheet_pieces import PLAIN
from .xml_tree import XmlTree

_STYLE = re.compile(r"[0-9]{1,9}")
_ROW_NUMBER = re.compile(r"[0-9]{1,8}")
_ROW, _CELL = "sheetData/row", "sheetData/row/c"
_VALUE, _FORMULA = f"{_CELL}/v", f"{_CELL}/f"
# Phonetic guides annotate Japanese text and are not part of it.
_INLINE = (f"{_CELL}/is/t", f"{_CELL}/is/r/t")


@dataclass(slots=True)
class _Cell:
    """A cell that is being read; a list of texts is None until there is such an element."""

    column: int
    number: int
    type: CellType
    style: int
    value: list[str] | None = None
    inline: list[str] | None = None
    formula: list[str] | None = None
    values: int = 0

    def stored(self) -> tuple[CellType, str]:
        """Decide what the cell stores: its type determines which content counts."""
        value, inline = "".join(self.value or ()), "".join(self.inline or ())
        if inline and (self.type is CellType.TEXT or not value):
            return CellType.TEXT, inline
        if value:
            return self.type, value
        is_blank_text = self.type is CellType.TEXT and self.value is not None
        if self.formula is not None and not is_blank_text:
            return (
                CellType.FORMULA,
                f"={''.join(self.formula)}",
            )  # the text of a shared formula is in another cell
        return self.type, ""


@dataclass(slots=True)
class SlowScanner:
    """Collects the cells of `<row>` elements from the XML that it is fed."""

    _cells: dict[tuple[int, CellType, int], tuple[list[int], list[str]]] = field(default_factory=dict)
    _of_row: dict[int, tuple[list[int], list[str]]] = field(default_factory=dict)
    _numbers: list[int] = field(default_factory=list)
    _formula_cells: int = 0
    _row_number: int = 0
    _column: int = -1
    _cell: _Cell | None = None

    def scan(self, rows: bytes, opening: Opening) -> ScannedCells:
        """Scan `<row>` elements with any prefix."""
        import numpy as np
        import pyarrow as pa

        XmlTree(self._start, end=self._end, text=self._text).feed(opening.whole(rows), final=True)
        undo = unescaped if b"_x" in rows else _as_it_is
        runs = [
            Run(column, type_, style, np.array(numbers, np.int32), undo(pa.array(texts, pa.string())))
            for (column, type_, style), (numbers, texts) in self._cells.items()
            if numbers
        ]
        return ScannedCells(runs, np.array(self._numbers, np.int64), self._formula_cells)

    def _start(self, path: str, attributes: Mapping[str, str]) -> None:
        if path == _ROW:
            number = attributes.get("r", "").strip()
            self._begin_row(int(number) if _ROW_NUMBER.fullmatch(number) else 0)
            self._column = -1
        elif path == _CELL:
            self._begin_cell(attributes)
        elif self._cell is None:
            return
        elif path == _VALUE:
            self._cell.values += 1
            self._cell.value = self._cell.value or []
        elif path in _INLINE:
            self._cell.inline = self._cell.inline or []
        elif path == _FORMULA:
            self._cell.formula = self._cell.formula or []

    def _begin_row(self, number: int) -> None:
        self._row_number = number
        self._numbers.append(number)
        self._of_row = {}

    def _begin_cell(self, attributes: Mapping[str, str]) -> None:
        column, number = column_and_row(attributes.get("r", "").strip()) or (self._column + 1, 0)
        self._column = column
        if number and number != self._row_number:
            # The reference decides the row, even within one <row>.
            if self._of_row or not self._numbers:
                self._begin_row(number)
            self._row_number = self._numbers[-1] = number
        style = attributes.get("s", "0").strip()
        type_ = CELL_TYPES.get(attributes.get("t", "n").strip(), CellType.TEXT)
        self._cell = _Cell(column, number, type_, int(style) if _STYLE.fullmatch(style) else 0)

    def _end(self, path: str) -> None:
        if path != _CELL or self._cell is None:
            return
        cell, self._cell = self._cell, None
        type_, text = cell.stored()
        if not text:
            return
        if type_ is not CellType.FORMULA and cell.formula is not None:
            self._formula_cells += 1
        if twice := self._of_row.get(cell.column):
            for listed in twice:  # of two cells with the same reference the later counts, as in openpyxl
                listed.pop()
        rows, texts = self._cells.setdefault((cell.column, type_, cell.style), ([], []))
        rows.append(len(self._numbers) - 1)
        texts.append(text)
        self._of_row[cell.column] = (rows, texts)

    def _text(self, path: str, text: str) -> None:
        if self._cell is None:
            return
        if path == _VALUE:
            assert self._cell.value is not None  # noqa: S101  its start tag was seen
            if (
                self._cell.values == 1
            ):  # of two, which real workbooks do not have, the first counts, as in openpyxl
                self._cell.value.append(text)
        elif path in _INLINE:
            assert self._cell.inline is not None  # noqa: S101  likewise
            self._cell.inline.append(text)
        elif path == _FORMULA:
            assert self._cell.formula is not None  # noqa: S101  likewise
            self._cell.formula.append(text)


def _as_it_is(texts: Any) -> Any:
    return texts


def scan_rows_slowly(rows: bytes, opening: Opening = PLAIN) -> ScannedCells:
    """Scan a piece of complete `<row>` elements.

    Raises:
        UnreadableFileError: It is not XML.
    """
    return SlowScanner().scan(rows, opening)
