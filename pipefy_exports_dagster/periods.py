"""Pipefy's period filters, and the calendar months that they mean at a given moment."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

REACH_MONTHS = 3
"""How far back Pipefy goes."""


class PeriodFilter(StrEnum):
    """The values of Pipefy's `PeriodFilter`; also our partition keys."""

    LAST_MONTH = "last_month"
    CURRENT_MONTH = "current_month"
    LAST_3_MONTHS = "last_3_months"


@dataclass(frozen=True, slots=True)
class Window:
    """Dates from `first` up to, but not including, `end`."""

    first: date
    end: date

    def __str__(self) -> str:
        return f"{self.first} to {self.end} (exclusive)"


@dataclass(frozen=True, slots=True)
class Period:
    """A period filter, and the month it is asked in, which gives it its meaning.

    `requested_month` is the first day of that month in the organization's time zone.
    """

    filter: PeriodFilter
    requested_month: date

    @property
    def window(self) -> Window:
        """The calendar dates that the filter means by its name.

        `last_3_months` is taken as the three complete months before this one. Whether Pipefy takes it
        so for automation jobs is not published; for reports we send the dates ourselves.
        """
        this_month = self.requested_month
        match self.filter:
            case PeriodFilter.LAST_MONTH:
                return Window(add_months(this_month, -1), this_month)
            case PeriodFilter.CURRENT_MONTH:
                return Window(this_month, add_months(this_month, 1))
            case PeriodFilter.LAST_3_MONTHS:
                return Window(add_months(this_month, -3), this_month)


def month_of(moment: datetime, timezone: ZoneInfo) -> date:
    """Return the first day of the month that `moment` (aware) falls into in `timezone`."""
    return moment.astimezone(timezone).date().replace(day=1)


def add_months(month: date, count: int) -> date:
    """Return the first day of the month `count` months after (before, if negative) `month`."""
    index = month.year * 12 + (month.month - 1) + count
    return date(index // 12, index % 12 + 1, 1)


def first_month_in_reach(month: date) -> date:
    """Return the first day of the oldest month that Pipefy still exports in `month`."""
    return add_months(month, -REACH_MONTHS)
