"""How many rows each month has."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipefy_exports_dagster.sandbox.periods import SandboxMonth

MONTHS_AT_START = 5


@dataclass(frozen=True, slots=True)
class MonthlyVolume:
    """Spreads a total over the five months that end at `start`, and goes on at that rate after it.

    Exactly `total` rows lie at or before `start`. A month's count and times follow from the seed, the
    total and `start` alone, so that a month never changes however far the clock has run.

    Args:
        stream: Names what is counted, so that jobs and cards do not run in parallel.
        start: Whole seconds.
    """

    seed: int
    stream: str
    total: int
    start: datetime

    def first_month(self) -> SandboxMonth:
        """Return the oldest month that has rows."""
        return SandboxMonth.of(self.start).plus(1 - MONTHS_AT_START)

    def times(self, month: SandboxMonth) -> list[datetime]:
        """Return when each row of `month` came into being, ascending, in whole seconds."""
        rng = random.Random(f"{self.seed}/{self.stream}/times/{month}")  # noqa: S311
        current = SandboxMonth.of(self.start)
        if month < self.first_month():
            return []
        if month != current:
            return _spread(rng, self._count(month), month.start, month.end)
        after_start = self.start + timedelta(seconds=1)
        later = round(self._rate() * self._weight(month) * (1 - self._elapsed_part()))
        return [
            *_spread(rng, self._count(month), month.start, after_start),
            *_spread(rng, later, after_start, month.end),
        ]

    def _count(self, month: SandboxMonth) -> int:
        """Count rows of `month`, for the month of `start` only those up to `start`."""
        if month == self.first_month():  # takes what rounding left over
            return self.total - sum(self._count(month.plus(n)) for n in range(1, MONTHS_AT_START))
        part = self._elapsed_part() if month == SandboxMonth.of(self.start) else 1.0
        return int(self._rate() * self._weight(month) * part)

    def _rate(self) -> float:
        current = SandboxMonth.of(self.start)
        weights = [self._weight(current.plus(-n)) for n in range(MONTHS_AT_START)]
        return self.total / (weights[0] * self._elapsed_part() + sum(weights[1:]))

    def _weight(self, month: SandboxMonth) -> float:
        return random.Random(f"{self.seed}/{self.stream}/weight/{month}").uniform(0.85, 1.15)  # noqa: S311

    def _elapsed_part(self) -> float:
        month = SandboxMonth.of(self.start)
        return (self.start - month.start) / (month.end - month.start)


def _spread(rng: random.Random, count: int, start: datetime, end: datetime) -> list[datetime]:
    seconds = int((end - start).total_seconds())
    return [start + timedelta(seconds=s) for s in sorted(int(rng.random() * seconds) for _ in range(count))]
