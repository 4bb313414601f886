"""One materialization: under the partition's lock, a file from Pipefy, then its slice of the table."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.errors import ExportNotFoundError, SupersededExportError, UnreadableFileError
from pipefy_exports_dagster.exports import ConfiguredExport
from pipefy_exports_dagster.history.file_summary import FileSummary
from pipefy_exports_dagster.orchestration.export_context import ExportContext
from pipefy_exports_dagster.orchestration.exporting import ExportedFile, Exporter
from pipefy_exports_dagster.orchestration.failures import failures_for_dagster
from pipefy_exports_dagster.orchestration.metadata.materialization import materialization_metadata
from pipefy_exports_dagster.orchestration.milestones import OnMilestone
from pipefy_exports_dagster.orchestration.partition_locks import HeldPartition, asking_before_commit
from pipefy_exports_dagster.orchestration.resources import ExportDatabaseResource, PipefyResource
from pipefy_exports_dagster.orchestration.superseded import refuse_older_than_empty
from pipefy_exports_dagster.reading.left_out import left_out
from pipefy_exports_dagster.reading.staged import StagedTable
from pipefy_exports_dagster.tables import LoadReport, Slice


@dataclass(frozen=True, slots=True)
class Materializer:
    """Materializes partitions of one export."""

    export: ConfiguredExport
    clock: Clock
    on_milestone: OnMilestone

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
            export_context = ExportContext.of(
                context,
                self.export,
                overrides=overrides,
                base_url=pipefy.base_url,
                clock=self.clock,
                on_milestone=self.on_milestone,
            )
            partition = export_context.partition
            with (
                pipefy.client() as client,
                partition.lock(
                    context.instance,
                    timeout_s=self.export.config.partition_lock_timeout_s,
                    on_wait=lambda holder: context.log.info(
                        f"another run works on this partition; waiting for it: {holder}"
                    ),
                    run_id=context.run.run_id,
                ) as held,
                partition.raw_files.opened() as raw_files,
            ):
                exporter = Exporter(export_context, client, raw_files)
                exported = exporter.export(
                    fresh=fresh, asked_at=export_context.asked_at() if held.waited else None
                )
                return self._load(exporter, exported, database, held) if exported else None

    def _load(
        self,
        exporter: Exporter,
        exported: ExportedFile,
        database: ExportDatabaseResource,
        held: HeldPartition,
    ) -> dg.MaterializeResult:
        context = exporter.context
        started = time.monotonic()
        try:
            try:
                newest = context.partition.newest_materialization(context.run.instance)
                refuse_older_than_empty(newest, Slice.of(exported.raw.sidecar))
                loaded, summary = self._load_file(exporter, exported, database, held)
            except UnreadableFileError as error:
                exported = _downloaded_again(exporter, exported, error)
                loaded, summary = self._load_file(exporter, exported, database, held)
        except SupersededExportError as error:
            context.abandon(exported.requested.export_id, str(error))
            raise
        except UnreadableFileError as error:
            context.abandon(exported.requested.export_id, str(error))
            raise UnreadableFileError(
                f"export {exported.requested.export_id!r} ({context.label}): {error}. Its file is kept at "
                f"{exported.raw.address}; materialize the partition again to ask for another export",
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
            context.log.warning(f"export {exported.requested.export_id!r} ({context.label}): {sentence}")
        if loaded.read_copy_problem:
            context.log.warning(f"the copy for readers is out of date: {loaded.read_copy_problem}")
        for change in loaded.changes:
            context.log.info(f"table {self.export.asset}: {change}")
        return dg.MaterializeResult(
            metadata=materialization_metadata(
                exported,
                loaded,
                database=database.name,
                window=context.partition.window(exported.raw.sidecar.requested_month),
                exports_created=context.ledger.requests_since_materialization(),
                loading_s=loading_s,
                reading=self.export.reading,
                summary=summary,
            )
        )

    def _load_file(
        self,
        exporter: Exporter,
        exported: ExportedFile,
        database: ExportDatabaseResource,
        held: HeldPartition,
    ) -> tuple[LoadReport, FileSummary | None]:
        summary: FileSummary | None = None

        def on_staged(staged: StagedTable) -> None:
            nonlocal summary
            summary = exporter.context.partition.summarize_file(staged, exported.raw.sidecar.requested_month)

        loaded = database.load(
            exporter.raw_files.local(exported.raw),
            asset=self.export.asset,
            slice_=Slice.of(exported.raw.sidecar),
            options=self.export.reading,
            on_milestone=asking_before_commit(held, self.on_milestone),
            on_staged=on_staged,
        )
        return loaded, summary


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
