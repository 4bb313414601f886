"""Excel's serial numbers: days, and fractions of a day, since an epoch.

A serial number is less precise than a time. Programs write it with 15, 16 or 17 digits, or rounded to ten decimals, so
08:00:00 is stored as 46255.3333333333. A fraction of few digits may also be exact: 46255.12345 is 02:57:46.080. So a
time is rounded to the whole second, or else to the whole millisecond, only within the precision of its own digits.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from .number_formats import NumberKind

_DAY_US = 86_400_000_000
_SECOND_US, _MILLISECOND_US = 1_000_000, 1_000
_EPOCH_1900 = -25_569  # 1899-12-30, in days from 1970
_EPOCH_1904 = -24_107
# Excel has a 29 February 1900, so the serial numbers before it are off by one.
_FIRST_TRUE_SERIAL = 60
_LAST_SERIAL = 2_958_465.99999998  # the last millisecond of 9999-12-31
_LONGEST_DURATION = 100_000_000  # days; microseconds of longer durations do not fit in 64 bits
_DIGITS_OF_ROUNDING = 15
_DIGITS_OF_PYTHON = 16  # openpyxl and others write a float with %.16g
_MOST_DECIMALS = 10
_ULPS = 2
# With fewer decimals than this, a few serial numbers may match whole milliseconds by chance.
_DECIMALS_OF_MILLISECONDS = 8
_SERIALS_THAT_ARE_NO_CHANCE = 3


def decimals_of(serials: Sequence[Any]) -> int:
    """Return to how many decimals all serial numbers of a column are rounded; ten if they are not, or it is unknown.

    Args:
        serials: The column's serial numbers, in several arrays (numpy float64).
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
    """Split serial numbers into values by what they mean with a date or time format.

    Args:
        serials: The serial numbers (numpy float64).
        kind: The kind of value of their format.
        dates_from_1904: Whether the workbook's epoch is 1904 instead of 1900.
        decimals: To how many decimals the column's serial numbers are rounded.

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
    for unit in (_MILLISECOND_US, _SECOND_US):  # the whole second has priority
        rounded = np.rint(exact / unit) * unit
        found = np.where(np.abs(exact - rounded) <= tolerance, rounded, found)
    return whole.astype(np.int64) * _DAY_US + found.astype(np.int64)


def _tolerance_us(days: Any, decimals: int) -> Any:
    """Return the tolerance around a serial number: two units in the last place, plus half a unit of its rounding."""
    import numpy as np

    # Of fifteen digits, five are the day of a present date. That leaves ten decimals; some programs write only ten.
    day_digits = np.floor(np.log10(np.maximum(np.abs(days), 1))).astype(np.int64) + 1
    rounding = np.zeros(len(days))
    for places in (  # from the finest on: the last that fits wins
        _DIGITS_OF_PYTHON - day_digits,
        _DIGITS_OF_ROUNDING - day_digits,  # a day of four digits, before 1927, leaves more than ten decimals
        np.full(len(days), decimals),
        np.minimum(decimals, _DIGITS_OF_ROUNDING - day_digits),
    ):
        units = np.power(10.0, places)
        rounding = np.where(np.rint(days * units) / units == days, 0.5 / units, rounding)
    return (_ULPS * np.spacing(np.abs(days)) + rounding) * _DAY_US
