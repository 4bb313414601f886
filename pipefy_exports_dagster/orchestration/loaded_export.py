"""What the event log says of the export that a partition holds."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg

from pipefy_exports_dagster.errors import SupersededExportError
from pipefy_exports_dagster.loading import Slice
from pipefy_exports_dagster.orchestration.ledger import (
    DIALECT,
    EXPORT_ID,
    FINGERPRINT,
    MAX_RECORDS,
    REQUESTED_MONTH,
)
from pipefy_exports_dagster.orchestration.metadata.materialization import (
    EXPORTED_AT,
    ORGANIZATION_ID,
    ROW_COUNT,
)

FROM_FILE = "file"
"""Stands where a downloaded export has the dialect of its request, and the kind of the export."""


@dataclass(frozen=True, slots=True)
class LoadedExport:
    """An export that was loaded, by its materialization; None for what that does not say."""

    export_id: str
    requested_month: date | None
    organization_id: str | None
    exported_at: datetime | None
    rows: int | None
    fingerprint: str | None
    dialect: str | None


def loaded_export(
    instance: dg.DagsterInstance, key: dg.AssetKey, partition: str, *, organization_id: str | None = None
) -> LoadedExport | None:
    """Return what a partition holds, by its newest materialization of ours.

    Args:
        organization_id: Only look at those of this organization: it has slices of its own.
    """
    of_partition = dg.AssetRecordsFilter(key, asset_partitions=[partition])
    for record in instance.fetch_materializations(of_partition, limit=MAX_RECORDS).records:
        loaded = _read(record.asset_materialization) if record.asset_materialization else None
        if loaded and organization_id in (None, loaded.organization_id):
            return loaded
    return None


def _read(materialization: dg.AssetMaterialization) -> LoadedExport | None:
    """Read a materialization; None if it is not ours."""
    found: dict[str, Any] = {name: entry.value for name, entry in materialization.metadata.items()}
    if EXPORT_ID not in found:
        return None
    month, moment, rows = found.get(REQUESTED_MONTH), found.get(EXPORTED_AT), found.get(ROW_COUNT)
    try:
        return LoadedExport(
            export_id=str(found[EXPORT_ID]),
            requested_month=date.fromisoformat(str(month)) if month else None,
            organization_id=found.get(ORGANIZATION_ID),
            exported_at=datetime.fromtimestamp(float(moment), UTC) if moment else None,
            rows=int(rows) if rows is not None else None,
            fingerprint=found.get(FINGERPRINT),
            dialect=found.get(DIALECT),
        )
    except ValueError:
        return None


def refuse_older_than_empty(loaded: LoadedExport | None, slice_: Slice) -> None:
    """Refuse to put an older export over a newer one that had no rows, of which the table therefore shows nothing.

    Where the newer export had rows, the table is asked: who has removed them there may load any other.

    Raises:
        SupersededExportError: The slice holds a newer export.
    """
    if loaded is None or loaded.rows != 0 or loaded.export_id == slice_.export_id:
        return
    if loaded.organization_id != slice_.organization_id:
        return
    if loaded.requested_month is None or loaded.exported_at is None:
        return
    held = (loaded.requested_month, loaded.exported_at.replace(tzinfo=None))
    if held > (slice_.requested_month, slice_.exported_at_utc):
        raise SupersededExportError(
            f"{slice_.period_filter!r} already holds export {loaded.export_id!r}, which has no rows (requested in "
            f"{held[0]:%Y-%m}, exported at {held[1]} UTC); export {slice_.export_id!r} of "
            f"{slice_.exported_at_utc} UTC is older and was not loaded"
        )
