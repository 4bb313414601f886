"""Any worksheet XML into cells, one by one.

The reference for `fast_cells`, and what reads the pieces that it leaves: rich text, comments, prefixes,
cells without a reference, anything that is not written the way the common programs write it.
"""

import re
from typing import Any

from .cells import CELL_TYPES, CellType, Run
from .escapes import unescaped
from .xml_events import XmlFeed

_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?[0-9]*")
_STYLE = re.compile(r"[0-9]{1,9}")
MAX_COLUMNS = 16_384


def column_index(reference: str) -> int | None:
    """Tell the column of a reference: `AB12` is in column 27, counted from 0; None if it is no reference."""
    match = _REFERENCE.fullmatch(reference)
    if not match:
        return None
    index = 0
    for letter in match[1].upper():
        index = index * 26 + ord(letter) - 64
    return index - 1 if index <= MAX_COLUMNS else None


class SlowScanner:
    """Collects the cells of `<row>` elements from XML that is fed to it."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, CellType, int], tuple[list[int], list[str]]] = {}
        self._of_row: dict[int, tuple[list[int], list[str]]] = {}
        self._row = -1
        self._column = -1
        self._key: tuple[CellType, int] | None = None
        self._texts: list[str] = []
        self._listening = False
        self._phonetic = 0

    def scan(self, rows: bytes) -> list[Run]:
        """Scan `<row>` elements, whatever their prefix."""
        import numpy as np
        import pyarrow as pa

        feed = XmlFeed(self._start, end=self._end, text=self._text)
        # Prefixes are declared on elements that this piece is cut out of; without namespaces that is fine.
        feed.feed(b"<piece>")
        feed.feed(rows)
        feed.feed(b"</piece>", final=True)
        undo = unescaped if b"_x" in rows else _as_it_is
        return [
            Run(column, type_, style, np.array(numbers, np.int32), undo(pa.array(texts, pa.string())))
            for (column, type_, style), (numbers, texts) in self._cells.items()
            if numbers
        ]

    def _start(self, element: str, attributes: dict[str, str]) -> None:
        if element == "row":
            self._row += 1
            self._column = -1
            self._of_row.clear()
        elif element == "c":
            found = column_index(attributes.get("r", ""))
            self._column = self._column + 1 if found is None else found
            style = attributes.get("s", "0")
            type_ = CELL_TYPES.get(attributes.get("t", "n"), CellType.TEXT)
            self._key = (type_, int(style) if _STYLE.fullmatch(style) else 0)
            self._texts = []
        elif element == "rPh":
            self._phonetic += 1
        elif element in ("v", "t") and not self._phonetic and self._key:
            self._listening = True

    def _end(self, element: str) -> None:
        if element in ("v", "t"):
            self._listening = False
        elif element == "rPh":
            self._phonetic -= 1
        elif element == "c" and self._key:
            text = "".join(self._texts)
            if text:
                if twice := self._of_row.get(self._column):
                    for listed in twice:  # of two cells in one place the later counts, as in openpyxl
                        listed.pop()
                rows, texts = self._cells.setdefault((self._column, *self._key), ([], []))
                rows.append(self._row)
                texts.append(text)
                self._of_row[self._column] = (rows, texts)
            self._key = None

    def _text(self, text: str) -> None:
        if self._listening:
            self._texts.append(text)


def _as_it_is(texts: Any) -> Any:
    return texts


def scan_rows_slowly(rows: bytes) -> list[Run]:
    """Scan a piece of complete `<row>` elements."""
    return SlowScanner().scan(rows)
