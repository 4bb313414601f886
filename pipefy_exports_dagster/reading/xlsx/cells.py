"""The cells of a piece of a sheet, as arrays; the result of both scanners."""

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

MAX_COLUMNS = 16_384
_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{0,8})")


class CellType(IntEnum):
    """What a cell's `t` attribute says its stored text is."""

    NUMBER = 0
    SHARED = 1
    TEXT = 2
    BOOLEAN = 3
    ERROR = 4
    ISO_DATE = 5
    FORMULA = 6
    """No value is stored: the text is the formula itself."""


CELL_TYPES = {
    "n": CellType.NUMBER,
    "s": CellType.SHARED,
    "str": CellType.TEXT,
    "inlineStr": CellType.TEXT,
    "b": CellType.BOOLEAN,
    "e": CellType.ERROR,
    "d": CellType.ISO_DATE,
}


@dataclass(frozen=True, slots=True)
class Run:
    """Cells of one column of one piece that have the same type and style.

    Args:
        rows: Ordinals of the rows in the piece, ascending (numpy int32).
        texts: The stored text of each (pyarrow string array); never empty.
    """

    column: int
    type: CellType
    style: int
    rows: Any
    texts: Any


@dataclass(frozen=True, slots=True)
class ScannedCells:
    """The cells that a piece of a sheet stores.

    Args:
        numbers: The number of each row in the sheet, by its ordinal in the piece; 0 if it is not given (int64).
        formula_cells: Cells that have a formula and a value.
    """

    runs: list[Run]
    numbers: Any
    formula_cells: int = 0


def column_and_row(reference: str) -> tuple[int, int] | None:
    """Parse a reference: `AB12` is column 27, counted from 0, and row 12; row 0 if it names none.

    None if it is not a reference.
    """
    match = _REFERENCE.fullmatch(reference)
    if not match:
        return None
    index = 0
    for letter in match[1].upper():
        index = index * 26 + ord(letter) - 64
    return (index - 1, int(match[2] or 0)) if index <= MAX_COLUMNS else None
