"""The columns that say where a row comes from; columns of files never have their names."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LineageColumn:
    """Type and COMMENT of a lineage column."""

    type: str
    comment: str


LINEAGE = {
    "_organization_id": LineageColumn("VARCHAR", "Pipefy's id of the organization"),
    "_period_filter": LineageColumn(
        "VARCHAR", "The partition of the export; partitions overlap in time, so filter on one"
    ),
    "_requested_month": LineageColumn(
        "DATE", "First day of the month in which the export was created: what last_month was relative to"
    ),
    "_export_id": LineageColumn("VARCHAR", "Pipefy's id of the export"),
    "_exported_at": LineageColumn("TIMESTAMP", "When the export was finished, in UTC"),
    "_loaded_at": LineageColumn("TIMESTAMP", "When the row was loaded, in UTC"),
    "_file_row": LineageColumn("BIGINT", "Data row in the export's file; 1 is the first after the header"),
}

TABLE_COMMENT = (
    "Current content of each partition of a Pipefy export. The partitions last_month, current_month and "
    "last_3_months overlap: filter on _period_filter, or rows are counted more than once."
)


@dataclass(frozen=True, slots=True)
class TableLayout:
    """What a table has besides the columns of files."""

    lineage: Mapping[str, LineageColumn]
    comment: str
    partitioned_by: tuple[str, ...]
    """What a load replaces: in a lake the rows of each have files of their own."""


EXPORT_TABLE = TableLayout(LINEAGE, TABLE_COMMENT, ("_organization_id", "_period_filter"))
HISTORY_TABLE = TableLayout(
    LINEAGE
    | {
        "_month": LineageColumn("DATE", "First day of the calendar month that the row belongs to"),
        "_is_complete": LineageColumn(
            "BOOLEAN", "Whether the month was over, and wholly in the export that it is taken from"
        ),
    },
    "A Pipefy export by calendar month: each month once, from the newest export that covers it.",
    ("_organization_id", "_month"),
)


def is_lineage(name: str) -> bool:
    """Whether a column is a lineage column: columns of files never start with an underscore."""
    return name.startswith("_")
