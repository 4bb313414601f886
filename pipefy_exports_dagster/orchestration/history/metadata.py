"""What a materialized month says in the UI."""

from datetime import date
from typing import Any

import dagster as dg

from pipefy_exports_dagster.history import Grade, HistoryPlan, MonthAction, MonthCoverage, MonthResult
from pipefy_exports_dagster.history.file_summary import summarize_month
from pipefy_exports_dagster.orchestration.events import (
    COMPLETE,
    EXPORT_ID,
    EXPORTED_AT,
    FILE,
    FILE_SIZE_BYTES,
    LOADING_S,
    ORGANIZATION_ID,
    REQUESTED_MONTH,
    ROW_COUNT,
    SHA256,
    TABLE_NAME,
    WINDOW,
)
from pipefy_exports_dagster.orchestration.metadata.changes_list import changes_list
from pipefy_exports_dagster.orchestration.metadata.columns import PROFILE, with_columns
from pipefy_exports_dagster.orchestration.metadata.file_contents import left_out_metadata
from pipefy_exports_dagster.orchestration.metadata.materialization import rows_over_time

ACTION = "pipefy/action"
GRADES = {
    Grade.COMPLETE: "complete",
    Grade.TO_DATE: "provisional: the export was made while the month was the current one",
    Grade.EDGE: "provisional: the oldest month of an export whose window Pipefy does not publish; its first days "
    "may be missing",
}


def month_key(result: MonthResult) -> str:
    """Return a month's partition key."""
    return f"{result.month:%Y-%m}"


def month_materialization(
    plan: HistoryPlan, result: MonthResult, coverage: MonthCoverage, *, loading_s: float
) -> dg.AssetMaterialization:
    """Return the event that says what a month holds now, and which export it is from.

    Call it while the builder is open: it looks at the month's rows in the file.

    Args:
        plan: What the history is made from.
        result: What became of the month.
        coverage: What the table holds of it now.
        loading_s: Seconds that building the month took, with the reading of a file where it was the first of it.
    """
    summary = None
    if result.report and result.action is MonthAction.LOADED and result.facts:
        summary = summarize_month(result.facts, result.month, show_values=plan.reading.show_values)
    small: dict[str, Any] = {
        ROW_COUNT: coverage.rows,
        **(rows_over_time(summary.over_time) if summary else {}),
        **({PROFILE: ""} if summary and summary.profile else {}),
        TABLE_NAME: f"{plan.tables.catalog}.{plan.schema}.{plan.table}",
        ORGANIZATION_ID: plan.organization_id,
        COMPLETE: coverage.grade is Grade.COMPLETE,
        "pipefy/cover": GRADES[coverage.grade],
        ACTION: result.action.value,
        EXPORT_ID: coverage.export_id,
        REQUESTED_MONTH: coverage.requested_month.isoformat(),
        EXPORTED_AT: f"{coverage.exported_at.isoformat(timespec='seconds')}Z",
        LOADING_S: round(loading_s, 3),
    }
    if result.action is MonthAction.KEPT:
        small["pipefy/kept"] = "the table holds the month from this export; no file has it better"
    if result.raw and result.facts:
        small |= {
            "pipefy/period_filter": result.raw.sidecar.period_filter,
            WINDOW: str(plan.window_of(result.raw.sidecar) or "not known"),
            FILE: dg.MetadataValue.path(str(result.raw.path)),
            FILE_SIZE_BYTES: result.raw.sidecar.size_bytes,
            SHA256: result.raw.sidecar.sha256,
            "pipefy/rows_of_the_file_by_month": _listed(result.facts.rows_by_month),
            "pipefy/rows_without_a_month": result.facts.rows_without_month,
            **left_out_metadata(result.facts.staged.file, plan.reading),
        }
    columns = result.report.columns if result.report else ()
    if result.report and result.report.changes:
        small["pipefy/changes"] = changes_list(result.report.changes)
    key = dg.AssetKey.from_user_string(plan.asset)
    metadata = with_columns(small, columns, rows=coverage.rows, profile=summary.profile if summary else ())
    return dg.AssetMaterialization(key, partition=month_key(result), metadata=metadata)


def _listed(rows_by_month: dict[date, int]) -> str:
    newest = sorted(rows_by_month.items())[-24:]
    return ", ".join(f"{month:%Y-%m}: {rows}" for month, rows in newest) or "none"
