"""One materialization: under the partition's lock, a file from Pipefy, then its slice of the table."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import dagster as dg

from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.errors import ExportNotFoundError, SupersededExportError, UnreadableFileError
from pipefy_exports_dagster.exports import ConfiguredExport
from pipefy_exports_dagster.files.locks import lock_file_holder
from pipefy_exports_dagster.history.look import FileLook, look_at
from pipefy_exports_dagster.orchestration.events import newest_materialization
from pipefy_exports_dagster.orchestration.exporting import ExportedFile, Exporter
from pipefy_exports_dagster.orchestration.failures import failures_for_dagster
from pipefy_exports_dagster.orchestration.ledger import Ledger
from pipefy_exports_dagster.orchestration.metadata.materialization import materialization_metadata
from pipefy_exports_dagster.orchestration.partition_lock import partition_lock, partition_lock_path
from pipefy_exports_dagster.orchestration.pending.roles import RunRole
from pipefy_exports_dagster.orchestration.resources import ExportDatabaseResource, PipefyResource
from pipefy_exports_dagster.orchestration.stages import OnStage
from pipefy_exports_dagster.orchestration.superseded import refuse_older_than_empty
from pipefy_exports_dagster.periods import (
    Period,
    PeriodFilter,
    Window,
)
from pipefy_exports_dagster.pipefy.organization import require_organization_id
from pipefy_exports_dagster.raw_files.sidecar import Sidecar
from pipefy_exports_dagster.reading.left_out import left_out
from pipefy_exports_dagster.reading.staged import StagedTable
from pipefy_exports_dagster.tables import LoadReport, Slice


@dataclass(frozen=True, slots=True)
class Materializer:
    """Materializes partitions of one export."""

    export: ConfiguredExport
    clock: Clock
    on_stage: OnStage

    def run(
        self,
        context: dg.AssetExecutionContext,
        pipefy: PipefyResource,
        database: ExportDatabaseResource,
        *,
        fresh: bool,
        overrides: Mapping[str, Any],
    ) -> dg.MaterializeResult | None:
        """Materialize the partition of a run; None if there is nothing to load in this run.

        Args:
            context: The run.
            pipefy: Where exports come from.
            database: Where they go.
            fresh: Ask for a new export in any case.
            overrides: The run's own arguments, in place of the configured ones.

        Raises:
            dg.Failure: For every error of ours; retries are allowed where the trouble may pass.
        """
        with failures_for_dagster():
            organization_id = require_organization_id(self.export.config.organization_id)
            kind = self.export.kind(overrides=overrides)
            place = self.export.config.data_dir, organization_id, self.export.asset, context.partition_key
            lock = partition_lock_path(*place)
            with (
                pipefy.client() as client,
                partition_lock(
                    *place,
                    timeout_s=self.export.config.partition_lock_timeout_s,
                    on_wait=lambda: context.log.info(
                        f"another run works on this partition; waiting for it: {lock_file_holder(lock)} holds {lock}"
                    ),
                ) as waited,
            ):
                exporter = Exporter(
                    context=context,
                    config=self.export.config,
                    asset=self.export.asset,
                    organization_id=organization_id,
                    kind=kind,
                    period_filter=PeriodFilter(context.partition_key),
                    client=client,
                    clock=self.clock,
                    ledger=Ledger(context.instance, context.asset_key, context.partition_key),
                    on_stage=self.on_stage,
                    role=RunRole.of(context.run, self.export.config.wait, context.instance),
                    overrides=overrides,
                )
                exported = exporter.export(fresh=fresh, asked_at=_asked_at(context) if waited else None)
                return self._load(exporter, exported, database) if exported else None

    def _load(
        self, exporter: Exporter, exported: ExportedFile, database: ExportDatabaseResource
    ) -> dg.MaterializeResult:
        context, ledger = exporter.context, exporter.ledger
        started = time.monotonic()
        try:
            try:
                self._refuse_older(exporter, exported)
                loaded, look = self._load_file(exported, database)
            except UnreadableFileError as error:
                exported = _downloaded_again(exporter, exported, error)
                loaded, look = self._load_file(exported, database)
        except SupersededExportError as error:
            context.log_event(ledger.abandoned(exported.requested.export_id, str(error)))
            raise
        except UnreadableFileError as error:
            context.log_event(ledger.abandoned(exported.requested.export_id, str(error)))
            raise UnreadableFileError(
                f"export {exported.requested.export_id!r} ({exporter.label}): {error}. Its file is kept at "
                f"{exported.raw.path}; materialize the partition again to ask for another export",
                detected=error.detected,
            ) from None
        loading_s = time.monotonic() - started
        context.log.info(
            f"loaded {loaded.rows:,} rows in {loading_s:.1f} s; the database was locked for "
            f"{loaded.seconds_writing:.1f} s"
        )
        for sentence in left_out(
            loaded.file, named=bool(self.export.reading.sheets), show_values=self.export.reading.show_values
        ):
            context.log.warning(f"export {exported.requested.export_id!r} ({exporter.label}): {sentence}")
        if loaded.read_copy_problem:
            context.log.warning(f"the copy for readers is out of date: {loaded.read_copy_problem}")
        for change in loaded.changes:
            context.log.info(f"table {self.export.asset}: {change}")
        return dg.MaterializeResult(
            metadata=materialization_metadata(
                exported,
                loaded,
                database=database.name,
                window=self._window(exported.raw.sidecar),
                exports_created=ledger.requests_since_materialization(),
                loading_s=loading_s,
                reading=self.export.reading,
                look=look,
            )
        )

    def _refuse_older(self, exporter: Exporter, exported: ExportedFile) -> None:
        context = exporter.context
        held = newest_materialization(
            context.instance,
            context.asset_key,
            context.partition_key,
            organization_id=exporter.organization_id,
        )
        refuse_older_than_empty(held, Slice.of(exported.raw.sidecar))

    def _load_file(
        self, exported: ExportedFile, database: ExportDatabaseResource
    ) -> tuple[LoadReport, FileLook | None]:
        sidecar = exported.raw.sidecar
        look: FileLook | None = None

        def on_staged(staged: StagedTable) -> None:
            nonlocal look
            look = look_at(
                staged,
                window=self._window(sidecar),
                requested_month=sidecar.requested_month,
                zone=self.export.config.zone,
                time_column=self.export.time_column,
                show_values=self.export.reading.show_values,
            )

        loaded = database.load(
            exported.raw.path,
            asset=self.export.asset,
            slice_=Slice.of(exported.raw.sidecar),
            options=self.export.reading,
            on_stage=self.on_stage,
            on_staged=on_staged,
        )
        return loaded, look

    def _window(self, sidecar: Sidecar) -> Window | None:
        return self.export.window(Period(PeriodFilter(sidecar.period_filter), sidecar.requested_month))


def _downloaded_again(exporter: Exporter, exported: ExportedFile, error: UnreadableFileError) -> ExportedFile:
    """Fetch a file that cannot be read once more: exports are scarce, downloads are not.

    A proxy's error page or a body that was cut short is another file the next time.

    Raises:
        UnreadableFileError: The same bytes came again, or Pipefy has forgotten the export.
    """
    exporter.context.log.warning(f"{error}. Downloading the export once more")
    try:
        again = exporter.download_again(exported)
    except ExportNotFoundError:
        raise error from None
    if again.raw.sidecar.sha256 == exported.raw.sidecar.sha256:
        raise error
    return again


def _asked_at(context: dg.AssetExecutionContext) -> datetime | None:
    """Return when the run was asked for, which is before its process and its step were started."""
    record = context.instance.get_run_record_by_id(context.run.run_id)
    return record.create_timestamp if record else None
