"""The finding about a table's columns: what the load changed, as its transaction saw it."""

from collections.abc import Sequence

import dagster as dg

from pipefy_exports_dagster.orchestration.checks.finding import CheckFinding, passed, table, warned
from pipefy_exports_dagster.orchestration.checks.loads import Load
from pipefy_exports_dagster.tables import ChangeKind, ColumnChange

SAID = {
    ChangeKind.ADDED: "added",
    ChangeKind.WIDENED: "widened",
    ChangeKind.MISSING: "not in the file any more; its rows are NULL",
}
IN_SHORT = {ChangeKind.ADDED: "added", ChangeKind.WIDENED: "widened", ChangeKind.MISSING: "gone"}


def columns_unchanged(label: str, loads: Sequence[Load]) -> CheckFinding:
    """Say what the newest load changed.

    Columns that were gone at the load before are not said again; at a partition's first load none is said to be gone.

    Args:
        label: What it is about.
        loads: Of the partition, newest first; at least one.
    """
    newest, before = loads[0], loads[1] if len(loads) > 1 else None
    metadata = {"pipefy/column_count": newest.column_count}
    changes, counts = list(newest.changes.listed), dict(newest.changes.counts)
    if before is None or newest.changes.gone == before.changes.gone:
        changes = [change for change in changes if change.kind is not ChangeKind.MISSING]
        counts.pop(ChangeKind.MISSING, None)
    elif before.changes.gone:
        known = {c.column for c in before.changes.listed if c.kind is ChangeKind.MISSING}
        again = [c for c in changes if c.kind is ChangeKind.MISSING and c.column in known]
        changes = [change for change in changes if change not in again]
        counts[ChangeKind.MISSING] = counts.get(ChangeKind.MISSING, 0) - len(again)
    total = sum(counts.values())
    if not total:
        since = "as at the last load" if before else "and nothing to compare them with: it is the first load"
        return passed(f"{label}: {newest.column_count} columns, {since}", metadata)
    said = ", ".join(f"{counts[kind]} {IN_SHORT[kind]}" for kind in ChangeKind if counts.get(kind))
    unlisted = (
        f"; {total - len(changes)} of them are listed in the run's log only" if total > len(changes) else ""
    )
    return warned(
        f"{label}: columns changed with this load: {said}{unlisted}. Queries and views that name them may need a look",
        metadata | {"pipefy/changed_columns": _table(changes)},
    )


def _table(changes: Sequence[ColumnChange]) -> dg.TableMetadataValue:
    rows = [
        (change.column, SAID[change.kind], change.old_type or "", change.new_type or "") for change in changes
    ]
    return table(("column", "change", "type before", "type now"), rows)
