"""Values as text, as DuckDB writes them; for columns of mixed types."""

from datetime import datetime
from typing import Any

from pipefy_exports_dagster.reading.refusals import unreadable

from .values import Segment, ValueKind

_HOUR_US, _MINUTE_US, _SECOND_US = 3_600_000_000, 60_000_000, 1_000_000


def texts_of(segment: Segment, shared: Any) -> Any:
    """Write the values of a segment as canonical text (pyarrow string array)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    match segment.kind:
        case ValueKind.TEXT | ValueKind.LONG_NUMBER:
            return segment.values
        case ValueKind.SHARED:
            try:
                return shared.take(segment.values)
            except pa.ArrowIndexError as error:
                raise unreadable(
                    "a damaged workbook", "a cell refers to a text that is not in it; download it again"
                ) from error
        case ValueKind.INTEGER | ValueKind.DATE:
            return segment.values.cast(pa.string())
        case ValueKind.BOOLEAN:
            return pc.if_else(segment.values, "true", "false")
        case ValueKind.FLOAT:
            return pa.array([float_text(value) for value in segment.values.to_pylist()], pa.string())
        case ValueKind.TIMESTAMP:
            return pa.array([timestamp_text(value) for value in segment.values.to_pylist()], pa.string())
        case ValueKind.DURATION:
            return pa.array([duration_text(value) for value in segment.values.to_pylist()], pa.string())


def float_text(value: float) -> str:
    """Write the shortest text that parses to the same float; whole numbers without a point."""
    return repr(value).removesuffix(".0")


def timestamp_text(value: datetime) -> str:
    """Write an ISO time, with a fraction only if there is one."""
    text = value.isoformat(sep=" ")
    return text.rstrip("0") if "." in text else text


def duration_text(microseconds: int) -> str:
    """Write a duration as hours, minutes and seconds; the hours may exceed 24."""
    sign, rest = ("-", -microseconds) if microseconds < 0 else ("", microseconds)
    hours, rest = divmod(rest, _HOUR_US)
    minutes, rest = divmod(rest, _MINUTE_US)
    seconds, fraction = divmod(rest, _SECOND_US)
    text = f"{sign}{hours:02d}:{minutes:02d}:{seconds:02d}"
    return f"{text}.{fraction:06d}".rstrip("0") if fraction else text
