"""A scanned sheet, and what depends on all of it: rows in pieces, blank rows, the header."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipefy_exports_dagster.reading.names import storable_header

from .canonical import texts_of
from .columns import Piece
from .serials import decimals_of
from .values import Segment, ValueKind, dated, is_fraction, np_floats

_FULL = (1_048_576, 65_536)
"""The last possible row of a sheet: of .xlsx, and of programs that keep the limit of .xls."""
_COLUMNS = 1 << 15  # more than a sheet has


@dataclass(slots=True)
class ScannedSheet:
    """The rows of a sheet that store something, and counts of its cells."""

    name: str
    pieces: list[Piece] = field(default_factory=list)
    error_cells: int = 0
    formula_cells: int = 0
    formulas_without_value: int = 0
    dropped_blank_rows: int = 0

    @property
    def rows(self) -> int:
        """How many rows store something, including the header."""
        return sum(piece.rows for piece in self.pieces)

    @property
    def is_full(self) -> bool:
        """Whether the sheet is full, so that the table may continue in the next one."""
        return bool(self.pieces) and int(self.pieces[-1].numbers[-1]) in _FULL

    @property
    def width(self) -> int:
        """The number of columns, up to the last one with a cell."""
        return max((segment.column + 1 for piece in self.pieces for segment in piece.segments), default=0)

    def settle(self, shared: Any) -> None:
        """Settle the rows: drop those with empty texts only, and join those that are split.

        Args:
            shared: The workbook's shared strings (pyarrow string array); an empty one is NULL.
        """
        if shared.null_count:
            kept = [_without_blanks(piece, shared) for piece in self.pieces]
            self.dropped_blank_rows = self.rows - sum(piece.rows for piece in kept)
            self.pieces = kept
        self.pieces = _with_numbers([piece for piece in self.pieces if piece.rows])
        if not _ascend(self.pieces):
            self.pieces = [_rejoined(self.pieces)]

    def header(self, shared: Any, *, dates_from_1904: bool) -> list[str]:
        """Return the first row as texts, as wide as the sheet."""
        headers = [""] * self.width
        for segment in self.pieces[0].segments if self.pieces else ():
            first = (segment.rows == 0).nonzero()[0]
            if len(first) and segment.kind is not ValueKind.ERROR:
                nth = int(first[0])
                cell = replace(segment, rows=segment.rows[nth : nth + 1], values=segment.values.slice(nth, 1))
                decimals = decimals_of([np_floats(cell)] if is_fraction(cell) else [])
                [cell] = dated([cell], dates_from_1904=dates_from_1904, decimals=decimals)
                headers[segment.column] = storable_header(texts_of(cell, shared)[0].as_py() or "")
        return headers

    def without_first_row(self) -> list[Piece]:
        """Return the pieces without the header's row."""
        import pyarrow as pa

        first, *rest = self.pieces
        segments = []
        for segment in first.segments:
            below = segment.rows > 0
            values = None if segment.values is None else segment.values.filter(pa.array(below))
            if below.any():
                segments.append(replace(segment, rows=segment.rows[below] - 1, values=values))
        return [Piece(tuple(segments), first.numbers[1:]), *rest]


def _without_blanks(piece: Piece, shared: Any) -> Piece:
    """Drop cells that refer to an empty text, and rows that have no other."""
    import numpy as np
    import pyarrow as pa

    is_blank = np.asarray(shared.is_null())
    if not any(segment.kind is ValueKind.SHARED for segment in piece.segments):
        return piece
    present = np.zeros(piece.rows, bool)
    kept: list[Segment] = []
    for segment in piece.segments:
        if segment.kind is ValueKind.SHARED:
            indices = segment.values.to_numpy()
            known = (indices >= 0) & (indices < len(is_blank))  # others raise when the strings are read
            stored = ~(known & is_blank[np.where(known, indices, 0)])
            if not stored.all():
                segment = replace(  # noqa: PLW2901  the rest of it
                    segment, rows=segment.rows[stored], values=segment.values.filter(pa.array(stored))
                )
        present[segment.rows] = True
        if len(segment.rows):
            kept.append(segment)
    if present.all():
        return replace(piece, segments=tuple(kept))
    number = np.cumsum(present, dtype=np.int32) - 1
    segments = tuple(replace(segment, rows=number[segment.rows]) for segment in kept)
    return Piece(segments, piece.numbers[present])


def _with_numbers(pieces: list[Piece]) -> list[Piece]:
    """Number the rows that have no number of their own: each is the next row."""
    import numpy as np

    numbered, last = [], 0
    for piece in pieces:
        if (piece.numbers == 0).any():
            numbers = piece.numbers.tolist()
            for nth, number in enumerate(numbers):
                last = numbers[nth] = number or last + 1
            piece = replace(piece, numbers=np.array(numbers, np.int64))  # noqa: PLW2901  with numbers
        last = int(piece.numbers[-1])
        numbered.append(piece)
    return numbered


def _ascend(pieces: Sequence[Piece]) -> bool:
    import numpy as np

    last = 0
    for piece in pieces:
        if piece.numbers[0] <= last or not (np.diff(piece.numbers) > 0).all():
            return False
        last = int(piece.numbers[-1])
    return True


def _rejoined(pieces: Sequence[Piece]) -> Piece:
    """Sort rows by their numbers, and merge rows with the same number.

    Two rows that have a cell in the same column stay two rows: there is a writer that gives all rows the same number,
    and no value may be lost.
    """
    import numpy as np

    numbers = np.concatenate([piece.numbers for piece in pieces])
    offsets = np.cumsum([0, *(piece.rows for piece in pieces)])
    segments = [
        replace(segment, rows=segment.rows + offset)
        for piece, offset in zip(pieces, offsets.tolist(), strict=False)
        for segment in piece.segments
    ]
    rows = np.concatenate([segment.rows for segment in segments])
    columns = np.concatenate([np.full(len(segment.rows), segment.column) for segment in segments])
    order = np.argsort(rows, kind="stable")
    rows, columns = rows[order], columns[order]
    # The ordinal of each cell in its column among the rows with the same number; a row takes the highest of its cells.
    copies = np.zeros(len(numbers), np.int64)
    np.maximum.at(copies, rows, _occurrences(numbers[rows] * _COLUMNS + columns))
    cells = np.stack([numbers[rows], copies[rows], columns])
    _, first, counts = np.unique(cells, axis=1, return_index=True, return_counts=True)
    if (counts > 1).any():
        apart = np.isin(numbers, numbers[rows][first[counts > 1]])
        copies[apart] = _occurrences(numbers[apart])
    keys = np.stack([numbers, copies])
    unique, places = np.unique(keys, axis=1, return_inverse=True)
    places = places.reshape(-1).astype(np.int32)
    return Piece(tuple(_in_order(segment, places[segment.rows]) for segment in segments), unique[0])


def _in_order(segment: Segment, rows: Any) -> Segment:
    import numpy as np
    import pyarrow as pa

    order = np.argsort(rows)
    values = None if segment.values is None else segment.values.take(pa.array(order))
    return replace(segment, rows=rows[order], values=values)


def _occurrences(keys: Any) -> Any:
    """Return for each key how often it occurred before."""
    import numpy as np

    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    lengths = np.diff(np.append(starts, len(ordered)))
    found = np.empty(len(keys), np.int64)
    found[order] = np.arange(len(keys)) - np.repeat(starts, lengths)
    return found
