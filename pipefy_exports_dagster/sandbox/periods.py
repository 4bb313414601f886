"""Calendar months and the three period filters, in UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


class SandboxPeriod(StrEnum):
    """The values of the API's `PeriodFilter`."""

    LAST_MONTH = "last_month"
    CURRENT_MONTH = "current_month"
    LAST_3_MONTHS = "last_3_months"


@dataclass(frozen=True, slots=True, order=True)
class SandboxMonth:
    """A calendar month; months are ordered and can be counted along."""

    year: int
    month: int

    @classmethod
    def of(cls, moment: datetime) -> "SandboxMonth":
        """Return the month that `moment` lies in."""
        return cls(moment.year, moment.month)

    def plus(self, months: int) -> "SandboxMonth":
        """Return the month that is so many months later, or earlier where negative."""
        years, zero_based = divmod(self.year * 12 + self.month - 1 + months, 12)
        return SandboxMonth(years, zero_based + 1)

    @property
    def start(self) -> datetime:
        """The month's first instant."""
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """The first instant after the month."""
        return self.plus(1).start

    @property
    def ordinal(self) -> int:
        """A number that grows by one from month to month."""
        return self.year * 12 + self.month - 1

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"


def months_of(
    period: SandboxPeriod, now: datetime, *, last_3_includes_current: bool = False
) -> list[SandboxMonth]:
    """Return the months of `period` as seen at `now`, oldest first; the current one ends at `now`."""
    current = SandboxMonth.of(now)
    match period:
        case SandboxPeriod.CURRENT_MONTH:
            return [current]
        case SandboxPeriod.LAST_MONTH:
            return [current.plus(-1)]
        case SandboxPeriod.LAST_3_MONTHS:
            newest = current if last_3_includes_current else current.plus(-1)
            return [newest.plus(-2), newest.plus(-1), newest]
