"""What a run needs to know to bring the file of its partition, as one object that is handed down."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import dagster as dg

from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.errors import ExportNotRecordedError
from pipefy_exports_dagster.exports import ConfiguredExport
from pipefy_exports_dagster.orchestration.events import RequestedExport, planned_event
from pipefy_exports_dagster.orchestration.export_partition import ExportPartition
from pipefy_exports_dagster.orchestration.ledger import Ledger
from pipefy_exports_dagster.orchestration.milestones import OnMilestone
from pipefy_exports_dagster.orchestration.run_role import RunRole
from pipefy_exports_dagster.periods import Period, PeriodFilter
from pipefy_exports_dagster.pipefy.export import ExportKind
from pipefy_exports_dagster.pipefy.fingerprint import fingerprint_of
from pipefy_exports_dagster.pipefy.organization import require_organization_id

PAUSES_S = (0.5, 1.0, 2.0, 4.0)
"""Between attempts to write to the event log: SQLite may be locked for a moment."""


@dataclass(frozen=True, slots=True)
class ExportContext:
    """A run of one partition of one export.

    Args:
        run: Dagster's context of the run: instance, log, tags.
        partition: The partition.
        kind: What is asked of Pipefy, with the run's own arguments.
        overrides: The run's own arguments, in place of the configured ones.
        base_url: Where requests of this run go; Pipefy's resource can be changed for one run.
        role: How far the run goes.
        ledger: Which exports of the partition are pending.
        clock: The time.
        on_milestone: Hears of each milestone as it is reached.
    """

    run: dg.AssetExecutionContext
    partition: ExportPartition
    kind: ExportKind
    overrides: Mapping[str, Any]
    base_url: str
    role: RunRole
    ledger: Ledger
    clock: Clock
    on_milestone: OnMilestone

    @classmethod
    def of(
        cls,
        run: dg.AssetExecutionContext,
        export: ConfiguredExport,
        *,
        overrides: Mapping[str, Any],
        base_url: str,
        clock: Clock,
        on_milestone: OnMilestone,
    ) -> Self:
        """Return the context of a run.

        Raises:
            ConfigurationError: No organization is configured, or the arguments cannot be used.
        """
        organization_id = require_organization_id(export.config.organization_id)
        partition = ExportPartition(export, organization_id, PeriodFilter(run.partition_key))
        return cls(
            run=run,
            partition=partition,
            kind=export.kind(overrides=overrides),
            overrides=overrides,
            base_url=base_url,
            role=RunRole.of(run.run, export.config.wait, run.instance),
            ledger=partition.ledger(run.instance),
            clock=clock,
            on_milestone=on_milestone,
        )

    @property
    def config(self) -> PipefyExportsConfig:
        """The configuration of the export."""
        return self.partition.config

    @property
    def log(self) -> dg.DagsterLogManager:
        """The run's log."""
        return self.run.log

    @property
    def label(self) -> str:
        """Names the export in messages."""
        return f"{self.kind.label}, {self.partition.period_filter}"

    def period(self) -> Period:
        """Return the period that a request would be for now."""
        return self.partition.period_at(self.clock.now())

    def fingerprint(self, period: Period) -> str:
        """Return what tells this run's request for a period from others."""
        return fingerprint_of(self.base_url, self.kind.label, self.kind.request(period))

    def record(self, requested: RequestedExport) -> None:
        """Write a new export to the event log, so that it is pending: what the log does not know is asked for again.

        Raises:
            ExportNotRecordedError: The event log did not take it, in several attempts.
        """
        for pause_s in (*PAUSES_S, None):
            try:
                self.run.log_event(self.ledger.requested(requested))
            except Exception as error:  # noqa: BLE001 - whatever storage the instance has
                if pause_s is None:
                    raise ExportNotRecordedError(
                        f"Pipefy created export {requested.export_id!r} ({self.label}), but Dagster's event log did "
                        f"not take its id ({type(error).__name__}), so no run can resume it. See to the Dagster "
                        "instance, then materialize the partition again, which asks for another export",
                        export_id=requested.export_id,
                    ) from None
                self.clock.sleep(pause_s)  # nothing is logged: that would be written to the same place
            else:
                return

    def abandon(self, export_id: str, reason: str) -> None:
        """Write to the event log that an export is not resumed any more."""
        self.run.log_event(self.ledger.abandoned(export_id, reason))

    def asked_at(self) -> int | None:
        """Return the place in the event log at which the run was asked for: before its process and step were started.

        The clocks of two machines do not say which of two things was first; the log does.
        """
        return planned_event(self.run.instance, self.partition.asset_key, self.run.run.run_id)
