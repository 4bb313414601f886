"""Cells that store a date or time as text (`t="d"`), with the type that their serial number would get."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from .number_formats import NumberKind

_CLOCK = r"(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,40}))?)?"
_DATE = re.compile(rf"(\d{{4}})-(\d{{2}})-(\d{{2}})(?:[T ]{_CLOCK})?Z?", re.ASCII)
_TIME = re.compile(rf"T?{_CLOCK}Z?", re.ASCII)
_PERIOD = re.compile(
    r"(-?)P(?:(\d{1,8})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:[.,](\d{1,40}))?S)?)?", re.ASCII
)
_DAY_S, _SECOND_US = 86_400, 1_000_000
_USED_DIGITS = 12
_USED_DIGITS_OF_ONE_US = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso_values(texts: list[str], kind: NumberKind) -> Iterator[tuple[str, list[int], Any]]:
    """Split texts into values by their kind.

    Args:
        texts: The texts of the cells; a final `Z` is part of the notation, as in Excel, not a time zone.
        kind: The kind that the cells' format gives a number; with a date format, midnight is a date.

    Yields:
        Kind of value, positions among the texts, and the values (pyarrow array).
    """
    import pyarrow as pa

    found: dict[str, tuple[list[int], list[Any]]] = {}
    for position, text in enumerate(texts):
        name, value = _value(text.strip(), kind) or ("TEXT", text)
        positions, values = found.setdefault(name, ([], []))
        positions.append(position)
        values.append(value)
    types = {
        "DATE": pa.date32(),
        "TIMESTAMP": pa.timestamp("us"),
        "DURATION": pa.int64(),
        "TEXT": pa.string(),
    }
    for name, (positions, values) in found.items():
        yield name, positions, pa.array(values, types[name])


def _value(text: str, kind: NumberKind) -> tuple[str, Any] | None:
    if day := _DATE.fullmatch(text):
        return _of_day(day, kind)
    if time := _TIME.fullmatch(text):
        clock = _clock_us(time[1], time[2], time[3], time[4])
        return None if clock is None else ("DURATION", clock)
    period = _PERIOD.fullmatch(text)
    if not period or not any(period.groups()[1:]):
        return None
    sign, days, hours, minutes, seconds, fraction = period.groups()
    whole = int(days or 0) * _DAY_S + int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    microseconds = whole * _SECOND_US + _fraction_us(fraction)
    return "DURATION", -microseconds if sign else microseconds


def _of_day(found: re.Match[str], kind: NumberKind) -> tuple[str, Any] | None:
    year, month, day, *clock = found.groups()
    try:
        midnight = datetime(int(year), int(month), int(day), tzinfo=UTC)
    except ValueError:
        return None
    if clock[0] is None:
        return "DATE", date(int(year), int(month), int(day))
    time = _clock_us(*clock)
    if time is None:
        return None
    if not time and kind is NumberKind.DATE:
        return "DATE", midnight.date()
    days = (midnight - _EPOCH).days
    return "TIMESTAMP", days * _DAY_S * _SECOND_US + time


def _clock_us(hours: str, minutes: str, seconds: str | None, fraction: str | None) -> int | None:
    if int(hours) > 23 or int(minutes) > 59 or int(seconds or 0) > 59:  # noqa: PLR2004
        return None
    whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds or 0)
    return whole * _SECOND_US + _fraction_us(fraction)


def _fraction_us(digits: str | None) -> int:
    """Round a fraction of a second to microseconds; a serial number is not more precise either."""
    if not digits:
        return 0
    used = digits[:_USED_DIGITS].ljust(_USED_DIGITS, "0")
    return round(int(used) / _USED_DIGITS_OF_ONE_US)
