"""Which export is pending: asked of Dagster's event log, which survives a killed process.

The moment Pipefy names an export, an `AssetObservation` with its id is logged for the partition. The
export is *pending* until a materialization of the partition carries the same id, or a second observation
says that it was abandoned. The event log is shared by all processes (SQLite or Postgres) and shows in
the UI, so there is no other store that could disagree with it.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import dagster as dg

from pipefy_exports_dagster.orchestration.events import (
    EXPORT_ID,
    REASON,
    STATUS,
    Observed,
    RequestedExport,
    RequestStatus,
    materializations,
    newest_materialization,
    newest_observation,
    observations,
)


class Ledger:
    """The exports of one partition of one asset."""

    def __init__(self, instance: dg.DagsterInstance, asset_key: dg.AssetKey, partition: str) -> None:
        self._instance = instance
        self._asset_key = asset_key
        self._partition = partition

    def requested(self, export: RequestedExport) -> dg.AssetObservation:
        """Return the observation that makes an export pending. Log it before anything else happens."""
        return self._observation(export.metadata())

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
        newest = self._newest_observation(RequestStatus.REQUESTED)
        return newest.requested if newest else None

    def requests_since_materialization(self) -> int:
        """Return how many exports were asked for since the partition was last materialized."""
        newest = newest_materialization(self._instance, self._asset_key, self._partition)
        asked = observations(
            self._instance, self._asset_key, self._partition, since=newest.storage_id if newest else None
        )
        return sum(observed.status == RequestStatus.REQUESTED for observed in asked)

    def loaded_month(self) -> date | None:
        """Return the month in which the partition's current content was requested, None if there is none."""
        newest = newest_materialization(self._instance, self._asset_key, self._partition)
        return newest.requested_month if newest else None

    def _newest(self) -> tuple[RequestedExport | None, bool]:
        """Return the export of the newest observation, unless it was abandoned, and whether it is loaded."""
        newest = self._newest_observation()
        if newest is None or newest.requested is None or newest.status == RequestStatus.ABANDONED:
            return None, False
        return newest.requested, self._is_loaded(newest.export_id, since=newest.storage_id)

    def _observation(self, metadata: Mapping[str, Any]) -> dg.AssetObservation:
        return dg.AssetObservation(self._asset_key, partition=self._partition, metadata=metadata)

    def _newest_observation(self, status: RequestStatus | None = None) -> Observed | None:
        return newest_observation(self._instance, self._asset_key, self._partition, status=status)

    def _is_loaded(self, export_id: str, *, since: int) -> bool:
        after = materializations(self._instance, self._asset_key, self._partition, since=since)
        return any(materialized.export_id == export_id for materialized in after)
