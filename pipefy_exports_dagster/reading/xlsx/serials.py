"""Excel's serial numbers: days, and fractions of a day, since an epoch.

A serial says less than a time does. Programs write it with 15, 16 or 17 digits, or rounded to ten decimals, so that
08:00:00 arrives as 46255.3333333333; and a fraction of few digits may be just what it says: 46255.12345 is how
02:57:46.080 is written. So a time is taken for the whole second, or else for the whole millisecond, only within what
its own digits leave open.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from .number_formats import NumberKind

_DAY_US = 86_400_000_000
_SECOND_US, _MILLISECOND_US = 1_000_000, 1_000
_EPOCH_1900 = -25_569  # 1899-12-30, in days from 1970
_EPOCH_1904 = -24_107
# Excel has a 29 February 1900, so that the serials before it are off by one.
_FIRST_TRUE_SERIAL = 60
_LAST_SERIAL = 2_958_465.99999998  # the last millisecond of 9999-12-31
_LONGEST_DURATION = 100_000_000  # days; microseconds beyond that have no room in 64 bits
_DIGITS_OF_ROUNDING = 15
_DIGITS_OF_PYTHON = 16  # openpyxl and others write a float with %.16g
_MOST_DECIMALS = 10
_ULPS = 2
# Fewer decimals than this leave whole milliseconds open, so that a few serials may have them by chance.
_DECIMALS_OF_MILLISECONDS = 8
_SERIALS_THAT_ARE_NO_CHANCE = 3


def decimals_of(serials: Sequence[Any]) -> int:
    """Tell to how many decimals all serials of a column are rounded; ten where they are not, or none can tell.

    Args:
        serials: The column's serials, in as many arrays as there are (numpy float64).
    """
    import numpy as np

    parts = [part[part != np.floor(part)] for part in serials]
    if not any(len(part) for part in parts):
        return _MOST_DECIMALS
    for decimals in range(1, _MOST_DECIMALS):
        if all((np.round(part, decimals) == part).all() for part in parts):
            break
    else:
        return _MOST_DECIMALS
    several = len(np.unique(np.concatenate(parts))) >= _SERIALS_THAT_ARE_NO_CHANCE
    return decimals if several or decimals >= _DECIMALS_OF_MILLISECONDS else _MOST_DECIMALS


def serial_values(
    serials: Any, kind: NumberKind, *, dates_from_1904: bool, decimals: int
) -> Iterator[tuple[str, Any, Any]]:
    """Split serial numbers into values by what they can mean under a date or time format.

    Args:
        serials: The serials (numpy float64).
        kind: What their format makes of them.
        dates_from_1904: Which of the two epochs the workbook has.
        decimals: To how many decimals the column's serials are rounded.

    Yields:
        Kind of value, mask over the serials (None for all), and the values (pyarrow array).
    """
    import numpy as np
    import pyarrow as pa

    if kind is NumberKind.DURATION:
        has_room = np.abs(serials) <= _LONGEST_DURATION
        if has_room.any():
            yield "DURATION", has_room, pa.array(_microseconds(serials[has_room], decimals))
        if not has_room.all():
            yield "FLOAT", ~has_room, pa.array(serials[~has_room])
        return
    is_date = (serials >= 0) & (serials <= _LAST_SERIAL)
    if kind is NumberKind.TIME:
        below_a_day = (serials >= 0) & (serials < 1)
        if below_a_day.any():
            yield "DURATION", below_a_day, pa.array(_microseconds(serials[below_a_day], decimals))
        is_date &= ~below_a_day
    epoch = _EPOCH_1904 if dates_from_1904 else _EPOCH_1900
    whole = (
        is_date & (serials == np.floor(serials)) if kind is NumberKind.DATE else np.zeros(len(serials), bool)
    )
    if whole.any():
        days = serials[whole].astype(np.int32) + epoch
        if not dates_from_1904:
            days += serials[whole] < _FIRST_TRUE_SERIAL
        yield "DATE", whole, pa.array(days, pa.int32()).cast(pa.date32())
    timed = is_date & ~whole
    if timed.any():
        moments = _microseconds(serials[timed], decimals) + epoch * _DAY_US
        if not dates_from_1904:
            moments += _DAY_US * (serials[timed] < _FIRST_TRUE_SERIAL)
        yield "TIMESTAMP", timed, pa.array(moments).cast(pa.timestamp("us"))
    if not is_date.all():
        rest = ~is_date & ~((serials >= 0) & (serials < 1)) if kind is NumberKind.TIME else ~is_date
        if rest.any():
            yield "FLOAT", rest, pa.array(serials[rest])


def _microseconds(days: Any, decimals: int) -> Any:
    import numpy as np

    whole = np.floor(days)
    exact = (days - whole) * _DAY_US
    tolerance = _tolerance_us(days, decimals)
    found = np.rint(exact)
    for unit in (_MILLISECOND_US, _SECOND_US):  # the whole second has the last word
        rounded = np.rint(exact / unit) * unit
        found = np.where(np.abs(exact - rounded) <= tolerance, rounded, found)
    return whole.astype(np.int64) * _DAY_US + found.astype(np.int64)


def _tolerance_us(days: Any, decimals: int) -> Any:
    """Tell how far from a serial its time may be: two units in the last place, and half a unit of its rounding."""
    import numpy as np

    # Of fifteen digits, five are the day's in our time, which leaves ten decimals, as some programs have them anyway.
    day_digits = np.floor(np.log10(np.maximum(np.abs(days), 1))).astype(np.int64) + 1
    rounding = np.zeros(len(days))
    for places in (  # from the finest: the last that fits has the last word
        _DIGITS_OF_PYTHON - day_digits,
        _DIGITS_OF_ROUNDING - day_digits,  # a day of four digits, before 1927, leaves more than ten decimals
        np.full(len(days), decimals),
        np.minimum(decimals, _DIGITS_OF_ROUNDING - day_digits),
    ):
        units = np.power(10.0, places)
        rounding = np.where(np.rint(days * units) / units == days, 0.5 / units, rounding)
    return (_ULPS * np.spacing(np.abs(days)) + rounding) * _DAY_US
