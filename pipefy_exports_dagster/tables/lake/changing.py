"""How a lake's tables are created and changed, within a transaction.

Other than in a DuckDB file, a type is changed by a new table in any case: ALTER TYPE is refused for most types. Where
it is not, other connections fail that know the old one's statistics (DuckDB 1.5.5). A table keeps its partitioning.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pipefy_exports_dagster.tables.creating import NewColumn
from pipefy_exports_dagster.tables.lineage import TableLayout
from pipefy_exports_dagster.tables.rebuilding import (
    MANY_CHANGES,
    add_columns,
    converted_columns,
    set_comments,
    set_defaults,
    widened_columns,
)
from pipefy_exports_dagster.tables.table_state import TableState, table_comment
from pipefy_exports_dagster.text.sql import identifier, literal

if TYPE_CHECKING:
    import duckdb


def create_lake_table(
    connection: "duckdb.DuckDBPyConnection",
    name: str,
    columns: Sequence[NewColumn],
    *,
    comment: str | None,
    partitioned_by: Sequence[str],
) -> None:
    """Create a table with its comments and its partitioning.

    Each comment costs in proportion to the columns, in time and memory: 1.2 GB for 2,000 of them. Nothing sets them at
    once: a schema that is copied from another database, as in `creating.py`, loses its comments in the commit.
    """
    table = identifier(name)
    listed = ", ".join(f"{identifier(column.name)} {column.type}" for column in columns)
    connection.execute(f"CREATE TABLE {table} ({listed})")
    keys = ", ".join(map(identifier, partitioned_by))
    connection.execute(f"ALTER TABLE {table} SET PARTITIONED BY ({keys})")
    if comment is not None:
        connection.execute(f"COMMENT ON TABLE {table} IS {literal(comment)}")
    set_comments(
        connection, name, {column.name: column.comment for column in columns if column.comment is not None}
    )


def change_lake_columns(
    connection: "duckdb.DuckDBPyConnection",
    state: TableState,
    layout: TableLayout,
    *,
    retyped: Mapping[str, tuple[str, str]],
    added: Sequence[NewColumn],
    comments: Mapping[str, str],
) -> None:
    """Change types and comments of existing columns and add new ones."""
    if not retyped and len(added) + len(comments) <= MANY_CHANGES:
        add_columns(connection, state.name, added)
        set_comments(connection, state.name, comments)
        return

    # The new one is created under the final name, which its files' folder has.
    comment = table_comment(connection, state.name)
    table, old = identifier(state.name), identifier(f"_pipefy_exports_old_{state.name}")
    connection.execute(f"ALTER TABLE {table} RENAME TO {old}")
    create_lake_table(
        connection,
        state.name,
        widened_columns(state, retyped, added, comments),
        comment=comment,
        partitioned_by=layout.partitioned_by,
    )
    connection.execute(f"INSERT INTO {table} BY NAME SELECT {converted_columns(state, retyped)} FROM {old}")
    connection.execute(f"DROP TABLE {old}")
    set_defaults(connection, state)
