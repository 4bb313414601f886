"""How a load changed the table's columns, as a list in Markdown."""

from collections.abc import Sequence

import dagster as dg

from pipefy_exports_dagster.tables import ColumnChange
from pipefy_exports_dagster.text.quoting import markdown_code

MAX_CHANGES = 10
MAX_CHANGE_LENGTH = 200


def changes_list(changes: Sequence[ColumnChange]) -> dg.MarkdownMetadataValue:
    """Return the first changes as a list, and how many more there are."""
    lines = [f"- {_in_short(change)}" for change in changes[:MAX_CHANGES]]
    if len(changes) > MAX_CHANGES:
        lines.append(f"- and {len(changes) - MAX_CHANGES} more, in the run's log")
    return dg.MetadataValue.md("\n".join(lines))


def _in_short(change: ColumnChange) -> str:
    text = str(change)
    if len(text) <= MAX_CHANGE_LENGTH:
        return text
    # Cut anywhere, it would end within what is quoted, and the rest be taken for Markdown.
    return f"column {markdown_code(change.column[:MAX_CHANGE_LENGTH])}: {change.kind.value}"
