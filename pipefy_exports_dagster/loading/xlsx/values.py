"""From stored texts to values, each with its own kind."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

from .cells import CellType, Run
from .serials import serial_values
from .styles import NumberKind

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_MAX_INTEGER_DIGITS = 18


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
            return [Segment(run.column, ValueKind.TEXT, run.rows, unescaped(run.texts))]
    kind = styles[run.style] if run.style < len(styles) else NumberKind.NUMBER
    if kind is NumberKind.NUMBER:
        return _numbers(run)
    return _dates(run, kind, dates_from_1904=dates_from_1904)


def unescaped(texts: Any) -> Any:
    """Undo `_x000D_`, which is how workbooks write characters that XML cannot."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pc.any(pc.match_substring(texts, "_x")).as_py():
        return texts
    return pa.array(
        [None if text is None else _ESCAPED.sub(_character, text) for text in texts.to_pylist()], pa.string()
    )


def _character(escaped: re.Match[str]) -> str:
    code = int(escaped[1], 16)
    # Half of a surrogate pair is no text.
    return escaped[0] if 0xD800 <= code <= 0xDFFF else chr(code)  # noqa: PLR2004


def _shared(run: Run) -> list[Segment]:
    import pyarrow as pa

    try:
        return [Segment(run.column, ValueKind.SHARED, run.rows, run.texts.cast(pa.int32()))]
    except pa.ArrowInvalid:
        return [Segment(run.column, ValueKind.TEXT, run.rows, run.texts)]


def _booleans(run: Run) -> list[Segment]:
    import pyarrow as pa
    import pyarrow.compute as pc

    known = pc.all(pc.is_in(run.texts, pa.array(["0", "1", "true", "false"]))).as_py()
    if not known:
        return [Segment(run.column, ValueKind.TEXT, run.rows, run.texts)]
    true = pc.is_in(run.texts, pa.array(["1", "true"]))
    return [Segment(run.column, ValueKind.BOOLEAN, run.rows, true)]


def _iso_dates(run: Run) -> list[Segment]:
    import pyarrow as pa

    dates_only = all(len(text) == len("2026-11-22") for text in run.texts.to_pylist())
    try:
        if dates_only:
            return [Segment(run.column, ValueKind.DATE, run.rows, run.texts.cast(pa.date32()))]
        return [Segment(run.column, ValueKind.TIMESTAMP, run.rows, run.texts.cast(pa.timestamp("us")))]
    except pa.ArrowInvalid:
        return [Segment(run.column, ValueKind.TEXT, run.rows, run.texts)]


def _numbers(run: Run) -> list[Segment]:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        return [Segment(run.column, ValueKind.INTEGER, run.rows, _integers(run.texts))]
    except pa.ArrowInvalid:
        pass
    digits_only = pc.match_substring_regex(run.texts, r"^\s*[-+]?[0-9]+\s*$")
    if pc.any(digits_only).as_py():
        # Whole numbers are told apart, because a float cannot hold all that 17 digits say.
        whole, other = _split(run, digits_only)
        return _whole_numbers(whole) + (_numbers(other) if len(other.texts) else [])
    try:
        floats = pc.utf8_trim_whitespace(run.texts).cast(pa.float64())
    except pa.ArrowInvalid:
        floats = pa.array([_float(text) for text in run.texts.to_pylist()], pa.float64())
    finite = pc.fill_null(pc.is_finite(floats), False)
    if pc.all(finite).as_py():
        return [Segment(run.column, ValueKind.FLOAT, run.rows, floats)]
    mask = np.asarray(finite)
    texts = Segment(run.column, ValueKind.TEXT, run.rows[~mask], run.texts.filter(pc.invert(finite)))
    return [
        texts,
        *(
            [Segment(run.column, ValueKind.FLOAT, run.rows[mask], floats.filter(finite))]
            if mask.any()
            else []
        ),
    ]


def _integers(texts: Any) -> Any:
    import pyarrow as pa

    # Arrow's parser refuses anything but digits, and what does not fit; a longer number may fit in 64 bits, but not
    # in the 18 digits that a DECIMAL beside it can be compared with.
    integers = texts.cast(pa.int64())
    import pyarrow.compute as pc

    extremes = pc.min_max(integers).as_py()
    if max(abs(extremes["min"] or 0), abs(extremes["max"] or 0)) >= 10**_MAX_INTEGER_DIGITS:
        raise pa.ArrowInvalid("over 18 digits")
    return integers


def _whole_numbers(run: Run) -> list[Segment]:
    import pyarrow as pa
    import pyarrow.compute as pc

    trimmed = pc.ltrim(pc.utf8_trim_whitespace(run.texts), "+") if hasattr(pc, "ltrim") else run.texts
    try:
        return [Segment(run.column, ValueKind.INTEGER, run.rows, _integers(trimmed))]
    except pa.ArrowInvalid:
        pass
    long = pc.greater(pc.utf8_length(trimmed), _MAX_INTEGER_DIGITS)
    texts, integers = _split(Run(run.column, run.type, run.style, run.rows, trimmed), long)
    found = [Segment(run.column, ValueKind.LONG_NUMBER, texts.rows, texts.texts)] if len(texts.texts) else []
    if len(integers.texts):
        found.append(Segment(run.column, ValueKind.INTEGER, integers.rows, integers.texts.cast(pa.int64())))
    return found


def _dates(run: Run, kind: NumberKind, *, dates_from_1904: bool) -> list[Segment]:
    import numpy as np

    found: list[Segment] = []
    for segment in _numbers(run):
        if segment.kind not in (ValueKind.INTEGER, ValueKind.FLOAT):
            found.append(segment)
            continue
        serials = np.asarray(segment.values, np.float64)
        for name, mask, values in serial_values(serials, kind, dates_from_1904=dates_from_1904):
            rows = segment.rows if mask is None else segment.rows[mask]
            found.append(Segment(run.column, ValueKind[name], rows, values))
    return found


def _split(run: Run, mask: Any) -> tuple[Run, Run]:
    """Split a run by a boolean mask."""
    import numpy as np
    import pyarrow.compute as pc

    chosen = np.asarray(mask)
    return (
        Run(run.column, run.type, run.style, run.rows[chosen], run.texts.filter(mask)),
        Run(run.column, run.type, run.style, run.rows[~chosen], run.texts.filter(pc.invert(mask))),
    )


def _float(text: str) -> float | None:
    try:
        return float(text.replace("_", "x"))
    except ValueError:
        return None
