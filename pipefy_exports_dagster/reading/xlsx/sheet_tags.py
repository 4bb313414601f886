"""The tags of a piece of a worksheet: the grammar, and rows and cells by their tags."""

from dataclasses import dataclass
from typing import Any

from .grammar import Element, Grammar
from .tags import Tags

ROW = Element(b"row", 1)
CELL = Element(b"c", 4)
VALUE = Element(b"v", 7, holds_text=True)
FORMULA = Element(b"f", 10, holds_text=True)
INLINE = Element(b"is", 13)
TEXT = Element(b"t", 16, holds_text=True)

_NEXT_ROW = (ROW.code, ROW.empty)
_NEXT_CELL = (CELL.code, CELL.empty, ROW.end)
_CONTENT = (VALUE.code, VALUE.empty, INLINE.code, INLINE.empty, CELL.end)
SHEET = Grammar(
    (ROW, CELL, VALUE, FORMULA, INLINE, TEXT),
    [
        *((ROW.code, next_) for next_ in _NEXT_CELL),
        *((end, next_) for end in (ROW.empty, ROW.end) for next_ in _NEXT_ROW),
        *((end, next_) for end in (CELL.empty, CELL.end) for next_ in _NEXT_CELL),
        *((CELL.code, next_) for next_ in (FORMULA.code, FORMULA.empty, *_CONTENT)),
        *((end, next_) for end in (FORMULA.empty, FORMULA.end) for next_ in _CONTENT),
        *((text.code, text.end) for text in (VALUE, FORMULA, TEXT)),
        *((end, CELL.end) for end in (VALUE.empty, VALUE.end, INLINE.empty, INLINE.end)),
        *((INLINE.code, next_) for next_ in (TEXT.code, TEXT.empty, INLINE.end)),
        *((end, INLINE.end) for end in (TEXT.empty, TEXT.end)),
    ],
    starts=_NEXT_ROW,
    ends=(ROW.empty, ROW.end),
)


@dataclass(frozen=True, slots=True)
class SheetTags:
    """The rows of a piece: ordinals of their tags, and of those of their cells."""

    tags: Tags
    rows: Any
    cells: Any
    of_cells: Any
    length: int

    @classmethod
    def of(cls, tags: Tags, length: int) -> "SheetTags":
        import numpy as np

        codes = tags.codes
        rows = np.flatnonzero((codes == ROW.code) | (codes == ROW.empty))
        cells = np.flatnonzero((codes == CELL.code) | (codes == CELL.empty))
        counts = np.diff(np.append(np.searchsorted(cells, rows), len(cells)))
        return cls(tags, rows, cells, np.repeat(np.arange(len(rows), dtype=np.int32), counts), length)

    def refuse(self, ordinals: Any) -> None:
        """Have some rows scanned slowly, if there are any."""
        self.tags.refuse(self.rows, ordinals, self.length)

    def refuse_tags(self, ordinals: Any) -> None:
        """Have the rows of some tags scanned slowly."""
        import numpy as np

        self.refuse(np.searchsorted(self.rows, ordinals, side="right") - 1)
