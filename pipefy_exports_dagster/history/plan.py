"""What the history of one export of one organization is made from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pipefy_exports_dagster.config.naming import schema_and_table
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.exports import ConfiguredExport
from pipefy_exports_dagster.periods import Period, PeriodFilter, Window, add_months
from pipefy_exports_dagster.raw_files.sidecar import Sidecar
from pipefy_exports_dagster.tables.store import TableStore
from pipefy_exports_dagster.tables.stores import table_store


@dataclass(frozen=True, slots=True)
class HistoryPlan:
    """Where the files are, what they mean, and where their months go.

    Args:
        organization_id: Whose months.
        export: The export asset whose files are read.
        asset: The history's asset; its table is named like it.
        window: Tells which dates an export covers; None where that is not known.
        request: What the configuration sends for a period; None where it cannot say.
        fingerprint: Of a request as it is asked for, before a saved report's own filter is added to it.
        time_column: Name or header of the column that months are cut by; None to find it.
        zone: Where the organization's months begin; for values that have a time zone.
    """

    organization_id: str
    export: str
    asset: str
    data_dir: Path
    tables: TableStore
    zone: ZoneInfo
    reading: ReadOptions
    window: Callable[[Period], Window | None]
    request: Callable[[Period], Mapping[str, Any] | None]
    fingerprint: Callable[[Mapping[str, Any]], str]
    time_column: str | None = None
    lock_timeout_s: float = 600.0

    @property
    def schema(self) -> str:
        """The schema of the history's table."""
        return schema_and_table(self.asset)[0]

    @property
    def table(self) -> str:
        """The history's table."""
        return schema_and_table(self.asset)[1]

    def window_of(self, sidecar: Sidecar) -> Window | None:
        """Return the dates that a file covers, None where they are not known."""
        return self.window(period_of(sidecar))


def history_plan(export: ConfiguredExport, organization_id: str) -> HistoryPlan:
    """Return what the history of an export of one organization is made from."""
    kind, config = export.kind(organization_id), export.config

    def request(period: Period) -> Mapping[str, Any] | None:
        try:
            return kind.request(period)
        except ConfigurationError:
            return None  # nothing to compare with: rebuilding needs no report to be configured

    return HistoryPlan(
        organization_id=organization_id,
        export=export.asset,
        asset=export.history,
        data_dir=config.data_dir,
        tables=table_store(config),
        zone=config.zone,
        reading=export.reading,
        window=_whole(export) if export.is_whole else kind.window,
        request=request,
        fingerprint=lambda made: export.fingerprint(kind, made),
        time_column=export.time_column,
        lock_timeout_s=config.database_lock_timeout_s,
    )


def _whole(export: ConfiguredExport) -> Callable[[Period], Window]:
    """Return what tells the dates of a report that is exported whole: all, up to the month of the request."""
    start = export.config.history_start
    return lambda period: Window(start, add_months(max(period.requested_month, start), 1))


def period_of(sidecar: Sidecar) -> Period:
    """Return the period that a file was asked for."""
    return Period(PeriodFilter(sidecar.period_filter), sidecar.requested_month)
