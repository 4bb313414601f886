"""A materialization and an observation of ours, read from the event log: one parser for each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import dagster as dg

from .keys import (
    ASKED_AFTER,
    COLUMN_COUNT,
    COMPLETE,
    DIALECT,
    EXPORT_ID,
    EXPORTED_AT,
    FILE,
    FINGERPRINT,
    ORGANIZATION_ID,
    REASON,
    REPORT,
    REQUEST,
    REQUESTED_AT,
    REQUESTED_MONTH,
    ROW_COUNT,
    RUN_CONFIG,
    SHA256,
    STATUS,
)
from .values import Metadata, count_of, day_of, json_of, moment_of, text_of


class RequestStatus(StrEnum):
    """What an observation says about an export."""

    REQUESTED = "requested"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class RequestedExport:
    """An export as it was asked for.

    `fingerprint` identifies what was asked for and where; `requested_month` is the first day of the month,
    in the organization's time zone, that gives the period filter its meaning; `overrides` are the run's own
    arguments, from the Launchpad, which another run needs to make the same request; `report` is the name of the saved
    report, where there is one; `asked_after` is the event log's newest place just before the request, which earlier
    versions did not write down; `run_id` is the run that asked.
    """

    export_id: str
    fingerprint: str
    request: Mapping[str, Any]
    requested_at: datetime
    requested_month: date
    dialect: str
    overrides: Mapping[str, Any] = field(default_factory=dict)
    report: str | None = None
    asked_after: int | None = None
    run_id: str = field(default="", compare=False)

    def metadata(self) -> dict[str, Any]:
        """Return the metadata of the observation that makes it pending."""
        metadata: dict[str, Any] = {
            STATUS: RequestStatus.REQUESTED.value,
            EXPORT_ID: self.export_id,
            FINGERPRINT: self.fingerprint,
            REQUEST: dg.MetadataValue.json(dict(self.request)),
            REQUESTED_AT: self.requested_at.isoformat(),
            REQUESTED_MONTH: self.requested_month.isoformat(),
            DIALECT: self.dialect,
        }
        if self.overrides:
            metadata[RUN_CONFIG] = dg.MetadataValue.json(dict(self.overrides))
        if self.report:
            metadata[REPORT] = self.report
        if self.asked_after is not None:
            metadata[ASKED_AFTER] = self.asked_after
        return metadata


@dataclass(frozen=True, slots=True)
class Observed:
    """An observation of ours. `requested` is None where it does not say whole what was asked for."""

    storage_id: int
    logged_at: datetime
    run_id: str
    export_id: str
    status: str
    reason: str
    requested_at: datetime | None
    requested: RequestedExport | None

    @classmethod
    def of(cls, record: dg.EventLogRecord) -> "Observed | None":
        """Read a record; None if it is not ours."""
        metadata = record.asset_observation.metadata if record.asset_observation else {}
        export_id, status = text_of(metadata, EXPORT_ID), text_of(metadata, STATUS)
        if export_id is None or status is None:
            return None
        return cls(
            storage_id=record.storage_id,
            logged_at=datetime.fromtimestamp(record.timestamp, UTC),
            run_id=record.run_id,
            export_id=export_id,
            status=status,
            reason=text_of(metadata, REASON) or "",
            requested_at=moment_of(metadata, REQUESTED_AT),
            requested=_requested(metadata, record.run_id),
        )


@dataclass(frozen=True, slots=True)
class Materialized:
    """A materialization of ours; None for what it does not say. `rows` and `file` are those of its export."""

    storage_id: int
    logged_at: datetime
    run_id: str
    partition: str | None
    export_id: str
    requested_at: datetime | None
    requested_month: date | None
    organization_id: str | None
    exported_at: datetime | None
    rows: int | None
    fingerprint: str | None
    dialect: str | None
    file: str | None
    sha256: str | None
    column_count: int | None
    is_complete: bool
    metadata: Metadata = field(repr=False)

    @classmethod
    def of(cls, record: dg.EventLogRecord) -> "Materialized | None":
        """Read a record; None if it is not ours."""
        event = record.asset_materialization
        export_id = text_of(event.metadata, EXPORT_ID) if event else None
        if event is None or export_id is None:
            return None
        metadata = event.metadata
        return cls(
            storage_id=record.storage_id,
            logged_at=datetime.fromtimestamp(record.timestamp, UTC),
            run_id=record.run_id,
            partition=event.partition,
            export_id=export_id,
            requested_at=moment_of(metadata, REQUESTED_AT),
            requested_month=day_of(metadata, REQUESTED_MONTH),
            organization_id=text_of(metadata, ORGANIZATION_ID),
            exported_at=moment_of(metadata, EXPORTED_AT),
            rows=count_of(metadata, ROW_COUNT),
            fingerprint=text_of(metadata, FINGERPRINT),
            dialect=text_of(metadata, DIALECT),
            file=text_of(metadata, FILE) or None,
            sha256=text_of(metadata, SHA256),
            column_count=count_of(metadata, COLUMN_COUNT),
            is_complete=COMPLETE in metadata and bool(metadata[COMPLETE].value),
            metadata=metadata,
        )


def _requested(metadata: Metadata, run_id: str) -> RequestedExport | None:
    try:
        return RequestedExport(
            export_id=str(metadata[EXPORT_ID].value),
            fingerprint=str(metadata[FINGERPRINT].value),
            request=json_of(metadata, REQUEST),
            requested_at=datetime.fromisoformat(str(metadata[REQUESTED_AT].value)),
            requested_month=date.fromisoformat(str(metadata[REQUESTED_MONTH].value)),
            dialect=str(metadata[DIALECT].value),
            overrides=json_of(metadata, RUN_CONFIG),
            report=text_of(metadata, REPORT),
            asked_after=count_of(metadata, ASKED_AFTER),
            run_id=run_id,
        )
    except (KeyError, ValueError):
        return None
