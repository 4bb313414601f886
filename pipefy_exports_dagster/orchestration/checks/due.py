"""Findings about what should be there by now: this month's `last_month`, and the months of a history.

Dagster's own freshness is per asset, where a daily `current_month` would hide a missing `last_month`. So the event log
is asked for the partition. The database is not opened.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import dagster as dg

from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.orchestration.checks.finding import CheckFinding, failed, passed, table, warned
from pipefy_exports_dagster.orchestration.events import newest_of_partitions
from pipefy_exports_dagster.orchestration.ledger import Ledger
from pipefy_exports_dagster.periods import add_months, first_month_in_reach

CHECKED_ON = "pipefy/checked_on"
OUT_OF_REACH = (
    "Pipefy does not reach back to them; a file from an e-mail can be loaded with `pipefy-exports load`"
)
MAX_LISTED = 36


@dataclass(frozen=True, slots=True)
class Today:
    """The day, in the organization's time zone, and the day of the month on which `last_month` is due."""

    day: date
    due_day: int

    @classmethod
    def of(cls, now: datetime, config: PipefyExportsConfig, due_day: int) -> "Today":
        """Return the organization's day at a moment."""
        return cls(now.astimezone(config.zone).date(), due_day)

    @property
    def month(self) -> date:
        """First day of the month."""
        return self.day.replace(day=1)

    @property
    def is_due(self) -> bool:
        """Whether the due day has come."""
        return self.day.day >= self.due_day


def last_month_is_here(ledger: Ledger, name: str, today: Today) -> CheckFinding:
    """Say whether `last_month` was loaded in this month.

    Args:
        ledger: Of the asset's partition `last_month`.
        name: The asset's.
        today: The day to judge by.
    """
    loaded = ledger.loaded_month()
    metadata = {
        CHECKED_ON: today.day.isoformat(),
        "pipefy/due_day": today.due_day,
        "pipefy/loaded_in": f"{loaded:%Y-%m}" if loaded else "never",
    }
    rows = f"the rows of {add_months(today.month, -1):%Y-%m}"
    if loaded and loaded >= today.month:
        return passed(f"last_month of {name} was loaded in {today.month:%Y-%m}: {rows}", metadata)
    if not today.is_due:
        return passed(
            f"last_month of {name} is due on day {today.due_day} of {today.month:%Y-%m}, and not loaded yet",
            metadata,
        )
    if pending := ledger.pending():
        metadata["pipefy/pending_export"] = pending.export_id
    holds = (
        f"the table still holds the one of {loaded:%Y-%m}, the rows of {add_months(loaded, -1):%Y-%m}"
        if loaded
        else "nor ever before"
    )
    say = failed if loaded else warned
    return say(
        f"last_month of {name} was not loaded in {today.month:%Y-%m}; {holds}. Materialize last_month of {name} "
        "(a pending export is resumed), and see that the schedule pipefy_last_month_schedule is switched on and its "
        "runs succeed. Where last_month is not wanted, set `last_month_due_day` to None",
        metadata,
    )


def months_complete(held: Mapping[date, bool], name: str, export: str, today: Today) -> CheckFinding:
    """Say which months of a history that are over are missing or provisional, from its first complete one on.

    Args:
        held: The months that the history has, and whether they are complete.
        name: The history's.
        export: Name of the asset that brings its months.
        today: The day to judge by.
    """
    complete = sorted(month for month, is_complete in held.items() if is_complete)
    metadata = {CHECKED_ON: today.day.isoformat(), "pipefy/complete_months": len(complete)}
    if not complete:
        return passed(f"{name}: no month is complete yet, so there is nothing to compare with", metadata)
    # The month that ended is expected from the due day on, like the export that brings it.
    end = today.month if today.is_due else add_months(today.month, -1)
    months, month = [], complete[0]
    while month < end:
        months.append(month)
        month = add_months(month, 1)
    lacking = [month for month in months if not held.get(month)]
    until = add_months(end, -1)
    if not lacking:
        return passed(
            f"{name}: {complete[0]:%Y-%m} to {max(until, complete[0]):%Y-%m} are complete", metadata
        )
    listed = ", ".join(f"{month:%Y-%m}" for month in lacking[-MAX_LISTED:])
    states = [
        (f"{month:%Y-%m}", "provisional" if month in held else "missing") for month in lacking[-MAX_LISTED:]
    ]
    return warned(
        f"{name}: {listed} should be complete by now. {how_to_fill(lacking, export, today.month)}",
        metadata | {"pipefy/lacking_months": table(("month", "is"), states)},
    )


def how_to_fill(gaps: Sequence[date], export: str, this_month: date) -> str:
    """Say from which partition of an export months can still come, as far back as Pipefy reaches."""
    past = [month for month in gaps if first_month_in_reach(this_month) <= month < this_month]
    partitions = []
    if past:
        partitions.append("last_month" if past == [add_months(this_month, -1)] else "last_3_months")
    if this_month in gaps:
        partitions.append("current_month")
    if not partitions:
        return OUT_OF_REACH
    beyond = min(gaps) < first_month_in_reach(this_month)
    then = "the months that Pipefy reaches back to" if beyond else "the months"
    return f"Materialize {' and '.join(partitions)} of {export}, then {then} again"


def materialized_months(instance: dg.DagsterInstance, history: dg.AssetKey) -> dict[date, bool]:
    """Return the months that were materialized, and whether they are complete."""
    return {
        month: held is not None and held.is_complete
        for key, held in newest_of_partitions(instance, history).items()
        if (month := _month(key))
    }


def _month(key: str) -> date | None:
    try:
        return date.fromisoformat(f"{key}-01")
    except ValueError:
        return None
