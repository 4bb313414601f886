from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Self

from pipefy_exports_dagster.raw_files.sidecar import Sidecar


@dataclass(frozen=True, slots=True)
class Slice:
    """Which slice of a table a load replaces, and where its rows come from.

    (`organization_id`, `period_filter`) is the slice's key; the rest is the lineage of its rows.

    Args:
        organization_id: Pipefy's id of the organization.
        period_filter: `last_month`, `current_month`, `last_3_months`, or any other partition key.
        requested_month: First day of the month in which the export was created.
        export_id: Pipefy's id of the export.
        exported_at: When the export was finished; a naive time is taken as UTC.
    """

    organization_id: str
    period_filter: str
    requested_month: date
    export_id: str
    exported_at: datetime

    @classmethod
    def of(cls, sidecar: Sidecar) -> Self:
        """Return the slice that a raw file is loaded into."""
        return cls(
            sidecar.organization_id,
            sidecar.period_filter,
            sidecar.requested_month,
            sidecar.export_id,
            sidecar.exported_at,
        )

    @property
    def origin(self) -> str:
        """Where its rows come from, in words."""
        return f"of organization {self.organization_id}: export {self.export_id}"

    @property
    def exported_at_utc(self) -> datetime:
        """The time as it is stored: UTC, without a zone."""
        return naive_utc(self.exported_at)


def naive_utc(moment: datetime) -> datetime:
    """Convert a time to UTC and drop its zone: DuckDB's Python client needs pytz to fetch a time with a zone."""
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
