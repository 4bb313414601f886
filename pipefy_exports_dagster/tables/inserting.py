from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipefy_exports_dagster.reading.staged import StagedTable
from pipefy_exports_dagster.reading.staged_file import ROWS_WORTH_THREADS
from pipefy_exports_dagster.text.sql import identifier, literal

from .lineage import TableLayout
from .slice import Slice
from .widening import PlannedColumn

if TYPE_CHECKING:
    import duckdb


def insert_rows(
    connection: "duckdb.DuckDBPyConnection",
    staged: StagedTable,
    plan: tuple[PlannedColumn, ...],
    *,
    table: str,
    slice_: Slice,
    layout: TableLayout,
    more: Mapping[str, str] | None = None,
    where: str = "true",
) -> None:
    """Insert rows of a staged file, with their lineage.

    Args:
        more: Values of further lineage columns of the layout, as text.
        where: SQL condition over the staged file for the rows to insert.
    """
    parts = {column.name: column.expression for column in plan}
    values = {
        "_organization_id": slice_.organization_id,
        "_period_filter": slice_.period_filter,
        "_requested_month": slice_.requested_month.isoformat(),
        "_export_id": slice_.export_id,
        "_exported_at": slice_.exported_at_utc.isoformat(),
        "_loaded_at": datetime.now(UTC).replace(tzinfo=None).isoformat(),
        **(more or {}),
    }
    for name, value in values.items():
        parts[name] = f"CAST({literal(value)} AS {layout.lineage[name].type})"
    parts["_file_row"] = "file_row_number + 1"
    selected = ", ".join(f"{expression} AS {identifier(name)}" for name, expression in parts.items())
    if staged.rows < ROWS_WORTH_THREADS:
        # Not reset before the connection is closed: the checkpoint is part of the work.
        connection.execute("SET threads = 1")
    connection.execute(
        f"INSERT INTO {identifier(table)} BY NAME SELECT {selected} "
        f"FROM read_parquet({literal(str(staged.path))}, file_row_number = true) WHERE {where}"
    )
