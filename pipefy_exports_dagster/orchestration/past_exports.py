"""All exports that the event log knows: what was asked for, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import dagster as dg

from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.exports import ConfiguredExport
from pipefy_exports_dagster.orchestration.events import (
    RequestedExport,
    RequestStatus,
    materializations,
    observations,
)
from pipefy_exports_dagster.orchestration.ledger import Ledger
from pipefy_exports_dagster.orchestration.pending.resume import why_not_resumed
from pipefy_exports_dagster.periods import Period, PeriodFilter, month_of

RECORDS_PER_EXPORT = 3
"""Of a partition's records: an export has two observations at most, and is materialized again now and then."""


class PastState(StrEnum):
    """What became of an export."""

    PENDING = "pending"
    """Asked for, and neither loaded nor abandoned: the next run goes on with it, unless there is a reason not to."""
    LOADED = "loaded"
    """Its rows were put into the table; a later export may have replaced them."""
    ABANDONED = "abandoned"
    """It failed, or its file cannot be read."""
    SUPERSEDED = "superseded"
    """Another was asked for before it was loaded."""


@dataclass(frozen=True, slots=True)
class PastExport:
    """An export in the event log.

    `reason` says why it was abandoned, or why the next run does not go on with it. `run_id` is the run that asked
    for it; a file loaded by hand has none.
    """

    asset: str
    partition: str
    export_id: str
    state: PastState
    requested_at: datetime
    loaded_at: datetime | None = None
    loaded_rows: int | None = None
    reason: str = ""
    run_id: str = ""


def list_past_exports(
    instance: dg.DagsterInstance,
    exports: Sequence[ConfiguredExport],
    config: PipefyExportsConfig,
    *,
    now: datetime,
    limit: int,
) -> list[PastExport]:
    """Return the newest exports of all partitions, the newest request first; pending ones are always there.

    Args:
        instance: Whose event log to look into.
        exports: The export assets.
        config: What they would ask for.
        now: When: a pending export answers a request for a while only.
        limit: How many to return, besides pending ones.
    """
    found: list[PastExport] = []
    for export in exports:
        for period in PeriodFilter:
            past = _of_partition(instance, export, period.value, limit)
            pending = Ledger(instance, dg.AssetKey(export.asset_key), period.value).pending()
            if pending and pending.export_id in past:
                reason = _why_not_resumed(pending, export, config, period, now)
                past[pending.export_id] = replace(
                    past[pending.export_id], state=PastState.PENDING, reason=reason
                )
            found += past.values()
    return newest_past_exports(found, limit)


def newest_past_exports(found: Sequence[PastExport], limit: int) -> list[PastExport]:
    """Return the newest exports, and all that are pending, the newest request first."""
    newest_first = sorted(found, key=lambda past: past.requested_at, reverse=True)
    return [
        past
        for position, past in enumerate(newest_first)
        if position < limit or past.state is PastState.PENDING
    ]


def _of_partition(
    instance: dg.DagsterInstance, export: ConfiguredExport, partition: str, limit: int
) -> dict[str, PastExport]:
    key, count = dg.AssetKey(export.asset_key), limit * RECORDS_PER_EXPORT
    past: dict[str, PastExport] = {}
    # Oldest first, so that what was logged last has the last word.
    for observed in reversed(observations(instance, key, partition, limit=count)):
        known = past.get(observed.export_id)
        if observed.status == RequestStatus.REQUESTED:
            past[observed.export_id] = PastExport(
                export.asset,
                partition,
                observed.export_id,
                PastState.SUPERSEDED,
                observed.requested_at or observed.logged_at,
                run_id=observed.run_id,
            )
        elif known:
            past[observed.export_id] = replace(known, state=PastState.ABANDONED, reason=observed.reason)
    for materialized in reversed(materializations(instance, key, partition, limit=count)):
        known = past.get(materialized.export_id) or PastExport(
            export.asset,
            partition,
            materialized.export_id,
            PastState.LOADED,
            materialized.requested_at or materialized.logged_at,
        )
        past[materialized.export_id] = replace(
            known,
            state=PastState.LOADED,
            loaded_at=materialized.logged_at,
            loaded_rows=materialized.rows,
            reason="",
        )
    return past


def _why_not_resumed(
    pending: RequestedExport,
    export: ConfiguredExport,
    config: PipefyExportsConfig,
    period: PeriodFilter,
    now: datetime,
) -> str:
    try:
        refusal = why_not_resumed(
            pending,
            base_url=config.connection.base_url,
            kind=export.kind(overrides=pending.overrides),
            period=Period(period, month_of(now, config.zone)),
            now=now,
            resume_window_s=config.resume_window_s,
        )
    except ConfigurationError as error:
        refusal = str(error)
    return f"the next run asks for another: {refusal}" if refusal else ""
