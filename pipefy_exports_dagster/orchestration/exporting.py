"""From a partition to a file on disk: resume the pending export, or ask for a new one.

This is the one mechanism for crashes, retries, time-outs and restarts. Whatever stopped an earlier run,
the next one looks into the ledger, and goes on from where the export is now.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pipefy_exports_dagster.errors import ExportFailedError, ExportNotFoundError, TransientError
from pipefy_exports_dagster.orchestration.definition_names import PENDING_EXPORTS_SENSOR
from pipefy_exports_dagster.orchestration.events import RequestedExport, newest_event
from pipefy_exports_dagster.orchestration.export_context import ExportContext
from pipefy_exports_dagster.orchestration.milestones import Milestone
from pipefy_exports_dagster.orchestration.pending.adoption import Adoption
from pipefy_exports_dagster.pipefy.creating import create_with_retry
from pipefy_exports_dagster.pipefy.export import CreatedExport, Export, ExportState
from pipefy_exports_dagster.pipefy.polling import await_export
from pipefy_exports_dagster.raw_files.sidecar import Sidecar
from pipefy_exports_dagster.raw_files.store import OpenedPartition, RawFile

if TYPE_CHECKING:
    from pipefy_exports_dagster.pipefy.client import PipefyClient


MAX_CLOCK_DIFFERENCE = timedelta(hours=1)
"""Between two machines. Of more, a load says that it is older than what the table holds."""


@dataclass(slots=True)
class Timings:
    """Seconds spent in each part."""

    waiting_s: float = 0.0
    downloading_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A complete raw file, and how it was come by."""

    raw: RawFile
    requested: RequestedExport
    resumed: bool
    timings: Timings


@dataclass(frozen=True, slots=True)
class Exporter:
    """Gets the file of one partition of one export asset. Needs the partition's lock to be held.

    Its raw files are opened before an export is asked for that could not be kept.
    """

    context: ExportContext
    client: "PipefyClient"
    raw_files: OpenedPartition
    timings: Timings = field(default_factory=Timings)

    def export(self, *, fresh: bool, asked_at: int | None) -> ExportedFile | None:
        """Return the partition's file: of the pending export where there is one, else of a new one.

        None means that there is nothing to load in this run, and the log says why.

        Args:
            fresh: Ask for a new export in any case.
            asked_at: The place in the event log at which this run was asked for, if it had to wait for another run of
                the partition: an export that its twin has asked for since then is as good as a new one.

        Raises:
            PipefyExportsError: Pipefy refused or did not answer, the export was not finished in time, or its file
                could not be downloaded or kept.
        """
        if self.context.role.follows:
            return self._follow_up(self.context.role.follows)
        if asked_at is not None and (twin := self._adoption.asked_since(asked_at)):
            self.context.log.info(f"using export {twin.export_id!r}, which another run has just asked for")
            return self._follow(twin)
        if own := self._adoption.loaded_by_another():
            self.context.log.info(
                f"another run has loaded this run's export {own.export_id!r}; loading it again"
            )
            return self._follow(own)
        if (not fresh or self._adoption.asked_already()) and (pending := self._adoption.adoptable()):
            try:
                return self._follow(pending)
            except (ExportFailedError, ExportNotFoundError) as error:
                self.context.log.warning(f"{error}. Asking for a new export instead")
        requested, export = self._request_new()
        return self._follow(requested, export)

    def download_again(self, exported: ExportedFile) -> ExportedFile:
        """Download an export that is here already, over the file that is here."""
        requested = exported.requested
        export = Export(requested.export_id, ExportState.UNKNOWN, "")
        raw = self._download(self._await(export, requested), requested)
        return ExportedFile(raw, requested, exported.resumed, self.timings)

    def _follow_up(self, export_id: str) -> ExportedFile | None:
        """Return the file of the one export that this run is for; it never asks for another."""
        pending = self._adoption.adoptable()
        if pending and pending.export_id == export_id:
            return self._follow(pending)
        self.context.log.info(
            f"nothing to do: export {export_id!r}, which this run was launched for, is not pending any more. "
            "Materialize the partition to ask for a new export"
        )
        return None

    def _request_new(self) -> tuple[RequestedExport, Export]:
        newest = self.context.ledger.newest_request()
        period, requested_at = self.context.period(), self.context.clock.now()
        asked_after: int | None = None

        def create() -> CreatedExport:
            # Each attempt determines the month: a wait for Pipefy may pass the month's end.
            nonlocal period, requested_at, asked_after
            asked_after = newest_event(self.context.run.instance)
            period, requested_at = self.context.period(), self.context.clock.now()
            return self.context.kind.create(self.client, period, dialect=newest.dialect if newest else None)

        created = create_with_retry(create, clock=self.context.clock, label=self.context.label)
        self.context.on_milestone(Milestone.ANSWERED)
        requested = RequestedExport(
            export_id=created.export.id,
            fingerprint=self.context.fingerprint(period),
            request=created.request,
            requested_at=requested_at,
            requested_month=period.requested_month,
            dialect=created.dialect,
            overrides=self.context.overrides,
            report=created.report_name,
            asked_after=asked_after,
        )
        self.context.record(requested)
        self.context.on_milestone(Milestone.REQUESTED)
        self.context.log.info(f"requested export {created.export.id!r} ({self.context.label})")
        for warning in created.warnings:
            self.context.log.warning(warning)
        return requested, created.export

    def _follow(self, requested: RequestedExport, created: Export | None = None) -> ExportedFile | None:
        """Return the file of an export: one just `created`, or else a resumed one, in whatever state it is.

        None if the run leaves the waiting to the sensor.
        """
        raw = None if created else self.raw_files.find(requested.export_id)
        if raw:
            self.context.log.info(f"the file is already here, whole: {raw.address}")
        else:
            export = created or Export(requested.export_id, ExportState.UNKNOWN, "")
            if self.context.role.defers and self._is_left_to_sensor(requested, created):
                return None
            raw = self._download(self._await(export, requested), requested)
        return ExportedFile(raw, requested, resumed=created is None, timings=self.timings)

    def _is_left_to_sensor(self, requested: RequestedExport, created: Export | None) -> bool:
        """Whether a deferred run ends here: its export is not late, and new, still being written or not told of.

        An error that may pass is the sensor's to wait out, as `await_export` would.
        """
        export_id = requested.export_id
        reason = f"Pipefy is writing export {export_id!r}"
        try:
            export = created or self._refresh(export_id)
        except ExportNotFoundError:
            return False
        except TransientError as error:
            export = Export(export_id, ExportState.UNKNOWN, "")
            reason = f"asking about export {export_id!r} failed: {error}"
        is_late = self.context.clock.now() - requested.requested_at >= timedelta(
            seconds=self.context.config.polling.timeout_s
        )
        if export.is_ready or export.state is ExportState.FAILED or is_late:
            return False
        sensor = self.context.config.definition_name(PENDING_EXPORTS_SENSOR)
        self.context.log.info(
            f"this run ends here, with nothing loaded: {reason}. "
            f"{sensor} asks about it, and launches another run that "
            "loads it when it is finished; the daemon has to be running for that, and the sensor switched on"
        )
        return True

    def _await(self, export: Export, requested: RequestedExport) -> Export:
        started = time.monotonic()
        try:
            return await_export(
                export,
                refresh=self._refresh,
                requested_at=requested.requested_at,
                policy=self.context.config.polling,
                clock=self.context.clock,
                label=self.context.label,
                on_state=self._log_state,
            )
        except (ExportFailedError, ExportNotFoundError) as error:
            self.context.abandon(requested.export_id, str(error))
            raise
        finally:
            self.timings.waiting_s += time.monotonic() - started

    def _download(self, export: Export, requested: RequestedExport) -> RawFile:
        from pipefy_exports_dagster.pipefy.download import download_export  # imports httpx

        started = time.monotonic()
        seen_at = self._seen_at(requested)
        part = self.raw_files.part_path(export.id, self.context.run.run.run_id)
        downloaded = download_export(
            export,
            part,
            refresh=self._refresh,
            connection=self.client.connection,
            clock=self.context.clock,
            on_progress=self._progress(part),
        )
        sidecar = Sidecar(
            organization_id=self.context.partition.organization_id,
            asset=self.context.partition.export.asset,
            period_filter=self.context.partition.period_filter.value,
            export_id=export.id,
            request=requested.request,
            requested_month=requested.requested_month,
            requested_at=requested.requested_at,
            exported_at=export.finished_at or seen_at,
            downloaded_at=self.context.clock.now(),
            sha256=downloaded.sha256,
            size_bytes=downloaded.size_bytes,
            fingerprint=requested.fingerprint,
            report=export.report or requested.report,
            requested_by=export.requested_by,
        ).shown(show_values=self.context.partition.export.show_values)
        raw = self.raw_files.keep(part, sidecar)
        self.timings.downloading_s += time.monotonic() - started
        self.context.log.info(
            f"downloaded {downloaded.size_bytes:,} bytes in {self.timings.downloading_s:.1f} s to {raw.address}"
        )
        self.context.on_milestone(Milestone.DOWNLOADED)
        return raw

    def _seen_at(self, requested: RequestedExport) -> datetime:
        """Return when the export is seen finished: after what was loaded before it was asked for, by the event log.

        The machine that loaded the other may have had a clock that is ahead of this one's.
        """
        now = self.context.clock.now()
        held = self.context.partition.newest_materialization(self.context.run.instance)
        if held is None or held.exported_at is None or requested.asked_after is None:
            return now
        is_behind = timedelta() <= held.exported_at - now < MAX_CLOCK_DIFFERENCE
        is_newer = held.storage_id <= requested.asked_after
        return held.exported_at + timedelta(milliseconds=1) if is_behind and is_newer else now

    def _refresh(self, export_id: str) -> Export:
        export = self.context.kind.refresh(self.client, export_id)
        if not export.is_ready:
            self.context.on_milestone(Milestone.WAITING)
        return export

    def _log_state(self, export: Export, elapsed_s: float) -> None:
        state = export.reported_state or "without a state"
        text = f"export {export.id!r} is {state} after {elapsed_s:.1f} s"
        if export.state is ExportState.UNKNOWN:
            self.context.log.warning(f"{text}; this state is not known and is waited on like 'processing'")
        else:
            self.context.log.info(text)

    def _progress(self, part: Path) -> Callable[[int], None]:
        first = True

        def report(size_bytes: int) -> None:
            nonlocal first
            if first:
                self.context.on_milestone(Milestone.DOWNLOADING)
                first = False
            else:
                self.context.log.info(f"downloading {part.stem}: {size_bytes / 1e6:,.1f} MB so far")

        return report

    @property
    def _adoption(self) -> Adoption:
        return Adoption(self.context)
