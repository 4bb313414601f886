"""The cells of a piece of a sheet, as arrays; what both scanners give."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any


class CellType(IntEnum):
    """What a cell's `t` attribute says its stored text is."""

    NUMBER = 0
    SHARED = 1
    TEXT = 2
    BOOLEAN = 3
    ERROR = 4
    ISO_DATE = 5


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
        texts: What is stored in each (pyarrow string array); never empty texts.
    """

    column: int
    type: CellType
    style: int
    rows: Any
    texts: Any
