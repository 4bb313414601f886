"""The profile of a file's columns as a table in the UI, as many columns of it as its size allows."""

from collections.abc import Sequence

import dagster as dg

from pipefy_exports_dagster.orchestration.metadata.preview_table import cell_text
from pipefy_exports_dagster.reading.profile import ROWS_COUNTED, ColumnProfile
from pipefy_exports_dagster.tables import LoadedColumn

COLUMN, TYPE, FILLED, SMALLEST, LARGEST = "column", "type", "filled", "smallest", "largest"
DISTINCT, DISTINCT_AT_FIRST = "distinct", f"distinct in {ROWS_COUNTED:,} rows"


def profile_table(
    profile: Sequence[ColumnProfile], columns: Sequence[LoadedColumn], *, rows: int, shown: int
) -> dg.TableMetadataValue:
    """Return a profile as a table, with the names and types that the table has for the columns.

    Args:
        profile: Of the first columns.
        columns: All columns, as they were loaded.
        rows: How many rows there are.
        shown: How many columns there is room for.
    """
    distinct = DISTINCT if rows <= ROWS_COUNTED else DISTINCT_AT_FIRST
    with_values = any(column.smallest is not None for column in profile)
    names = [COLUMN, TYPE, FILLED, distinct, *([SMALLEST, LARGEST] if with_values else [])]
    lines: list[Sequence[str | int]] = [
        (
            cell_text(column.name),
            column.type,
            facts.filled,
            facts.distinct,
            facts.smallest or "",
            facts.largest or "",
        )
        for facts, column in list(zip(profile, columns, strict=False))[:shown]
    ]
    if left_out := len(columns) - len(lines):
        lines.append((f"{left_out} more columns: no room for them here", "", "", "", "", ""))
    records = [dg.TableRecord(dict(zip(names, line, strict=False))) for line in lines]
    kinds = {FILLED: "int", distinct: "int"}
    return dg.MetadataValue.table(
        records, dg.TableSchema([dg.TableColumn(name, kinds.get(name, "string")) for name in names])
    )
