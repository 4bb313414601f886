"""Build one Arrow table from the segments of all pieces; each column has the narrowest type that changes no value."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from pipefy_exports_dagster.reading.column_types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTERVAL,
    MAX_EXACT_IN_DOUBLE,
    TIMESTAMP,
    VARCHAR,
)

from .canonical import texts_of
from .number_formats import NumberKind
from .serials import decimals_of
from .values import Segment, ValueKind, dated, is_fraction, np_floats

_TEXT = {ValueKind.TEXT, ValueKind.SHARED}


@dataclass(frozen=True, slots=True)
class Piece:
    """The values of a piece of a sheet: rows that store something, numbered without gaps.

    Args:
        numbers: The number of each row in its sheet; 0 if it is not given (numpy int64).
    """

    segments: tuple[Segment, ...]
    numbers: Any

    @property
    def rows(self) -> int:
        return len(self.numbers)


@dataclass(slots=True)
class Columns:
    """Collects pieces, and builds the columns at the end.

    Args:
        shared: The workbook's shared strings (a future of a pyarrow string array).
        dates_from_1904: Which of the two epochs the workbook's serial numbers have.
    """

    shared: Future[Any]
    dates_from_1904: bool
    pieces: list[int] = field(default_factory=list)
    _found: dict[int, dict[int, list[Segment]]] = field(default_factory=dict)

    def add(self, piece: Piece, places: Sequence[int]) -> None:
        """Add a piece; pieces arrive in the order of the table.

        Args:
            places: The column of the table by the column of the piece.
        """
        nth = len(self.pieces)
        self.pieces.append(piece.rows)
        for segment in piece.segments:
            self._found.setdefault(places[segment.column], {}).setdefault(nth, []).append(segment)

    def has_cells(self, column: int) -> bool:
        """Whether a column has a cell, including error cells."""
        return column in self._found

    def take(self, column: int) -> tuple[str, bool, Any]:
        """Build a column, and drop its segments.

        Returns:
            DuckDB type, whether it has text cells only, and the values (pyarrow chunked array).
        """
        import pyarrow as pa

        by_piece = {
            nth: [segment for segment in listed if segment.kind is not ValueKind.ERROR]
            for nth, listed in self._found.pop(column, {}).items()
        }
        if any(segment.serial is not NumberKind.NUMBER for listed in by_piece.values() for segment in listed):
            by_piece = self._dated(by_piece)
        found = [segment for listed in by_piece.values() for segment in listed]
        type_ = _column_type(found)
        arrow_type = _arrow_type(type_)
        chunks = [
            _assemble(
                [_converted(segment, type_, self.shared.result()) for segment in by_piece.pop(nth, [])],
                rows,
                arrow_type,
            )
            for nth, rows in enumerate(self.pieces)
        ]
        only_text = bool(found) and {segment.kind for segment in found} <= _TEXT
        return type_, only_text, pa.chunked_array(chunks, arrow_type)

    def _dated(self, by_piece: dict[int, list[Segment]]) -> dict[int, list[Segment]]:
        """Convert serial numbers to dates, which depends on all values of the column."""
        serials = [
            np_floats(segment) for listed in by_piece.values() for segment in listed if is_fraction(segment)
        ]
        decimals = decimals_of(serials)
        return {
            nth: dated(listed, dates_from_1904=self.dates_from_1904, decimals=decimals)
            for nth, listed in by_piece.items()
        }


def _column_type(found: list[Segment]) -> str:
    kinds = {segment.kind for segment in found}
    if not kinds:
        return VARCHAR
    if kinds == {ValueKind.INTEGER}:
        return BIGINT
    if kinds <= {ValueKind.INTEGER, ValueKind.FLOAT}:
        floats_whole = all(_whole(segment.values) for segment in found if segment.kind is ValueKind.FLOAT)
        if floats_whole:
            return BIGINT
        exact = all(_exact_as_float(segment.values) for segment in found if segment.kind is ValueKind.INTEGER)
        return DOUBLE if exact else VARCHAR
    if kinds == {ValueKind.DATE, ValueKind.TIMESTAMP}:
        return TIMESTAMP
    if len(kinds) > 1:
        return VARCHAR
    return {
        ValueKind.BOOLEAN: BOOLEAN,
        ValueKind.DATE: DATE,
        ValueKind.TIMESTAMP: TIMESTAMP,
        ValueKind.DURATION: INTERVAL,
    }.get(kinds.pop(), VARCHAR)


def _whole(floats: Any) -> bool:
    import numpy as np

    values = floats.to_numpy()
    return bool(((np.abs(values) <= MAX_EXACT_IN_DOUBLE) & (values == np.floor(values))).all())


def _exact_as_float(integers: Any) -> bool:
    """Whether each integer equals the shortest text of its float."""
    import numpy as np

    values = integers.to_numpy()
    large = values[np.abs(values) > MAX_EXACT_IN_DOUBLE].tolist()
    return all(Decimal(repr(float(value))) == value for value in large)


def _arrow_type(type_: str) -> Any:
    import pyarrow as pa

    return {
        BIGINT: pa.int64(),
        DOUBLE: pa.float64(),
        BOOLEAN: pa.bool_(),
        DATE: pa.date32(),
        TIMESTAMP: pa.timestamp("us"),
        INTERVAL: pa.int64(),
    }.get(type_, pa.string())


def _converted(segment: Segment, type_: str, shared: Any) -> Segment:
    if type_ == VARCHAR:
        return replace(segment, values=texts_of(segment, shared))
    # The choice of the type has checked that nothing is lost.
    return replace(segment, values=segment.values.cast(_arrow_type(type_), safe=False))


def _assemble(found: list[Segment], rows: int, arrow_type: Any) -> Any:
    """Put the values of a piece's column into its rows; NULL for rows without one."""
    import numpy as np
    import pyarrow as pa

    if not found:
        return pa.nulls(rows, arrow_type)
    if len(found) == 1 and len(found[0].values) == rows:
        return found[0].values
    where = np.full(rows, -1, np.int32)
    offset = 0
    for segment in found:
        where[segment.rows] = np.arange(offset, offset + len(segment.values), dtype=np.int32)
        offset += len(segment.values)
    values = found[0].values if len(found) == 1 else pa.concat_arrays([segment.values for segment in found])
    return values.take(pa.array(where, mask=where < 0))
