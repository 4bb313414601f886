"""Excel's serial numbers: days, and fractions of a day, since an epoch."""

from collections.abc import Iterator
from typing import Any

from .number_formats import NumberKind

_DAY_US = 86_400_000_000
_EPOCH_1900 = -25_569  # 1899-12-30, in days from 1970
_EPOCH_1904 = -24_107
# Excel has a 29 February 1900, so that the serials before it are off by one.
_FIRST_TRUE_SERIAL = 60
_LAST_SERIAL = 2_958_465.99999998  # the last millisecond of 9999-12-31
_LONGEST_DURATION = 100_000_000  # days; microseconds beyond that have no room in 64 bits
_STORED_PRECISION = 5e-16  # some programs write sixteen digits


def serial_values(serials: Any, kind: NumberKind, *, dates_from_1904: bool) -> Iterator[tuple[str, Any, Any]]:
    """Split serial numbers into values by what they can mean under a date or time format.

    A serial at 2026 is written with a precision of about two microseconds, so a time that is as near as that to a
    whole millisecond is that millisecond.

    Yields:
        Kind of value, mask over the serials (None for all), and the values (pyarrow array).
    """
    import numpy as np
    import pyarrow as pa

    if kind is NumberKind.DURATION:
        has_room = np.abs(serials) <= _LONGEST_DURATION
        if has_room.any():
            yield "DURATION", has_room, pa.array(_microseconds(serials[has_room]))
        if not has_room.all():
            yield "FLOAT", ~has_room, pa.array(serials[~has_room])
        return
    is_date = (serials >= 0) & (serials <= _LAST_SERIAL)
    if kind is NumberKind.TIME:
        below_a_day = (serials >= 0) & (serials < 1)
        if below_a_day.any():
            yield "DURATION", below_a_day, pa.array(_microseconds(serials[below_a_day]))
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
        moments = _microseconds(serials[timed]) + epoch * _DAY_US
        if not dates_from_1904:
            moments += _DAY_US * (serials[timed] < _FIRST_TRUE_SERIAL)
        yield "TIMESTAMP", timed, pa.array(moments).cast(pa.timestamp("us"))
    if not is_date.all():
        rest = ~is_date & ~((serials >= 0) & (serials < 1)) if kind is NumberKind.TIME else ~is_date
        if rest.any():
            yield "FLOAT", rest, pa.array(serials[rest])


def _microseconds(days: Any) -> Any:
    import numpy as np

    whole = np.floor(days)
    microseconds = np.rint((days - whole) * _DAY_US).astype(np.int64)
    milliseconds = (microseconds + 500) // 1000 * 1000
    noise = np.abs(days) * _DAY_US * _STORED_PRECISION
    snapped = np.where(np.abs(microseconds - milliseconds) <= noise, milliseconds, microseconds)
    return whole.astype(np.int64) * _DAY_US + snapped
