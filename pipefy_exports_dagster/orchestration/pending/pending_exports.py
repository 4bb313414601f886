"""All pending exports of all export assets, found in the event log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import dagster as dg

from pipefy_exports_dagster.exports import ConfiguredExport
from pipefy_exports_dagster.orchestration.events import RequestedExport, open_requests
from pipefy_exports_dagster.orchestration.ledger import Ledger
from pipefy_exports_dagster.periods import PeriodFilter


@dataclass(frozen=True, slots=True)
class PendingKey:
    """What tells a pending export from all others: ids of two kinds, or of two organizations, may be equal."""

    asset: str
    partition: str
    export_id: str

    def __str__(self) -> str:
        """Write it in one text."""
        return f"{self.asset}:{self.partition}:{self.export_id}"

    def run_key(self, attempt: int) -> str:
        """Return the key under which Dagster launches one run."""
        return f"{self}:{attempt}"


@dataclass(frozen=True, slots=True)
class PendingExport:
    """An export that was asked for, and neither loaded nor abandoned."""

    export: ConfiguredExport
    period_filter: PeriodFilter
    requested: RequestedExport

    @property
    def id(self) -> str:
        """The export's id."""
        return self.requested.export_id

    @property
    def key(self) -> PendingKey:
        """What tells it from all others."""
        return PendingKey(self.export.asset, self.period_filter.value, self.id)

    @property
    def label(self) -> str:
        """Names the export in messages."""
        return f"export {self.id!r} ({self.export.asset}, {self.period_filter})"

    @property
    def run_config(self) -> Mapping[str, Any]:
        """The run config with which another run makes the same request."""
        overrides = dict(self.requested.overrides)
        op = dg.AssetKey(self.export.asset_key).to_python_identifier()
        return {"ops": {op: {"config": overrides}}} if overrides else {}


def find_pending(
    instance: dg.DagsterInstance,
    exports: Sequence[ConfiguredExport],
    *,
    asked_after: datetime | None = None,
) -> list[PendingExport]:
    """Return the pending export of each partition of each asset, the oldest request first.

    Args:
        instance: Has the event log.
        exports: The exports of the assets.
        asked_after: Those that were asked for before need not be found; None to find all.
    """
    asked = open_requests(instance, asked_after=asked_after)
    found = []
    for export in exports:
        key = dg.AssetKey(export.asset_key)
        for period_filter in PeriodFilter:
            if asked is not None and (key, period_filter.value) not in asked:
                continue
            requested = Ledger(instance, key, period_filter.value).pending()
            if requested:
                found.append(PendingExport(export, period_filter, requested))
    return sorted(found, key=lambda pending: pending.requested.requested_at)
