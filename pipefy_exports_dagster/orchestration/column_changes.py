"""What a load changed about a table's columns, kept with its materialization for the check that follows."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from pipefy_exports_dagster.loading import ChangeKind, ColumnChange

COLUMN_CHANGES = "pipefy/column_changes"
MAX_CHANGES = 30
"""More than an edit of a report makes, and small enough for an event."""


def stored_changes(changes: Sequence[ColumnChange]) -> dg.JsonMetadataValue:
    """Return changes as metadata, and how many there are in all."""
    listed = [[c.kind.value, c.column, c.old_type, c.new_type] for c in changes[:MAX_CHANGES]]
    return dg.MetadataValue.json({"total": len(changes), "changes": listed})


def changes_of(metadata: Mapping[str, dg.MetadataValue]) -> tuple[tuple[ColumnChange, ...], int]:
    """Return the changes that a materialization keeps, and how many there were in all; none if it keeps none."""
    entry = metadata.get(COLUMN_CHANGES)
    stored: Any = entry.value if entry else None
    try:
        changes = tuple(ColumnChange(ChangeKind(kind), *rest) for kind, *rest in stored["changes"])
        return changes, int(stored["total"])
    except (TypeError, KeyError, ValueError):
        return (), 0
