"""What each of our keys in Dagster's metadata and tags means.

The keys in the code are found by reading it, so that a new one without a line here fails a test.
"""

import ast
from collections.abc import Mapping
from pathlib import Path

from pages.markdown import code, table

import pipefy_exports_dagster

PACKAGE = Path(pipefy_exports_dagster.__file__).parent

MATERIALIZATIONS = {
    "dagster/row_count": "Rows of the slice, or of the month.",
    "dagster/table_name": "The table: database, schema, name.",
    "dagster/column_schema": "Columns with type and the header of the file, as many as there is room for.",
    "pipefy/action": "Of a month: what the build did with it: `built`, `kept` and so on.",
    "pipefy/broken_views": "Views of your own in the database that do not work any more after the load.",
    "pipefy/changes": "Columns that the load added, widened, missed, or found under another spelling of their header.",
    "pipefy/column_changes": "The same as JSON, for the check.",
    "pipefy/column_count": "Columns of the file.",
    "pipefy/cover": "Of a month: whether the export covers it wholly, or why it is provisional.",
    "pipefy/database_locked_s": "Seconds for which the load held the database.",
    "pipefy/dialect": "The form of the request that Pipefy took.",
    "pipefy/downloading_s": "Seconds of the download.",
    "pipefy/dropped_blank_rows": "Rows of nothing but blanks or separators, which are not in the table.",
    "pipefy/error_cells": "Cells of a workbook that hold an error such as `#N/A`; NULL in the table.",
    "pipefy/export_id": "Pipefy's id of the export.",
    "pipefy/exported_at": "When Pipefy finished the export.",
    "pipefy/exports_created": "Exports asked for since the partition was last materialized.",
    "pipefy/file": "The raw file.",
    "pipefy/file_size_bytes": "Its size.",
    "pipefy/fingerprint": "A digest of the request: an export is resumed only for the same.",
    "pipefy/formula_cells": "Cells of a workbook with a formula, whose stored value is in the table.",
    "pipefy/formulas_without_value": "Cells that store a formula and no value; its text is in the table.",
    "pipefy/is_complete": "Of a month: whether it was over, and wholly in the export.",
    "pipefy/kept": "Of a month: why it was left as it is.",
    "pipefy/left_out": "Visible sheets with rows that were not loaded, and what to do about it.",
    "pipefy/loading_s": "Seconds from the file to the committed rows.",
    "pipefy/organization_id": "The organization.",
    "pipefy/period_filter": "Of a month: partition of the export that it is taken from.",
    "pipefy/preview": "The first rows.",
    "pipefy/profile": "Of each column: type, filled rows, different values, smallest and largest.",
    "pipefy/read_copy_problem": "Why the copy for readers was not updated.",
    "pipefy/report": "Name of the saved report, where there is one.",
    "pipefy/requested_at": "When the export was asked for.",
    "pipefy/requested_by": "Of a report: name of who asked for the export; not where values are not shown.",
    "pipefy/requested_month": "First day of the month in which it was asked for.",
    "pipefy/resumed": "Whether the run went on with an export that an earlier run had asked for.",
    "pipefy/rows_left_out": "Rows of visible sheets that were not loaded.",
    "pipefy/rows_of_the_file_by_month": "Of a month: how many rows of each month are in the file.",
    "pipefy/rows_per_day": "A picture of the rows per day, or why there is none.",
    "pipefy/rows_without_a_month": "Of a month: rows of the file whose time is empty.",
    "pipefy/sha256": "Digest of the raw file.",
    "pipefy/sheets_loaded": "Sheets of the workbook that are in the table, with their rows.",
    "pipefy/sheets_named": "The sheets that `reading.sheets` or `--sheet` named, where they did.",
    "pipefy/sheets_skipped": "Sheets of the workbook that are not in the table, with their rows and the header.",
    "pipefy/sheets_with_rows": "How many visible sheets with rows the workbook has, where it has several.",
    "pipefy/source_file": "Of `pipefy-exports load`: the name of the file that was given.",
    "pipefy/time_column": "The column that says to which day and month a row belongs.",
    "pipefy/time_column_chosen": "How it was chosen.",
    "pipefy/title_lines": "Lines of a text file above its header; their number only, where values are not shown.",
    "pipefy/waiting_s": "Seconds from the request until Pipefy had finished.",
    "pipefy/window": "The dates that the export covers, where they are known.",
}
OBSERVATIONS = {
    "pipefy/asked_after": "The newest place in the event log just before it was asked for.",
    "pipefy/dialect": "The form of the request that Pipefy took.",
    "pipefy/export_id": "Pipefy's id of the export.",
    "pipefy/fingerprint": "A digest of the request.",
    "pipefy/reason": "Why an export was abandoned.",
    "pipefy/request": "What was asked for, as JSON.",
    "pipefy/report": "Name of the saved report, where there is one.",
    "pipefy/requested_at": "When.",
    "pipefy/requested_month": "First day of the month in which it was asked for.",
    "pipefy/run_config": "Arguments of that run's own, from the Launchpad.",
    "pipefy/status": "`requested`, or `abandoned`.",
}
CHECKS = {
    "pipefy/changed_columns": "The changes of columns.",
    "pipefy/checked_on": "The organization's day of the look.",
    "pipefy/column_count": "Columns of the file.",
    "pipefy/complete_months": "How many months of the history are complete.",
    "pipefy/due_day": "Day of the month from which `last_month` is expected.",
    "pipefy/examples": "Keys that several rows share.",
    "pipefy/export_id": "Pipefy's id of the export.",
    "pipefy/formulas_without_value": "Cells that store a formula and no value; its text is in the table.",
    "pipefy/lacking_months": "Months that are missing or provisional.",
    "pipefy/loaded_in": "The month in which `last_month` was last loaded.",
    "pipefy/pending_export": "The export that was asked for and is not loaded.",
    "pipefy/repeated_keys": "How many keys are shared by rows.",
    "pipefy/rows_by_month": "Rows of each month, and whether it was asked for.",
    "pipefy/rows_in_file": "Rows that were counted in the file.",
    "pipefy/rows_in_table": "Rows of the slice.",
    "pipefy/rows_left_out": "Rows of visible sheets that were not loaded.",
    "pipefy/rows_of_all_slices": "Rows of the table.",
    "pipefy/rows_outside": "Rows outside the dates that were asked for.",
    "pipefy/rows_with_them": "Rows that share a key.",
    "pipefy/rows_without_a_time": "Rows whose time is empty.",
    "pipefy/sheets_loaded": "Sheets that are in the table, with their rows.",
    "pipefy/sheets_named": "The sheets that somebody named.",
    "pipefy/sheets_skipped": "Sheets that are not in the table, with their rows.",
    "pipefy/time_column": "The column by which rows were judged.",
    "pipefy/time_column_chosen": "How it was chosen.",
    "pipefy/title_lines": "Lines above the header.",
    "pipefy/window": "The dates that were asked for.",
}
FAILURES_AND_TAGS = {
    "pipefy/attempt": "Tag of a run of `pipefy_pending_exports_sensor` or `pipefy_history_sensor`: 1 for the first for "
    "its export.",
    "pipefy/builds_export": "Tag of a run of `pipefy_history_sensor`: the export whose months it builds.",
    "pipefy/correlation_id": "Of a failed step: Pipefy's id of the request that it refused, for its support.",
    "pipefy/error": "Of a failed step: class of the error.",
    "pipefy/follows_export": "Tag of a run of `pipefy_pending_exports_sensor`: the export that it loads.",
}
PLACES: Mapping[str, Mapping[str, str]] = {
    "a materialization": MATERIALIZATIONS,
    "an observation, by which the event log is the ledger of exports": OBSERVATIONS,
    "a check's result": CHECKS,
    "failures and runs": FAILURES_AND_TAGS,
}


def metadata_tables() -> str:
    return "\n\n".join(
        f"Of {place}:\n\n{table(('key', 'meaning'), [[code(key), said] for key, said in keys.items()])}"
        for place, keys in PLACES.items()
    )


def described_keys() -> set[str]:
    return {key for keys in PLACES.values() for key in keys if key.startswith("pipefy/")}


def keys_in_the_code() -> set[str]:
    """Return every text in the package that is a key of ours."""
    return {
        node.value
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_key(node.value)
    }


def _is_key(text: str) -> bool:
    start, _, name = text.partition("/")
    return start == "pipefy" and name.isidentifier()
