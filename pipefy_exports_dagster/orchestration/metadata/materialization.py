"""What a materialization says in the UI: Dagster's own keys, and ours under `pipefy/`.

All of one materialization's metadata stays under 16 KB: `column_metadata` cuts what grows with the file's columns.
"""

from typing import Any

import dagster as dg

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.history.file_summary import FileSummary, RowsOverTime
from pipefy_exports_dagster.orchestration.events import (
    COLUMN_COUNT,
    DIALECT,
    DOWNLOADING_S,
    EXPORT_ID,
    EXPORTED_AT,
    FILE,
    FILE_SIZE_BYTES,
    FINGERPRINT,
    LOADING_S,
    ORGANIZATION_ID,
    REPORT,
    REQUESTED_AT,
    REQUESTED_MONTH,
    ROW_COUNT,
    SHA256,
    TABLE_NAME,
    WAITING_S,
    WINDOW,
)
from pipefy_exports_dagster.orchestration.exporting import ExportedFile
from pipefy_exports_dagster.orchestration.metadata.changes_list import changes_list
from pipefy_exports_dagster.orchestration.metadata.column_changes import COLUMN_CHANGES, ColumnChanges
from pipefy_exports_dagster.orchestration.metadata.columns import (
    PREVIEW,
    PROFILE,
    VALUES_HIDDEN,
    with_columns,
)
from pipefy_exports_dagster.orchestration.metadata.day_picture import markdown_picture
from pipefy_exports_dagster.orchestration.metadata.file_contents import contents_metadata
from pipefy_exports_dagster.periods import Window
from pipefy_exports_dagster.tables import LoadReport

ROWS_PER_DAY = "pipefy/rows_per_day"
TIME_COLUMN = "pipefy/time_column"
TIME_COLUMN_CHOSEN = "pipefy/time_column_chosen"


def materialization_metadata(
    exported: ExportedFile,
    loaded: LoadReport,
    *,
    database: str,
    window: Window | None,
    exports_created: int,
    loading_s: float,
    reading: ReadOptions,
    summary: FileSummary | None = None,
) -> dict[str, Any]:
    """Return the metadata of a materialization.

    Args:
        exported: The file and how it was come by.
        loaded: What the load did.
        database: The database's name, for `dagster/table_name`.
        window: The dates that the export covers, where they are known.
        exports_created: Exports asked for since the partition was last materialized.
        loading_s: Seconds from the file to the committed slice.
        reading: How the file was read; `show_values` says whether its first rows may be shown.
        summary: The file's rows in short.
    """
    # A file that was kept while values were shown may be loaded when they are not.
    sidecar = exported.raw.sidecar.shown(show_values=reading.show_values)
    # In the order in which people look; the UI keeps it. What is cut to fit has its place here.
    small: dict[str, Any] = {
        ROW_COUNT: loaded.rows,
        **(rows_over_time(summary.over_time) if summary else {}),
        WINDOW: str(window) if window else "not known: Pipefy does not publish it, or nothing asks for dates",
        **({PROFILE: ""} if summary and summary.profile else {}),
        PREVIEW: VALUES_HIDDEN,
        REQUESTED_MONTH: sidecar.requested_month.isoformat(),
        COLUMN_COUNT: len(loaded.columns),
        **contents_metadata(loaded.file, reading),
        WAITING_S: round(exported.timings.waiting_s, 3),
        DOWNLOADING_S: round(exported.timings.downloading_s, 3),
        LOADING_S: round(loading_s, 3),
        "pipefy/database_locked_s": round(loaded.seconds_writing, 3),
        "pipefy/resumed": exported.resumed,
        "pipefy/exports_created": exports_created,
        FILE_SIZE_BYTES: sidecar.size_bytes,
        TABLE_NAME: f"{database}.{loaded.schema}.{loaded.table}",
        **({REPORT: sidecar.report} if sidecar.report else {}),
        EXPORT_ID: sidecar.export_id,
        REQUESTED_AT: sidecar.requested_at.isoformat(),
        **({"pipefy/requested_by": sidecar.requested_by} if sidecar.requested_by else {}),
        EXPORTED_AT: dg.MetadataValue.timestamp(sidecar.exported_at),
        ORGANIZATION_ID: sidecar.organization_id,
        FILE: dg.MetadataValue.path(exported.raw.address),
        SHA256: sidecar.sha256,
        DIALECT: exported.requested.dialect,
        FINGERPRINT: sidecar.fingerprint,
    }
    if loaded.changes:
        small["pipefy/changes"] = changes_list(loaded.changes)
        small[COLUMN_CHANGES] = ColumnChanges.of(loaded.changes).stored()
    if loaded.broken_views:
        small["pipefy/broken_views"] = ", ".join(loaded.broken_views)[:500]
    if loaded.read_copy_problem:
        small["pipefy/read_copy_problem"] = loaded.read_copy_problem[:500]
    return with_columns(
        small,
        loaded.columns,
        rows=loaded.rows,
        profile=summary.profile if summary else (),
        preview=loaded.preview if reading.show_values else None,
    )


def rows_over_time(over_time: RowsOverTime | str) -> dict[str, Any]:
    """Return the picture of the rows per day, or what keeps it from being drawn."""
    if isinstance(over_time, str):
        return {ROWS_PER_DAY: f"no picture: the file {over_time}"}
    return {
        ROWS_PER_DAY: dg.MetadataValue.md(markdown_picture(over_time)),
        TIME_COLUMN: over_time.time.column.name,
        TIME_COLUMN_CHOSEN: over_time.time.how,
    }
