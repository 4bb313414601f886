"""Findings about the rows of a slice: as many as the file has, at all, and with keys of their own.

The file is not counted again. Its rows are counted before a load, and a load that does not put as many into the
table is rolled back; the count is kept with the materialization. What is left to find is what happened to
the table or to the file since, so the slice is counted again, from outside, and the file's sha256 taken: reading
a large file once more would cost as much as the load.
"""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from pipefy_exports_dagster.errors import PipefyExportsError
from pipefy_exports_dagster.orchestration.checks.finding import CheckFinding, failed, passed, table, warned
from pipefy_exports_dagster.orchestration.checks.loads import Load
from pipefy_exports_dagster.raw_files.store import FileState, RawPartition
from pipefy_exports_dagster.tables.slice_queries import Repeated, SliceQueries, SliceRows
from pipefy_exports_dagster.tables.table_state import TableColumn
from pipefy_exports_dagster.text.quoting import markdown_code

MAX_EXAMPLES = 5
AGAIN = "Materialize the partition again to put it right"


def rows_match_file(label: str, kept: SliceRows, load: Load, raw_files: RawPartition) -> CheckFinding:
    """Compare a slice with the file that it was loaded from."""
    metadata = {
        "pipefy/rows_in_table": kept.rows,
        "pipefy/rows_in_file": load.rows,
        "pipefy/export_id": load.export_id,
    }
    export = markdown_code(load.export_id)
    what = f"{label}: the file of export {export} has {load.rows:,} rows"
    others = [export for export in kept.exports if export != load.export_id]
    other = markdown_code(others[0]) if others else ""
    if others and load.export_id not in kept.exports:
        # A run died between its commit and its event, or another one is at work this very moment.
        return warned(
            f"{label}: the table holds export {other}, of which Dagster has no materialization yet; the newest that it "
            f"knows is {export}. If no run is loading it now, materialize the partition again",
            metadata,
        )
    if others:
        return failed(f"{what}, and the slice also holds rows of export {other}. {AGAIN}", metadata)
    if kept.rows != load.rows:
        return failed(f"{what}, and the slice {kept.rows:,}: the table was changed since. {AGAIN}", metadata)
    if not kept.numbers == kept.last == kept.rows:
        return failed(
            f"{what}, and so has the slice, but not each row once: {kept.numbers:,} different rows, up to row "
            f"{kept.last:,}. {AGAIN}",
            metadata,
        )
    try:
        state = raw_files.state(load.export_id, load.sha256)
    except PipefyExportsError as error:
        return warned(f"{what}, and so has the slice. The raw file was not looked at: {error}", metadata)
    if state is FileState.GONE:
        return passed(f"{what}, and so has the slice. The raw file itself is not at hand any more", metadata)
    if state is FileState.CHANGED:
        return failed(
            f"{what}, and so has the slice, but {markdown_code(load.file)} is not that file any more: its sha256 "
            f"differs. {AGAIN}; the history would pass this file over",
            metadata,
        )
    return passed(f"{what}, and so has the slice", metadata)


def has_rows(label: str, kept: SliceRows, rows_of_table: int) -> CheckFinding:
    """Say whether a slice is empty."""
    metadata = {"pipefy/rows_in_table": kept.rows, "pipefy/rows_of_all_slices": rows_of_table}
    if kept.rows:
        return passed(f"{label}: {kept.rows:,} rows", metadata)
    others = f"the other slices have {rows_of_table:,}" if rows_of_table else "nor has any other slice"
    return warned(
        f"{label}: the slice has no rows; {others}. Pipefy's file had none for this period: if there should be some, "
        "check what the credentials may see, and the report's filter",
        metadata,
    )


def keys_unique(label: str, kept: SliceQueries, key: Sequence[str], *, show_values: bool) -> CheckFinding:
    """Look for rows that share the configured key."""
    columns = [kept.column(name) for name in key]
    unknown = [name for name, column in zip(key, columns, strict=True) if column is None]
    if unknown:
        return failed(
            f"{label}: `key` names {_named(unknown)}, and the table has no such column. It has "
            f"{_named([column.name for column in kept.columns[:30]])}"
        )
    found = [column for column in columns if column is not None]
    repeated = kept.repeated(found, examples=MAX_EXAMPLES if show_values else 0)
    metadata: dict[str, Any] = {"pipefy/repeated_keys": repeated.keys, "pipefy/rows_with_them": repeated.rows}
    named = _named([column.name for column in found])
    if not repeated.keys:
        return passed(f"{label}: no two rows have the same {named}", metadata)
    if repeated.examples:
        metadata["pipefy/examples"] = _examples(found, repeated)
    return failed(
        f"{label}: {repeated.rows:,} rows share {repeated.keys:,} values of {named}. If such rows are right, `key` "
        "needs another column; if not, they are in Pipefy's file already",
        metadata,
    )


def _named(columns: Sequence[str]) -> str:
    return ", ".join(map(markdown_code, columns))


def _examples(key: Sequence[TableColumn], repeated: Repeated) -> dg.TableMetadataValue:
    rows = ([value or "" for value in example] for example in repeated.examples)
    return table([*(column.name for column in key), "rows"], rows)
