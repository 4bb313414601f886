"""A lake that is open for writing to one of its tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipefy_exports_dagster.tables.creating import NewColumn
from pipefy_exports_dagster.tables.lake.catalogs import Check
from pipefy_exports_dagster.tables.lake.changing import change_lake_columns, create_lake_table
from pipefy_exports_dagster.tables.lake.names import AUTHOR, LAKE
from pipefy_exports_dagster.tables.lineage import TableLayout
from pipefy_exports_dagster.tables.table_state import TableState
from pipefy_exports_dagster.text.sql import literal

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class OpenLake:
    """A connection to a lake, and the lock of the table that is written to."""

    connection: "duckdb.DuckDBPyConnection"
    seconds_waiting: float
    still_held: Check

    def create_table(self, name: str, columns: Sequence[NewColumn], layout: TableLayout) -> None:
        create_lake_table(
            self.connection, name, columns, comment=layout.comment, partitioned_by=layout.partitioned_by
        )

    def change_columns(
        self,
        state: TableState,
        layout: TableLayout,
        *,
        retyped: Mapping[str, tuple[str, str]],
        added: Sequence[NewColumn],
        comments: Mapping[str, str],
    ) -> None:
        change_lake_columns(self.connection, state, layout, retyped=retyped, added=added, comments=comments)

    def commit(self, said: str) -> None:
        """Commit, unless the lock was lost; the snapshot says what it is."""
        self.connection.execute(f"CALL {LAKE}.set_commit_message({literal(AUTHOR)}, {literal(said)})")
        self.still_held()
        self.connection.commit()

    def checkpoint(self) -> None:
        """Nothing: a commit has brought everything to where it stays."""

    def publish(self) -> tuple[Path | None, str | None]:
        """Nothing: readers see each snapshot, and keep nobody waiting."""
        return None, None
