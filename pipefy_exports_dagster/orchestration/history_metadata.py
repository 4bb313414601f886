"""What a materialized month says in the UI."""

from typing import Any

import dagster as dg

from pipefy_exports_dagster.history import Cover, Grade, HistoryPlan, MonthAction, MonthResult
from pipefy_exports_dagster.orchestration.ledger import EXPORT_ID, REQUESTED_MONTH
from pipefy_exports_dagster.orchestration.metadata import MAX_BYTES, stored_size

COMPLETE = "pipefy/is_complete"
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


def month_materialization(plan: HistoryPlan, result: MonthResult, cover: Cover) -> dg.AssetMaterialization:
    """Return the event that says what a month holds now, and which export it is from."""
    small: dict[str, Any] = {
        "dagster/row_count": cover.rows,
        "dagster/table_name": f"{plan.database.stem}.{plan.schema}.{plan.table}",
        "pipefy/organization_id": plan.organization_id,
        COMPLETE: cover.grade is Grade.COMPLETE,
        "pipefy/cover": GRADES[cover.grade],
        ACTION: result.action.value,
        EXPORT_ID: cover.export_id,
        REQUESTED_MONTH: cover.requested_month.isoformat(),
        "pipefy/exported_at": f"{cover.exported_at.isoformat(timespec='seconds')}Z",
    }
    if result.action is MonthAction.KEPT:
        small["pipefy/kept"] = "the table holds the month from this export; no file has it better"
    if result.raw and result.facts:
        small |= {
            "pipefy/period_filter": result.raw.sidecar.period_filter,
            "pipefy/window": str(plan.window_of(result.raw.sidecar) or "not published by Pipefy"),
            "pipefy/file": dg.MetadataValue.path(str(result.raw.path)),
            "pipefy/sha256": result.raw.sidecar.sha256,
            "pipefy/rows_of_the_file_by_month": ", ".join(
                f"{month:%Y-%m}: {rows}" for month, rows in sorted(result.facts.rows_by_month.items())[-24:]
            )
            or "none",
            "pipefy/rows_without_a_month": result.facts.rows_without_month,
        }
        if result.facts.time:
            small["pipefy/time_column"] = result.facts.time.column.name
            small["pipefy/time_column_chosen"] = result.facts.time.how
    columns = []
    if result.report:
        if result.report.changes:
            small["pipefy/changes"] = dg.MetadataValue.md(
                "\n".join(f"- {change}" for change in result.report.changes[:30])
            )
        columns = [
            dg.TableColumn(column.name, column.type, column.header) for column in result.report.columns
        ]
    key = dg.AssetKey.from_user_string(plan.asset)
    metadata = small
    while columns:
        metadata = small | {"dagster/column_schema": dg.TableSchema(columns=columns)}
        if stored_size(metadata) <= MAX_BYTES:
            break
        columns = columns[: len(columns) * 4 // 5]
    return dg.AssetMaterialization(key, partition=month_key(result), metadata=metadata)
