"""Which export of a partition a run goes on with, instead of asking for another."""

from dataclasses import dataclass

from pipefy_exports_dagster.orchestration.events import RequestedExport
from pipefy_exports_dagster.orchestration.export_context import ExportContext
from pipefy_exports_dagster.orchestration.pending.resume import ago, why_not_resumed
from pipefy_exports_dagster.periods import Period


@dataclass(frozen=True, slots=True)
class Adoption:
    """Looks for an export that answers what one run would ask for."""

    context: ExportContext

    def adoptable(self) -> RequestedExport | None:
        """Return the pending export if it answers the request that this run would make; log why not.

        A run that follows up an export, or has asked for it itself, goes on with it when the month has turned
        as well.
        """
        context = self.context
        pending = context.ledger.pending()
        if pending is None:
            return None
        is_own = pending.export_id == context.role.follows or pending.run_id in context.role.run_ids
        own_period = Period(context.partition.period_filter, pending.requested_month)
        refusal = why_not_resumed(
            pending,
            base_url=context.base_url,
            kind=context.kind,
            period=own_period if is_own else context.period(),
            now=context.clock.now(),
            resume_window_s=context.config.resume_window_s,
        )
        if refusal:
            context.log.info(f"the pending export {pending.export_id!r} is not resumed: {refusal}")
            return None
        age = ago(context.clock.now() - pending.requested_at)
        context.log.info(
            f"resuming export {pending.export_id!r}, requested {age} ago, instead of asking for another"
        )
        return pending

    def asked_already(self) -> bool:
        """Whether this run has asked for an export: when its step is retried, `fresh` is done with."""
        newest = self.context.ledger.newest_request()
        return newest is not None and newest.run_id in self.context.role.run_ids

    def loaded_by_another(self) -> RequestedExport | None:
        """Return the export that this run asked for if it was loaded while the run's step waited for a retry.

        The sensor cannot tell such a run from a dead one: both have released the partition's lock.
        """
        loaded = self.context.ledger.loaded()
        if loaded is None or loaded.run_id not in self.context.role.run_ids:
            return None
        return loaded if self.context.partition.raw_files.find(loaded.export_id) else None

    def asked_since(self, place: int) -> RequestedExport | None:
        """Return the export that another run has asked for since that place in the event log, if its file is here."""
        newest = self.context.ledger.pending() or self.context.ledger.loaded()
        if newest is None or newest.asked_after is None or newest.asked_after < place:
            return None
        same = newest.fingerprint == self.context.fingerprint(self.context.period())
        return newest if same and self.context.partition.raw_files.find(newest.export_id) else None
