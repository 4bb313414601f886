"""Exports: created by a mutation, produced in the background, finished after a set time."""

import itertools
import logging
import tempfile
import threading
import time
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from pipefy_exports_dagster.sandbox.clock import SandboxClock
from pipefy_exports_dagster.sandbox.files import write_file
from pipefy_exports_dagster.sandbox.organizations import SandboxOrganization
from pipefy_exports_dagster.sandbox.periods import SandboxPeriod
from pipefy_exports_dagster.sandbox.refusals import Refusal, not_found
from pipefy_exports_dagster.sandbox.reports import ReportRequest
from pipefy_exports_dagster.sandbox.settings import SandboxSettings
from pipefy_exports_dagster.sandbox.tables import ProductionStoppedError, Table
from pipefy_exports_dagster.sandbox.tokens import Principal
from pipefy_exports_dagster.sandbox.world import World

_log = logging.getLogger(__name__)


class SandboxExportKind(StrEnum):
    """The exports."""

    AUTOMATION_JOBS = "automation_jobs"
    ORGANIZATION_REPORT = "organization_report"
    PIPE_REPORT = "pipe_report"


class SandboxExportState(StrEnum):
    """How far an export is; each kind has its own words for these."""

    CREATED = "created"
    PROCESSING = "processing"
    FINISHED = "finished"
    FAILED = "failed"


@dataclass(slots=True, kw_only=True)
class SandboxExport:
    """An export. It holds what was there at `created_at`, whenever its file is written."""

    id: str
    kind: SandboxExportKind
    organization: SandboxOrganization
    requested_by: Principal
    created_at: datetime
    created_elapsed_s: float
    period: SandboxPeriod | None = None
    request: ReportRequest | None = None
    failed: bool = False
    production: "Future[Path]" = field(default_factory=Future, repr=False)
    produced_elapsed_s: float = 0.0
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))


class ExportStore:
    """Creates exports and knows how far each is."""

    def __init__(self, settings: SandboxSettings, clock: SandboxClock, world: World) -> None:
        self._settings = settings
        self._clock = clock
        self._world = world
        self._exports: dict[tuple[SandboxExportKind, str], SandboxExport] = {}
        self._forgotten: set[tuple[SandboxExportKind, str]] = set()
        self._lock = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="pipefy-sandbox-")
        self._writers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="sandbox-writer")
        self._stopped = threading.Event()
        # Each kind has a sequence of its own, so that ids of two kinds are equal, as an API's may be. None is
        # repeated by the next sandbox on the same port: a client remembers ids across restarts.
        start = int(time.time() * 1000)
        self._numbers = {kind: itertools.count(start) for kind in SandboxExportKind}

    def all(self) -> list[SandboxExport]:
        """Return every export ever created, in that order."""
        with self._lock:
            return list(self._exports.values())

    def create_automation_jobs(
        self, organization: SandboxOrganization, period: SandboxPeriod, requested_by: Principal
    ) -> SandboxExport:
        """Create an export of automation jobs."""
        return self._create(SandboxExportKind.AUTOMATION_JOBS, organization, requested_by, period=period)

    def create_report(
        self, organization: SandboxOrganization, request: ReportRequest, requested_by: Principal
    ) -> SandboxExport:
        """Create an export of a report.

        Raises:
            Refusal: The request names something that does not exist or means nothing, or its pipe has had all
                exports of these 24 hours.
        """
        self._world.plan_report(request)
        kind = SandboxExportKind.ORGANIZATION_REPORT
        if request.pipe_id is not None:
            kind = SandboxExportKind.PIPE_REPORT
            self._check_limit(request.pipe_id)
        return self._create(kind, organization, requested_by, request=request)

    def _check_limit(self, pipe_id: str) -> None:
        """Refuse an export past the limit that Pipefy publishes for a pipe's reports."""
        day_ago, limit = self._clock.now() - timedelta(days=1), self._settings.pipe_exports_per_day
        exports = [export for export in self.all() if export.request and export.request.pipe_id == pipe_id]
        if sum(export.created_at > day_ago for export in exports) >= limit:
            raise Refusal(
                "LIMIT_EXCEEDED", f"Pipe {pipe_id} has reached its limit of {limit} exports in 24 hours"
            )

    def get(self, export_id: str, kind: SandboxExportKind) -> SandboxExport:
        """Return an export by its id.

        Raises:
            Refusal: There is none of that kind.
        """
        with self._lock:
            export = self._exports.get((kind, export_id))
            forgotten = (kind, export_id) in self._forgotten
        if export is None or forgotten:
            raise not_found("Export", export_id)
        return export

    def forget(self, export_id: str, kind: SandboxExportKind) -> None:
        """Answer from now on that there is no such export."""
        with self._lock:
            self._forgotten.add((kind, export_id))

    def fail(self, export_id: str, kind: SandboxExportKind) -> None:
        """Let an export fail, for good."""
        with self._lock:
            if export := self._exports.get((kind, export_id)):
                export.failed = True

    def file(self, export_uuid: str) -> Path | None:
        """Return the finished file of the export that a link belongs to."""
        for export in self.all():
            if export.uuid == export_uuid and self.stage(export) is SandboxExportState.FINISHED:
                return export.production.result()
        return None

    def stage(self, export: SandboxExport) -> SandboxExportState:
        """Say how far an export is: created for a quarter of the set time, then processing, then finished."""
        if export.failed or (export.production.done() and export.production.exception()):
            return SandboxExportState.FAILED
        age_s = self._clock.elapsed_s() - export.created_elapsed_s
        processing_s = self._settings.processing_seconds
        if age_s >= processing_s and export.production.done():
            return SandboxExportState.FINISHED
        return SandboxExportState.CREATED if age_s < processing_s / 4 else SandboxExportState.PROCESSING

    def finished_at(self, export: SandboxExport) -> datetime:
        """Return when a finished export was finished; later than set where its file took longer."""
        written_after_s = export.produced_elapsed_s - export.created_elapsed_s
        return export.created_at + timedelta(seconds=max(self._settings.processing_seconds, written_after_s))

    def table(self, export: SandboxExport) -> Table:
        """Return what the export's file holds."""
        match export.kind:
            case SandboxExportKind.AUTOMATION_JOBS:
                period = export.period or SandboxPeriod.LAST_MONTH
                return self._world.automation_jobs(period, export.created_at, export.organization.id)
            case SandboxExportKind.ORGANIZATION_REPORT | SandboxExportKind.PIPE_REPORT:
                assert export.request  # noqa: S101 - `create_report` has it
                return self._world.organization_report(export.request, export.created_at)

    def close(self) -> None:
        """End all writing and delete the files."""
        self._stopped.set()
        self._writers.shutdown(wait=True, cancel_futures=True)
        self._folder.cleanup()

    def _create(
        self,
        kind: SandboxExportKind,
        organization: SandboxOrganization,
        requested_by: Principal,
        *,
        period: SandboxPeriod | None = None,
        request: ReportRequest | None = None,
    ) -> SandboxExport:
        export = SandboxExport(
            id=str(next(self._numbers[kind])),
            kind=kind,
            organization=organization,
            requested_by=requested_by,
            created_at=self._clock.now(),
            created_elapsed_s=self._clock.elapsed_s(),
            period=period,
            request=request,
        )
        export.production = self._writers.submit(self._produce, export)
        with self._lock:
            self._exports[export.kind, export.id] = export
        if self._settings.processing_seconds == 0:
            export.production.exception()  # waits: the answer to its creation says that it is finished
        return export

    def _produce(self, export: SandboxExport) -> Path:
        file = Path(self._folder.name, f"{export.uuid}.{self._settings.file_format}")
        try:
            write_file(self.table(export), file, self._settings, self._stopped.is_set)
        except ProductionStoppedError:
            raise
        except Exception:
            _log.exception("export %s has failed: its file could not be written", export.id)
            raise
        export.produced_elapsed_s = self._clock.elapsed_s()
        return file
