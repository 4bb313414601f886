"""Which export of a partition a run goes on with, instead of asking for another."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.orchestration.events import RequestedExport
from pipefy_exports_dagster.orchestration.ledger import Ledger
from pipefy_exports_dagster.orchestration.pending.resume import ago, why_not_resumed
from pipefy_exports_dagster.orchestration.pending.roles import RunRole
from pipefy_exports_dagster.periods import (
    Period,
    PeriodFilter,
    month_of,
)
from pipefy_exports_dagster.pipefy.export import ExportKind
from pipefy_exports_dagster.pipefy.fingerprint import fingerprint_of
from pipefy_exports_dagster.raw_files.folder import RawFolder


@dataclass(frozen=True, slots=True)
class Adoption:
    """Looks for an export that answers what one run would ask for."""

    ledger: Ledger
    folder: RawFolder
    role: RunRole
    base_url: str
    kind: ExportKind
    period_filter: PeriodFilter
    config: PipefyExportsConfig
    clock: Clock
    log: Callable[[str], None]

    def adoptable(self) -> RequestedExport | None:
        """Return the pending export if it answers the request that this run would make; log why not.

        A run that follows up an export, or has asked for it itself, goes on with it when the month has turned
        as well.
        """
        pending = self.ledger.pending()
        if pending is None:
            return None
        is_own = pending.export_id == self.role.follows or pending.run_id in self.role.run_ids
        refusal = why_not_resumed(
            pending,
            base_url=self.base_url,
            kind=self.kind,
            period=Period(self.period_filter, pending.requested_month) if is_own else self.period(),
            now=self.clock.now(),
            resume_window_s=self.config.resume_window_s,
        )
        if refusal:
            self.log(f"the pending export {pending.export_id!r} is not resumed: {refusal}")
            return None
        age = ago(self.clock.now() - pending.requested_at)
        self.log(f"resuming export {pending.export_id!r}, requested {age} ago, instead of asking for another")
        return pending

    def asked_already(self) -> bool:
        """Whether this run has asked for an export: when its step is retried, `fresh` is done with."""
        newest = self.ledger.newest_request()
        return newest is not None and newest.run_id in self.role.run_ids

    def loaded_by_another(self) -> RequestedExport | None:
        """Return the export that this run asked for if it was loaded while the run's step waited for a retry.

        The sensor cannot tell such a run from a dead one: both have released the partition's lock.
        """
        loaded = self.ledger.loaded()
        if loaded is None or loaded.run_id not in self.role.run_ids:
            return None
        return loaded if self.folder.find(loaded.export_id) else None

    def asked_since(self, moment: datetime) -> RequestedExport | None:
        """Return the export that another run has asked for since then, if its file is here."""
        newest = self.ledger.pending() or self.ledger.loaded()
        if newest is None or newest.requested_at < moment:
            return None
        same = newest.fingerprint == self.fingerprint(self.period())
        return newest if same and self.folder.find(newest.export_id) else None

    def period(self) -> Period:
        """Return the period that a request would be for now."""
        return Period(self.period_filter, month_of(self.clock.now(), self.config.zone))

    def fingerprint(self, period: Period) -> str:
        """Return what tells this run's request for a period from others."""
        return fingerprint_of(self.base_url, self.kind.label, self.kind.request(period))
