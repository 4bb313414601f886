"""How many exports were asked for in the last day, of those whose number Pipefy limits."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import dagster as dg

from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.exports import ConfiguredExport, DailyLimit
from pipefy_exports_dagster.orchestration.events import RequestStatus, observations_after
from pipefy_exports_dagster.periods import Period, PeriodFilter, month_of

DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class DailyUse:
    """The exports of one pipe, say, in the last 24 hours; those of other programs and people are not among them."""

    of: str
    id: str
    asked: int
    limit: int

    @property
    def is_reached(self) -> bool:
        """Whether Pipefy may refuse another."""
        return self.asked >= self.limit

    def __str__(self) -> str:
        """Say it in a line."""
        return (
            f"{self.of} {self.id}: {self.asked} of {self.limit} exports were asked for in the last 24 hours"
        )


def daily_uses(
    instance: dg.DagsterInstance, exports: Sequence[ConfiguredExport], *, now: datetime
) -> list[DailyUse]:
    """Return the use of each limit that the exports are under, by the ledger.

    Args:
        instance: Whose event log is the ledger.
        exports: The configured ones.
        now: The end of the 24 hours.
    """
    asked: Counter[tuple[DailyLimit, str]] = Counter()
    for export in exports:
        limit = export.type.daily_limit
        if limit is None:
            continue
        with suppress(ConfigurationError):  # what is not configured whole has no limit yet
            request = export.kind().request(
                Period(PeriodFilter.LAST_MONTH, month_of(now, export.config.zone))
            )
            asked[limit, str(request[limit.request_key])] += 0
        for observed in observations_after(instance, dg.AssetKey(export.asset_key), now - DAY):
            if observed.status == RequestStatus.REQUESTED and observed.requested:
                asked[limit, str(observed.requested.request.get(limit.request_key))] += 1
    uses = [DailyUse(limit.of, id_, count, limit.exports) for (limit, id_), count in asked.items()]
    return sorted(uses, key=lambda use: (use.of, use.id))


def together(uses: Sequence[DailyUse]) -> list[DailyUse]:
    """Return the uses of several configurations, those of one pipe added up: Pipefy counts all of them."""
    found: dict[tuple[str, str], DailyUse] = {}
    for use in uses:
        known = found.get((use.of, use.id))
        found[use.of, use.id] = replace(use, asked=use.asked + known.asked) if known else use
    return list(found.values())
