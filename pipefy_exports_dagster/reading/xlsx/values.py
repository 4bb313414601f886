"""Convert stored texts to values, each with its own kind."""

import math
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from typing import Any

from pipefy_exports_dagster.reading.column_types import MAX_EXACT_IN_DOUBLE
from pipefy_exports_dagster.reading.refusals import unreadable

from .cells import CellType, Run
from .iso_dates import iso_values
from .number_formats import NumberKind
from .serials import serial_values

_MAX_INTEGER_DIGITS = 18
_DIGITS = frozenset(b"0123456789")
_NUMBER = frozenset(b"0123456789+-.eE")
_WHOLE_NUMBER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][-+]?[0-9]++)?")
_LONGEST_NUMBER = 400  # Python refuses to read numbers of thousands of digits


class ValueKind(Enum):
    """The kind of a value, with the Arrow type that holds it."""

    INTEGER = "int64"
    FLOAT = "float64"
    LONG_NUMBER = "string"  # more digits than any numeric type keeps
    BOOLEAN = "bool"
    DATE = "date32"
    TIMESTAMP = "timestamp"
    DURATION = "microseconds"
    TEXT = "text"
    SHARED = "index of a shared string"
    ERROR = "nothing"


_SERIALS = (ValueKind.INTEGER, ValueKind.FLOAT)


@dataclass(frozen=True, slots=True)
class Segment:
    """Values of one kind in one column of one piece.

    Args:
        rows: Ordinals of their rows in the piece (numpy int32); None for all of its rows.
        values: The values (pyarrow array); None for errors.
        serial: The kind of value of a date or time format; `dated` converts the numbers, with the whole column.
    """

    column: int
    kind: ValueKind
    rows: Any
    values: Any
    serial: NumberKind = NumberKind.NUMBER


def segments(run: Run, styles: list[NumberKind]) -> list[Segment]:
    """Convert a run of stored texts to values."""
    match run.type:
        case CellType.ERROR:
            return [Segment(run.column, ValueKind.ERROR, run.rows, None)]
        case CellType.SHARED:
            return _shared(run)
        case CellType.BOOLEAN:
            return _booleans(run)
        case CellType.TEXT | CellType.FORMULA:
            return [Segment(run.column, ValueKind.TEXT, run.rows, run.texts)]
    kind = styles[run.style] if run.style < len(styles) else NumberKind.NUMBER
    if run.type is CellType.ISO_DATE:
        return _iso_dates(run, kind)
    return [replace(found, serial=kind) if found.kind in _SERIALS else found for found in _numbers(run)]


def _shared(run: Run) -> list[Segment]:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        numbers = run.texts.cast(pa.int32())
    except pa.ArrowInvalid:
        try:
            numbers = pc.utf8_trim_whitespace(run.texts).cast(pa.int32())
        except pa.ArrowInvalid as error:
            raise unreadable(
                "a damaged workbook", "a cell refers to a text by what is no number; download it again"
            ) from error
    return [Segment(run.column, ValueKind.SHARED, run.rows, numbers)]


def _booleans(run: Run) -> list[Segment]:
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.utf8_lower(pc.utf8_trim_whitespace(run.texts))
    known = pc.is_in(texts, pa.array(["0", "1", "true", "false"]))
    true = pc.is_in(texts, pa.array(["1", "true"]))
    if pc.all(known).as_py():
        return [Segment(run.column, ValueKind.BOOLEAN, run.rows, true)]
    found, mask = [], known.to_numpy(zero_copy_only=False)
    for kind, values, where in ((ValueKind.BOOLEAN, true, mask), (ValueKind.TEXT, run.texts, ~mask)):
        if where.any():
            found.append(Segment(run.column, kind, run.rows[where], values.filter(pa.array(where))))
    return found


def _iso_dates(run: Run, kind: NumberKind) -> list[Segment]:
    import numpy as np

    return [
        Segment(run.column, ValueKind[name], run.rows[np.array(positions, np.int64)], values)
        for name, positions, values in iso_values(run.texts.to_pylist(), kind)
    ]


def _numbers(run: Run) -> list[Segment]:
    """Read stored numbers; whole numbers are integers, unless the run also has floats, and floats hold them exactly."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    # Checked first, because a cast that fails costs 600 ns per value, and one that succeeds 15 to 40.
    characters = _characters(run.texts)
    if _DIGITS.issuperset(characters) and pc.max(pc.binary_length(run.texts)).as_py() <= _MAX_INTEGER_DIGITS:
        return [Segment(run.column, ValueKind.INTEGER, run.rows, run.texts.cast(pa.int64()))]
    if _NUMBER.issuperset(characters):
        try:
            floats = run.texts.cast(pa.float64())
        except pa.ArrowInvalid:
            return _odd_numbers(run)
        values = floats.to_numpy()
        small = np.abs(values) < MAX_EXACT_IN_DOUBLE  # and finite
        if small.all():
            return [Segment(run.column, ValueKind.FLOAT, run.rows, floats)]
        if small.any():
            beside = Segment(run.column, ValueKind.FLOAT, run.rows[small], floats.filter(pa.array(small)))
            large = replace(run, rows=run.rows[~small], texts=run.texts.filter(pa.array(~small)))
            return [beside, *_odd_numbers(large)]
    return _odd_numbers(run)


def _characters(texts: Any) -> set[int]:
    """Return the bytes that occur in the texts of a string array."""
    import numpy as np

    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    content = np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]]
    return set(np.flatnonzero(np.bincount(content, minlength=1)).tolist())


def _odd_numbers(run: Run) -> list[Segment]:
    """Read numbers one by one, if some are beyond 2^53, where floats skip integers, or are not numbers."""
    import numpy as np
    import pyarrow as pa

    found: dict[ValueKind, tuple[list[int], list[Any]]] = {}
    for row, stored in zip(run.rows.tolist(), run.texts.to_pylist(), strict=True):
        kind, value = _odd_number(stored)
        rows, values = found.setdefault(kind, ([], []))
        rows.append(row)
        values.append(value)
    arrow_types = {ValueKind.INTEGER: pa.int64(), ValueKind.FLOAT: pa.float64()}
    return [
        Segment(
            run.column, kind, np.array(rows, np.int32), pa.array(values, arrow_types.get(kind, pa.string()))
        )
        for kind, (rows, values) in found.items()
    ]


def _odd_number(stored: str) -> tuple[ValueKind, Any]:
    text = stored.strip()
    if _WHOLE_NUMBER.fullmatch(text):
        return _whole_number(str(int(text))) if len(text) < _LONGEST_NUMBER else (ValueKind.LONG_NUMBER, text)
    number = _float(text)
    if number is None:
        return ValueKind.TEXT, stored
    if abs(number) < MAX_EXACT_IN_DOUBLE:
        return ValueKind.FLOAT, number
    # An exponent is only a notation: 7.353923016919414E+16 is the id 73539230169194140.
    exact = Decimal(text)
    if exact == exact.to_integral_value():
        kind, value = _whole_number(str(int(exact)))
        return (kind, value) if kind is ValueKind.INTEGER else (ValueKind.FLOAT, number)
    # Not `normalize()`, which rounds to 28 digits.
    return ValueKind.LONG_NUMBER, format(exact, "f").rstrip("0").removesuffix(".")


def _whole_number(plain: str) -> tuple[ValueKind, Any]:
    short = len(plain.lstrip("-")) <= _MAX_INTEGER_DIGITS
    return (ValueKind.INTEGER, int(plain)) if short else (ValueKind.LONG_NUMBER, plain)


def is_fraction(segment: Segment) -> bool:
    """Whether a segment has serial numbers with a time."""
    return segment.serial is not NumberKind.NUMBER and segment.kind is ValueKind.FLOAT


def np_floats(segment: Segment) -> Any:
    """Return the numbers of a segment as numpy float64."""
    import numpy as np

    return np.asarray(segment.values, np.float64)


def dated(found: list[Segment], *, dates_from_1904: bool, decimals: int) -> list[Segment]:
    """Convert the serial numbers in some segments to dates, times and durations.

    Args:
        found: Segments of one column.
        dates_from_1904: Whether the workbook's epoch is 1904 instead of 1900.
        decimals: To how many decimals all serial numbers of the column are rounded.
    """
    return [
        part
        for segment in found
        for part in (
            [segment]
            if segment.serial is NumberKind.NUMBER
            else _dated(segment, dates_from_1904=dates_from_1904, decimals=decimals)
        )
    ]


def _dated(segment: Segment, *, dates_from_1904: bool, decimals: int) -> list[Segment]:
    import pyarrow as pa

    found: list[Segment] = []
    serials = np_floats(segment)
    values_of = serial_values(serials, segment.serial, dates_from_1904=dates_from_1904, decimals=decimals)
    for name, mask, values in values_of:
        rows = segment.rows if mask is None else segment.rows[mask]
        if name == "FLOAT" and segment.kind is ValueKind.INTEGER:
            # Not a date: the value stays as it was, because a float keeps fewer digits.
            found.append(Segment(segment.column, segment.kind, rows, segment.values.filter(pa.array(mask))))
            continue
        found.append(Segment(segment.column, ValueKind[name], rows, values))
    return found


def _float(text: str) -> float | None:
    if not _FLOAT.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None
