"""What a materialization says in the UI: Dagster's own keys, and ours under `pipefy/`.

Event logs bloat, so all of one materialization's metadata stays under 16 KB: a wide table's preview is
cut to the columns that fit, then its column schema.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from pipefy_exports_dagster.loading import ColumnChange, LoadReport
from pipefy_exports_dagster.orchestration.column_changes import COLUMN_CHANGES, ColumnChanges
from pipefy_exports_dagster.orchestration.exporting import ExportedFile
from pipefy_exports_dagster.orchestration.ledger import (
    DIALECT,
    EXPORT_ID,
    FINGERPRINT,
    REQUESTED_AT,
    REQUESTED_MONTH,
)
from pipefy_exports_dagster.pipefy.periods import Window

MAX_BYTES = 15_000
MAX_PREVIEW_BYTES = 5_000
MAX_CHANGES = 10
MAX_VALUE_LENGTH = 80


def materialization_metadata(
    exported: ExportedFile,
    loaded: LoadReport,
    *,
    database: str,
    window: Window | None,
    exports_created: int,
    loading_s: float,
) -> dict[str, Any]:
    """Return the metadata of a materialization.

    Args:
        exported: The file and how it was come by.
        loaded: What the load did.
        database: The database's name, for `dagster/table_name`.
        window: The dates that the export covers, where they are known.
        exports_created: Exports asked for since the partition was last materialized.
        loading_s: Seconds from the file to the committed slice.
    """
    sidecar = exported.raw.sidecar
    # In the order in which people look; the UI keeps it.
    small: dict[str, Any] = {
        "dagster/row_count": loaded.rows,
        "pipefy/preview": preview_table([column.name for column in loaded.columns], loaded.preview),
        "pipefy/window": str(window) if window else "not published by Pipefy for this period filter",
        REQUESTED_MONTH: sidecar.requested_month.isoformat(),
        "pipefy/column_count": len(loaded.columns),
        "pipefy/error_cells": loaded.error_cells,
        "pipefy/waiting_s": round(exported.timings.waiting_s, 3),
        "pipefy/downloading_s": round(exported.timings.downloading_s, 3),
        "pipefy/loading_s": round(loading_s, 3),
        "pipefy/database_locked_s": round(loaded.seconds_writing, 3),
        "pipefy/resumed": exported.resumed,
        "pipefy/exports_created": exports_created,
        "pipefy/file_size_bytes": sidecar.size_bytes,
        "dagster/table_name": f"{database}.{loaded.schema}.{loaded.table}",
        EXPORT_ID: sidecar.export_id,
        REQUESTED_AT: sidecar.requested_at.isoformat(),
        "pipefy/exported_at": dg.MetadataValue.timestamp(sidecar.exported_at),
        "pipefy/organization_id": sidecar.organization_id,
        "pipefy/file": dg.MetadataValue.path(str(exported.raw.path)),
        "pipefy/sha256": sidecar.sha256,
        DIALECT: exported.requested.dialect,
        FINGERPRINT: sidecar.fingerprint,
    }
    if loaded.changes:
        small["pipefy/changes"] = dg.MetadataValue.md(_listed(loaded.changes))
        small[COLUMN_CHANGES] = ColumnChanges.of(loaded.changes).stored()
    if loaded.sheets_skipped:
        small["pipefy/sheets_skipped"] = ", ".join(loaded.sheets_skipped)[:500]
    if loaded.broken_views:
        small["pipefy/broken_views"] = ", ".join(loaded.broken_views)[:500]
    if loaded.read_copy_problem:
        small["pipefy/read_copy_problem"] = loaded.read_copy_problem[:500]
    columns = [dg.TableColumn(column.name, column.type, column.header) for column in loaded.columns]
    while True:
        metadata = small | {"dagster/column_schema": dg.TableSchema(columns=columns)}
        if stored_size(metadata) <= MAX_BYTES or not columns:
            return metadata
        columns = columns[: len(columns) * 4 // 5]


def preview_table(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> dg.TableMetadataValue:
    """Return the first rows as a table: as many columns, from the left, as fit."""
    count = len(names)
    while True:
        records = [
            dg.TableRecord({name: _shown(value) for name, value in zip(names[:count], row, strict=False)})
            for row in rows
        ]
        schema = dg.TableSchema(columns=[dg.TableColumn(name) for name in names[:count]])
        table = dg.MetadataValue.table(records, schema)
        if count <= 1 or stored_size({"preview": table}) <= MAX_PREVIEW_BYTES:
            return table
        count = count * 4 // 5


def stored_size(metadata: Mapping[str, Any]) -> int:
    """Return how many bytes metadata takes in the event log."""
    return len(dg.serialize_value(dg.AssetMaterialization("size", metadata=metadata)).encode())


def _listed(changes: Sequence[ColumnChange]) -> str:
    lines = [f"- {change}" for change in changes[:MAX_CHANGES]]
    if len(changes) > MAX_CHANGES:
        lines.append(f"- and {len(changes) - MAX_CHANGES} more, in the run's log")
    return "\n".join(lines)


def _shown(value: Any) -> str | int | float | bool:
    if isinstance(value, bool | int | float):
        return value
    text = "" if value is None else str(value)
    return text if len(text) <= MAX_VALUE_LENGTH else text[: MAX_VALUE_LENGTH - 1] + "…"
