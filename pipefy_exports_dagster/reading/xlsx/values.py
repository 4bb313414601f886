"""From stored texts to values, each with its own kind."""

import math
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pipefy_exports_dagster.reading.column_types import MAX_EXACT_IN_DOUBLE
from pipefy_exports_dagster.reading.sniffing import unreadable

from .cells import CellType, Run
from .number_formats import NumberKind
from .serials import serial_values

_MAX_INTEGER_DIGITS = 18
_DIGITS = frozenset(b"0123456789")
_NUMBER = frozenset(b"0123456789+-.eE")
_WHOLE_NUMBER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
_LONGEST_NUMBER = 400  # Python refuses to read numbers of thousands of digits


class ValueKind(Enum):
    """What a value is, with the Arrow type that holds it."""

    INTEGER = "int64"
    FLOAT = "float64"
    LONG_NUMBER = "string"  # more digits than any number type keeps
    BOOLEAN = "bool"
    DATE = "date32"
    TIMESTAMP = "timestamp"
    DURATION = "microseconds"
    TEXT = "text"
    SHARED = "index of a shared string"


@dataclass(frozen=True, slots=True)
class Segment:
    """Values of one kind in one column of one piece.

    Args:
        rows: Ordinals of their rows in the piece (numpy int32); None if they are all of its rows.
        values: As many values (pyarrow array).
    """

    column: int
    kind: ValueKind
    rows: Any
    values: Any


def segments(run: Run, styles: list[NumberKind], *, dates_from_1904: bool) -> list[Segment]:
    """Turn a run of stored texts into values; error cells give none."""
    match run.type:
        case CellType.ERROR:
            return []
        case CellType.SHARED:
            return _shared(run)
        case CellType.BOOLEAN:
            return _booleans(run)
        case CellType.ISO_DATE:
            return _iso_dates(run)
        case CellType.TEXT:
            return [Segment(run.column, ValueKind.TEXT, run.rows, run.texts)]
    kind = styles[run.style] if run.style < len(styles) else NumberKind.NUMBER
    if kind is NumberKind.NUMBER:
        return _numbers(run)
    return _dates(run, kind, dates_from_1904=dates_from_1904)


def _shared(run: Run) -> list[Segment]:
    import pyarrow as pa

    try:
        return [Segment(run.column, ValueKind.SHARED, run.rows, run.texts.cast(pa.int32()))]
    except pa.ArrowInvalid as error:
        raise unreadable("a damaged workbook", f"{error}; download it again") from error


def _booleans(run: Run) -> list[Segment]:
    import pyarrow as pa
    import pyarrow.compute as pc

    known = pc.is_in(run.texts, pa.array(["0", "1", "true", "false"]))
    true = pc.is_in(run.texts, pa.array(["1", "true"]))
    if pc.all(known).as_py():
        return [Segment(run.column, ValueKind.BOOLEAN, run.rows, true)]
    found, mask = [], known.to_numpy(zero_copy_only=False)
    for kind, values, where in ((ValueKind.BOOLEAN, true, mask), (ValueKind.TEXT, run.texts, ~mask)):
        if where.any():
            found.append(Segment(run.column, kind, run.rows[where], values.filter(pa.array(where))))
    return found


def _iso_dates(run: Run) -> list[Segment]:
    import pyarrow as pa

    texts = run.texts.to_pylist()
    dates_only = all(len(text) == len("2026-11-22") for text in texts)
    if any(text.startswith("0000") for text in texts):  # Python has no such year
        return [Segment(run.column, ValueKind.TEXT, run.rows, run.texts)]
    try:
        if dates_only:
            return [Segment(run.column, ValueKind.DATE, run.rows, run.texts.cast(pa.date32()))]
        return [Segment(run.column, ValueKind.TIMESTAMP, run.rows, run.texts.cast(pa.timestamp("us")))]
    except pa.ArrowInvalid:
        return [Segment(run.column, ValueKind.TEXT, run.rows, run.texts)]


def _numbers(run: Run) -> list[Segment]:
    """Read stored numbers; whole ones are integers, unless floats beside them hold them as exactly."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    # Looked at first, because a cast that fails costs 600 ns a value, and one that succeeds 15 to 40.
    characters = _characters(run.texts)
    if _DIGITS.issuperset(characters) and pc.max(pc.binary_length(run.texts)).as_py() <= _MAX_INTEGER_DIGITS:
        return [Segment(run.column, ValueKind.INTEGER, run.rows, run.texts.cast(pa.int64()))]
    if _NUMBER.issuperset(characters):
        try:
            floats = run.texts.cast(pa.float64())
        except pa.ArrowInvalid:
            return _odd_numbers(run)
        values = floats.to_numpy()
        if np.isfinite(values).all() and np.abs(values).max() < MAX_EXACT_IN_DOUBLE:
            return [Segment(run.column, ValueKind.FLOAT, run.rows, floats)]
    return _odd_numbers(run)


def _characters(texts: Any) -> set[int]:
    """The bytes that occur in the texts of a string array."""
    import numpy as np

    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    content = np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]]
    return set(np.flatnonzero(np.bincount(content, minlength=1)).tolist())


def _odd_numbers(run: Run) -> list[Segment]:
    """Read numbers one by one, where some are larger than floats count, or none at all."""
    import numpy as np
    import pyarrow as pa

    found: dict[ValueKind, tuple[list[int], list[Any]]] = {}
    for row, stored in zip(run.rows.tolist(), run.texts.to_pylist(), strict=True):
        text = stored.strip()
        if _WHOLE_NUMBER.fullmatch(text):
            plain = str(int(text)) if len(text) < _LONGEST_NUMBER else text
            short = len(plain.lstrip("-")) <= _MAX_INTEGER_DIGITS
            kind, value = (ValueKind.INTEGER, int(plain)) if short else (ValueKind.LONG_NUMBER, plain)
        elif (number := _float(text)) is not None:
            kind, value = ValueKind.FLOAT, number
        else:
            kind, value = ValueKind.TEXT, stored
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


def _dates(run: Run, kind: NumberKind, *, dates_from_1904: bool) -> list[Segment]:
    import numpy as np
    import pyarrow as pa

    found: list[Segment] = []
    for segment in _numbers(run):
        if segment.kind not in (ValueKind.INTEGER, ValueKind.FLOAT):
            found.append(segment)
            continue
        serials = np.asarray(segment.values, np.float64)
        for name, mask, values in serial_values(serials, kind, dates_from_1904=dates_from_1904):
            rows = segment.rows if mask is None else segment.rows[mask]
            if name == "FLOAT" and segment.kind is ValueKind.INTEGER:
                # No date after all: as it was, because a float has room for fewer digits.
                found.append(Segment(run.column, segment.kind, rows, segment.values.filter(pa.array(mask))))
                continue
            found.append(Segment(run.column, ValueKind[name], rows, values))
    return found


def _float(text: str) -> float | None:
    if not _FLOAT.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None
