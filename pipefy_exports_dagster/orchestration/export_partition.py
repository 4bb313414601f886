"""One partition of a configured export: its raw files, lock, ledger and months.

Runs, the sensor of pending exports and `load --asset` share it.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime

import dagster as dg

from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.exports import ConfiguredExport
from pipefy_exports_dagster.history.file_summary import FileSummary, summarize_file
from pipefy_exports_dagster.orchestration.events import Materialized, newest_materialization
from pipefy_exports_dagster.orchestration.ledger import Ledger
from pipefy_exports_dagster.orchestration.partition_locks import (
    HeldPartition,
    PartitionName,
    partition_locks_of,
)
from pipefy_exports_dagster.periods import Period, PeriodFilter, Window, month_of
from pipefy_exports_dagster.raw_files.configured import raw_file_store
from pipefy_exports_dagster.raw_files.store import RawPartition
from pipefy_exports_dagster.reading.staged import StagedTable


@dataclass(frozen=True, slots=True)
class ExportPartition:
    """One partition of a configured export, of one organization.

    Args:
        export: The configured export.
        organization_id: Pipefy's id of the organization.
        period_filter: The partition's key.
    """

    export: ConfiguredExport
    organization_id: str
    period_filter: PeriodFilter

    @property
    def config(self) -> PipefyExportsConfig:
        """The configuration of the export."""
        return self.export.config

    @property
    def asset_key(self) -> dg.AssetKey:
        """The asset's key."""
        return dg.AssetKey(self.export.asset_key)

    @property
    def raw_files(self) -> RawPartition:
        """Where the partition's files are archived."""
        store = raw_file_store(self.config)
        return store.partition(self.organization_id, self.export.asset, self.period_filter.value)

    @property
    def name(self) -> PartitionName:
        """What its lock is called."""
        return PartitionName(self.organization_id, self.export.asset, self.period_filter.value)

    def lock(
        self,
        instance: dg.DagsterInstance,
        *,
        timeout_s: float,
        on_wait: Callable[[str], None],
        run_id: str = "",
    ) -> AbstractContextManager[HeldPartition]:
        """Hold the partition's lock, as `PartitionLocks.hold` does.

        Raises:
            PartitionLockedError: The other run did not end in time.
            PipefyExportsError: And the others of `hold`.
        """
        locks = partition_locks_of(self.config, instance)
        return locks.hold(self.name, timeout_s=timeout_s, on_wait=on_wait, run_id=run_id)

    def ledger(self, instance: dg.DagsterInstance) -> Ledger:
        """Return which exports of the partition are pending."""
        return Ledger(instance, self.asset_key, self.period_filter.value)

    def newest_materialization(self, instance: dg.DagsterInstance) -> Materialized | None:
        """Return the newest load of this organization's export."""
        return newest_materialization(
            instance, self.asset_key, self.period_filter.value, organization_id=self.organization_id
        )

    def period_at(self, moment: datetime) -> Period:
        """Return the period that a request of that moment (aware) means."""
        return Period(self.period_filter, month_of(moment, self.config.zone))

    def window(self, requested_month: date) -> Window | None:
        """Return the dates that an export requested in that month covers; None where they are not known."""
        return self.export.window(Period(self.period_filter, requested_month))

    def summarize_file(self, staged: StagedTable, requested_month: date) -> FileSummary:
        """Return what the UI shows of a file's rows."""
        return summarize_file(
            staged,
            window=self.window(requested_month),
            requested_month=requested_month,
            zone=self.config.zone,
            time_column=self.export.time_column,
            show_values=self.export.reading.show_values,
        )
