"""What our events in Dagster's event log say: the keys of their metadata, and the one way to read them.

A materialization says what a partition holds; an observation, that an export was asked for or given up. Others may log
events of the same assets: those have none of our keys. Earlier versions wrote some values in another type, and all of
them are read: an event stays in the log for years.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import dagster as dg

ROW_COUNT = "dagster/row_count"
TABLE_NAME = "dagster/table_name"
COLUMN_COUNT = "pipefy/column_count"
COMPLETE = "pipefy/is_complete"
DIALECT = "pipefy/dialect"
DOWNLOADING_S = "pipefy/downloading_s"
EXPORTED_AT = "pipefy/exported_at"
EXPORT_ID = "pipefy/export_id"
FILE = "pipefy/file"
FILE_SIZE_BYTES = "pipefy/file_size_bytes"
FINGERPRINT = "pipefy/fingerprint"
LOADING_S = "pipefy/loading_s"
ORGANIZATION_ID = "pipefy/organization_id"
REASON = "pipefy/reason"
REQUEST = "pipefy/request"
REQUESTED_AT = "pipefy/requested_at"
REQUESTED_MONTH = "pipefy/requested_month"
RUN_CONFIG = "pipefy/run_config"
SHA256 = "pipefy/sha256"
STATUS = "pipefy/status"
WAITING_S = "pipefy/waiting_s"
WINDOW = "pipefy/window"

FROM_FILE = "file"
"""Stands where a downloaded export has the dialect of its request, and the kind of the export."""

MAX_RECORDS = 25
"""How many of a partition's newest records are looked at. Two belong to an export at most; others may
have logged events of their own in between."""

Metadata = Mapping[str, dg.MetadataValue]


class RequestStatus(StrEnum):
    """What an observation says about an export."""

    REQUESTED = "requested"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class RequestedExport:
    """An export as it was asked for.

    `fingerprint` identifies what was asked for and where; `requested_month` is the first day of the month,
    in the organization's time zone, that gives the period filter its meaning; `overrides` are the run's own
    arguments, from the Launchpad, which another run needs to make the same request; `run_id` is the run that
    asked.
    """

    export_id: str
    fingerprint: str
    request: Mapping[str, Any]
    requested_at: datetime
    requested_month: date
    dialect: str
    overrides: Mapping[str, Any] = field(default_factory=dict)
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
    file: Path | None
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
        file = text_of(metadata, FILE)
        return cls(
            storage_id=record.storage_id,
            logged_at=datetime.fromtimestamp(record.timestamp, UTC),
            run_id=record.run_id,
            partition=event.partition,
            export_id=export_id,
            requested_at=moment_of(metadata, REQUESTED_AT),
            requested_month=_day(metadata, REQUESTED_MONTH),
            organization_id=text_of(metadata, ORGANIZATION_ID),
            exported_at=moment_of(metadata, EXPORTED_AT),
            rows=_count(metadata, ROW_COUNT),
            fingerprint=text_of(metadata, FINGERPRINT),
            dialect=text_of(metadata, DIALECT),
            file=Path(file) if file else None,
            sha256=text_of(metadata, SHA256),
            column_count=_count(metadata, COLUMN_COUNT),
            is_complete=COMPLETE in metadata and bool(metadata[COMPLETE].value),
            metadata=metadata,
        )


def materializations(
    instance: dg.DagsterInstance,
    key: dg.AssetKey,
    partition: str | None = None,
    *,
    since: int | None = None,
    limit: int = MAX_RECORDS,
) -> list[Materialized]:
    """Return our materializations among an asset's newest, newest first.

    Args:
        partition: Only this partition's.
        since: Only those after this place in the event log.
        limit: How many records to look at.
    """
    filter_ = _filter(key, partition, since)
    records = instance.fetch_materializations(filter_, limit=limit).records
    return [found for record in records if (found := Materialized.of(record))]


def materializations_after(
    instance: dg.DagsterInstance, key: dg.AssetKey, since: int | None, *, limit: int
) -> tuple[list[Materialized], int | None]:
    """Return an asset's next materializations of ours, oldest first, and the place in the event log that they reach."""
    filter_ = _filter(key, None, since)
    records = instance.fetch_materializations(filter_, limit=limit, ascending=True).records
    found = [materialized for record in records if (materialized := Materialized.of(record))]
    return found, records[-1].storage_id if records else since


def newest_materialization(
    instance: dg.DagsterInstance,
    key: dg.AssetKey,
    partition: str,
    *,
    organization_id: str | None = None,
) -> Materialized | None:
    """Return what a partition holds, by its newest materialization of ours.

    Args:
        organization_id: Only look at those of this organization: it has slices of its own.
    """
    for limit in (1, MAX_RECORDS):  # the very newest is mostly it
        for found in materializations(instance, key, partition, limit=limit):
            if organization_id in (None, found.organization_id):
                return found
    return None


def run_ids_since(
    instance: dg.DagsterInstance, key: dg.AssetKey, moment: datetime, *, limit: int
) -> list[str]:
    """Return the runs that have materialized an asset since then, whatever they wrote."""
    filter_ = dg.AssetRecordsFilter(key, after_timestamp=moment.timestamp())
    records = instance.fetch_materializations(filter_, limit=limit).records
    return list({record.run_id for record in records if record.run_id})


def observations(
    instance: dg.DagsterInstance,
    key: dg.AssetKey,
    partition: str,
    *,
    since: int | None = None,
    limit: int = MAX_RECORDS,
) -> list[Observed]:
    """Return our observations among a partition's newest, newest first; the arguments are as in `materializations`."""
    records = instance.fetch_observations(_filter(key, partition, since), limit=limit).records
    return [found for record in records if (found := Observed.of(record))]


def was_materialized(instance: dg.DagsterInstance, key: dg.AssetKey) -> bool:
    """Whether any partition of an asset was ever materialized, by whomever."""
    return instance.get_latest_materialization_event(key) is not None


def materialized_partitions(instance: dg.DagsterInstance, key: dg.AssetKey) -> Sequence[str]:
    """Return the partitions that were ever materialized, in order."""
    return sorted(instance.get_materialized_partitions(key))


def text_of(metadata: Metadata, key: str) -> str | None:
    """Return a value as text; None if there is none."""
    value = metadata[key].value if key in metadata else None
    return None if value is None else str(value)


def moment_of(metadata: Metadata, key: str) -> datetime | None:
    """Return a moment in UTC, which is stored as a timestamp or as ISO 8601; None if there is none."""
    value = metadata[key].value if key in metadata else None
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        return datetime.fromisoformat(str(value)).astimezone(UTC) if value else None
    except (ValueError, OverflowError, OSError):
        return None


def _day(metadata: Metadata, key: str) -> date | None:
    try:
        return date.fromisoformat(text_of(metadata, key) or "")
    except ValueError:
        return None


def _count(metadata: Metadata, key: str) -> int | None:
    try:
        return int(text_of(metadata, key) or "")
    except ValueError:
        return None


def _json(metadata: Metadata, key: str) -> dict[str, Any]:
    value = metadata[key].value if key in metadata else None
    return value if isinstance(value, dict) else {}


def _requested(metadata: Metadata, run_id: str) -> RequestedExport | None:
    try:
        return RequestedExport(
            export_id=str(metadata[EXPORT_ID].value),
            fingerprint=str(metadata[FINGERPRINT].value),
            request=_json(metadata, REQUEST),
            requested_at=datetime.fromisoformat(str(metadata[REQUESTED_AT].value)),
            requested_month=date.fromisoformat(str(metadata[REQUESTED_MONTH].value)),
            dialect=str(metadata[DIALECT].value),
            overrides=_json(metadata, RUN_CONFIG),
            run_id=run_id,
        )
    except (KeyError, ValueError):
        return None


def _filter(key: dg.AssetKey, partition: str | None, since: int | None) -> dg.AssetRecordsFilter:
    partitions = None if partition is None else [partition]
    return dg.AssetRecordsFilter(key, asset_partitions=partitions, after_storage_id=since)
