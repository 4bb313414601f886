"""The finding about a table's columns: what the load changed, as the transaction saw it."""

from collections.abc import Sequence

import dagster as dg

from pipefy_exports_dagster.loading import ChangeKind, ColumnChange
from pipefy_exports_dagster.orchestration.check_finding import Finding, passed, table, warned
from pipefy_exports_dagster.orchestration.check_loads import Load

SAID = {
    ChangeKind.ADDED: "added",
    ChangeKind.WIDENED: "widened",
    ChangeKind.MISSING: "not in the file any more; its rows are NULL",
}
VERBS = {ChangeKind.ADDED: "added", ChangeKind.WIDENED: "widened", ChangeKind.MISSING: "gone"}


def columns_unchanged(label: str, loads: Sequence[Load]) -> Finding:
    """Say what the newest load changed.

    A column that was gone at the load before is not said again; at a partition's first load none is said to be gone.

    Args:
        label: What it is about.
        loads: Of the partition, newest first; at least one.
    """
    newest, before = loads[0], loads[1] if len(loads) > 1 else None
    metadata = {"pipefy/column_count": newest.column_count}
    gone_before = {change.column for change in before.changes if _is_gone(change)} if before else set()
    changes = [
        change
        for change in newest.changes
        if not _is_gone(change) or (before and change.column not in gone_before)
    ]
    unlisted = newest.changes_total - len(newest.changes)
    if not changes and not unlisted:
        since = "as at the last load" if before else "and nothing to compare them with: it is the first load"
        return passed(f"{label}: {newest.column_count} columns, {since}", metadata)
    counts = [(kind, sum(change.kind is kind for change in changes)) for kind in ChangeKind]
    said = ", ".join(f"{count} {VERBS[kind]}" for kind, count in counts if count)
    if unlisted:
        said += f", and {unlisted} more that the run's log lists"
    return warned(
        f"{label}: columns changed with this load: {said}. Queries and views that name them may need a look",
        metadata | {"pipefy/changed_columns": _table(changes)},
    )


def _is_gone(change: ColumnChange) -> bool:
    return change.kind is ChangeKind.MISSING


def _table(changes: Sequence[ColumnChange]) -> dg.TableMetadataValue:
    rows = [
        (change.column, SAID[change.kind], change.old_type or "", change.new_type or "") for change in changes
    ]
    return table(("column", "change", "type before", "type now"), rows)
