"""Which export is pending: asked of Dagster's event log, which survives a killed process.

The moment Pipefy names an export, an `AssetObservation` with its id is logged for the partition. The
export is *pending* until a materialization of the partition carries the same id, or a second observation
says that it was abandoned. The event log is shared by all processes (SQLite or Postgres) and shows in
the UI, so there is no other store that could disagree with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import dagster as dg

EXPORT_ID = "pipefy/export_id"
FINGERPRINT = "pipefy/fingerprint"
REQUEST = "pipefy/request"
REQUESTED_AT = "pipefy/requested_at"
REQUESTED_MONTH = "pipefy/requested_month"
DIALECT = "pipefy/dialect"
RUN_CONFIG = "pipefy/run_config"
STATUS = "pipefy/status"
REASON = "pipefy/reason"

MAX_RECORDS = 25
"""How many of a partition's newest records are looked at. Two belong to an export at most; others may
have logged observations of their own in between."""


class RequestStatus(StrEnum):
    """What an observation says about an export."""

    REQUESTED = "requested"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class RequestedExport:
    """An export as the ledger knows it.

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


class Ledger:
    """The exports of one partition of one asset."""

    def __init__(self, instance: dg.DagsterInstance, asset_key: dg.AssetKey, partition: str) -> None:
        self._instance = instance
        self._asset_key = asset_key
        self._partition = partition

    def requested(self, export: RequestedExport) -> dg.AssetObservation:
        """Return the observation that makes an export pending. Log it before anything else happens."""
        metadata: dict[str, Any] = {
            STATUS: RequestStatus.REQUESTED.value,
            EXPORT_ID: export.export_id,
            FINGERPRINT: export.fingerprint,
            REQUEST: dg.MetadataValue.json(dict(export.request)),
            REQUESTED_AT: export.requested_at.isoformat(),
            REQUESTED_MONTH: export.requested_month.isoformat(),
            DIALECT: export.dialect,
        }
        if export.overrides:
            metadata[RUN_CONFIG] = dg.MetadataValue.json(dict(export.overrides))
        return self._observation(metadata)

    def abandoned(self, export_id: str, reason: str) -> dg.AssetObservation:
        """Return the observation after which an export is not resumed any more."""
        return self._observation(
            {STATUS: RequestStatus.ABANDONED.value, EXPORT_ID: export_id, REASON: reason}
        )

    def pending(self) -> RequestedExport | None:
        """Return the export of the newest observation, unless it is loaded or abandoned."""
        export, is_loaded = self._newest()
        return None if is_loaded else export

    def loaded(self) -> RequestedExport | None:
        """Return the newest export that was asked for if it is loaded."""
        export, is_loaded = self._newest()
        return export if is_loaded else None

    def newest_request(self) -> RequestedExport | None:
        """Return the newest export that was asked for, whatever became of it."""
        for observation in self._observations():
            if observation.metadata[STATUS].value == RequestStatus.REQUESTED:
                return _read_requested(observation)
        return None

    def requests_since_materialization(self) -> int:
        """Return how many exports were asked for since the partition was last materialized."""
        newest = self._instance.fetch_materializations(self._filter(), limit=1).records
        return sum(
            1
            for observation in self._observations(since=newest[0].storage_id if newest else None)
            if observation.metadata[STATUS].value == RequestStatus.REQUESTED
        )

    def loaded_month(self) -> date | None:
        """Return the month in which the partition's current content was requested, None if there is none."""
        newest = self._instance.fetch_materializations(self._filter(), limit=1).records
        materialization = newest[0].asset_materialization if newest else None
        month = materialization.metadata.get(REQUESTED_MONTH) if materialization else None
        return date.fromisoformat(str(month.value)) if month else None

    def _newest(self) -> tuple[RequestedExport | None, bool]:
        """Return the export of the newest observation, unless it was abandoned, and whether it is loaded."""
        for observation in self._observations():
            if observation.metadata[STATUS].value == RequestStatus.ABANDONED:
                return None, False
            export = _read_requested(observation)
            return export, export is not None and self._is_loaded(
                export.export_id, since=observation.storage_id
            )
        return None, False

    def _observation(self, metadata: Mapping[str, Any]) -> dg.AssetObservation:
        return dg.AssetObservation(self._asset_key, partition=self._partition, metadata=metadata)

    def _filter(self, since: int | None = None) -> dg.AssetRecordsFilter:
        return dg.AssetRecordsFilter(
            self._asset_key, asset_partitions=[self._partition], after_storage_id=since
        )

    def _observations(self, since: int | None = None) -> list["_Observation"]:
        """Return our own observations, newest first: others may observe the asset as well."""
        records = self._instance.fetch_observations(self._filter(since), limit=MAX_RECORDS).records
        observations = ((record, record.asset_observation) for record in records)
        return [
            _Observation(record.storage_id, record.run_id, observation.metadata)
            for record, observation in observations
            if observation and STATUS in observation.metadata and EXPORT_ID in observation.metadata
        ]

    def _is_loaded(self, export_id: str, *, since: int) -> bool:
        records = self._instance.fetch_materializations(self._filter(since), limit=MAX_RECORDS).records
        materializations = (record.asset_materialization for record in records)
        return any(
            EXPORT_ID in materialization.metadata and materialization.metadata[EXPORT_ID].value == export_id
            for materialization in materializations
            if materialization
        )


@dataclass(frozen=True, slots=True)
class _Observation:
    storage_id: int
    run_id: str
    metadata: Mapping[str, dg.MetadataValue]


def _read_requested(observation: _Observation) -> RequestedExport | None:
    metadata = observation.metadata
    try:
        request = metadata[REQUEST].value
        overrides = metadata[RUN_CONFIG].value if RUN_CONFIG in metadata else {}
        return RequestedExport(
            export_id=str(metadata[EXPORT_ID].value),
            fingerprint=str(metadata[FINGERPRINT].value),
            request=request if isinstance(request, dict) else {},
            requested_at=datetime.fromisoformat(str(metadata[REQUESTED_AT].value)),
            requested_month=date.fromisoformat(str(metadata[REQUESTED_MONTH].value)),
            dialect=str(metadata[DIALECT].value),
            overrides=overrides if isinstance(overrides, dict) else {},
            run_id=observation.run_id,
        )
    except (KeyError, ValueError):
        return None
