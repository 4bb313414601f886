"""What a load changed about a table's columns, kept with its materialization for the check that follows."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from pipefy_exports_dagster.tables import ChangeKind, ColumnChange

COLUMN_CHANGES = "pipefy/column_changes"
MAX_LISTED = 10
"""More than most edits of a report make, and small enough for an event."""
MAX_NAME_LENGTH = 200


@dataclass(frozen=True, slots=True)
class ColumnChanges:
    """The changes of one load.

    Args:
        listed: The first of them.
        counts: How many there are of each kind.
        gone: A digest of the names that are in the table and not in the file: the same as long as they are.
    """

    listed: tuple[ColumnChange, ...] = ()
    counts: Mapping[ChangeKind, int] = field(default_factory=dict)
    gone: str = ""

    @classmethod
    def of(cls, changes: Sequence[ColumnChange]) -> "ColumnChanges":
        """Sum up what a load did; a header's spelling is no change to who queries the table."""
        changes = [change for change in changes if change.kind is not ChangeKind.RESPELLED]
        gone = sorted(change.column for change in changes if change.kind is ChangeKind.MISSING)
        return cls(
            listed=tuple(changes[:MAX_LISTED]),
            counts={kind: sum(change.kind is kind for change in changes) for kind in ChangeKind},
            gone=hashlib.sha256("\0".join(gone).encode()).hexdigest()[:16] if gone else "",
        )

    def stored(self) -> dg.JsonMetadataValue:
        """Return them as metadata."""
        listed = [[c.kind.value, c.column[:MAX_NAME_LENGTH], c.old_type, c.new_type] for c in self.listed]
        counts = {kind.value: count for kind, count in self.counts.items() if count}
        return dg.MetadataValue.json({"listed": listed, "counts": counts, "gone": self.gone})


def changes_of(metadata: Mapping[str, dg.MetadataValue]) -> ColumnChanges:
    """Return the changes that a materialization keeps; none if it keeps none."""
    entry = metadata.get(COLUMN_CHANGES)
    stored: Any = entry.value if entry else None
    try:
        return ColumnChanges(
            listed=tuple(ColumnChange(ChangeKind(kind), *rest) for kind, *rest in stored["listed"]),
            counts={ChangeKind(kind): int(count) for kind, count in stored["counts"].items()},
            gone=str(stored["gone"]),
        )
    except (TypeError, KeyError, ValueError):
        return ColumnChanges()
