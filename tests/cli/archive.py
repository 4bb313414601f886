"""An archive of raw files that was filled without Pipefy, with a table and a history made from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from support.project import JOBS, Project

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.exports import ConfiguredExport, configured_exports
from pipefy_exports_dagster.history import HistoryBuilder, history_plan
from pipefy_exports_dagster.periods import Period, PeriodFilter, add_months, month_of
from pipefy_exports_dagster.pipefy.automation_jobs import AutomationJobsExport
from pipefy_exports_dagster.pipefy.fingerprint import fingerprint_of
from pipefy_exports_dagster.raw_files.folder import FolderFile, RawFolder, sha256_of
from pipefy_exports_dagster.raw_files.sidecar import Sidecar
from pipefy_exports_dagster.sandbox import ORGANIZATION_ID
from pipefy_exports_dagster.tables import Slice, load_file

LONG_AGO = timedelta(days=100)


@dataclass
class Archive:
    project: Project
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def month(self, back: int) -> date:
        """First day of the month that is so many before this one."""
        return add_months(month_of(self.now, self.project.config.zone), -back)

    @property
    def source(self) -> ConfiguredExport:
        return next(source for source in configured_exports(self.project.config) if source.asset == JOBS)

    def add(
        self,
        export_id: str,
        period: PeriodFilter,
        requested: date,
        days: Sequence[date],
        *,
        archived: timedelta = LONG_AGO,
        organization_id: str = ORGANIZATION_ID,
        content: str | None = None,
    ) -> FolderFile:
        """Put an export into the archive: a job on each of some days."""
        config, kind = self.project.config, AutomationJobsExport(organization_id)
        folder = RawFolder.of(config.data_dir, organization_id, JOBS, period.value)
        folder.create()
        part = folder.part_path(export_id, "test")
        lines = [f"{export_id}-{number},{day} 08:00:00" for number, day in enumerate(days)]
        part.write_text(content or "\n".join(["Job,Started at", *lines]) + "\n")
        request = kind.request(Period(period, requested))
        exported_at = datetime(requested.year, requested.month, max(day.day for day in days), 12, tzinfo=UTC)
        sidecar = Sidecar(
            organization_id=organization_id,
            asset=JOBS,
            period_filter=period.value,
            export_id=export_id,
            request=request,
            requested_month=requested,
            requested_at=exported_at,
            exported_at=exported_at,
            downloaded_at=self.now - archived,
            sha256=sha256_of(part),
            size_bytes=part.stat().st_size,
            fingerprint=fingerprint_of(config.connection.base_url, kind.label, request),
        )
        return folder.keep(part, sidecar)

    def load(self, raw: FolderFile) -> None:
        config = self.project.config
        load_file(
            raw.path,
            database=config.database_path,
            table=JOBS,
            slice_=Slice.of(raw.sidecar),
            options=ReadOptions(),
        )

    def build_history(self, organization_id: str = ORGANIZATION_ID) -> None:
        with HistoryBuilder(history_plan(self.source, organization_id), on_warning=lambda _: None) as builder:
            for month in builder.months():
                builder.build(month)

    def history(self) -> list[tuple[object, ...]]:
        """All rows of the history, without the time at which they were loaded."""
        sql = f"SELECT * EXCLUDE (_loaded_at) FROM {self.source.history} ORDER BY ALL"
        return self.project.query(sql)
