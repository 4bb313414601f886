from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pipefy_exports_dagster.text.sql import identifier, literal

from .creating import NewColumn, create_table
from .table_state import TableState, table_comment

if TYPE_CHECKING:
    import duckdb


MANY_CHANGES = 100
_NEW = "_pipefy_exports_new"


def change_columns(
    connection: "duckdb.DuckDBPyConnection",
    state: TableState,
    *,
    retyped: Mapping[str, tuple[str, str]],
    added: Sequence[NewColumn],
    comments: Mapping[str, str],
) -> None:
    """Change types and comments of existing columns and add new ones, in the caller's transaction; keep the indexes.

    An index on the table blocks ALTER TYPE, and dropping it first helps only sometimes (tested with DuckDB 1.5.5:
    not for the indexed column itself, and a unique index cannot be created again under its name in the same
    transaction). So a table with an index is rebuilt if a type changes. A table without one is rebuilt if more than 100
    columns, types and comments change: each change keeps a copy of the catalog entry of all columns until the
    transaction ends, 3.4 GB for 2,000 added ones.

    Args:
        retyped: New type, and SQL for the converted values, by column name.
        comments: New comments by column name.
    """
    table = identifier(state.name)
    if not state.indexes and len(retyped) + len(added) + len(comments) > MANY_CHANGES:
        _replace_by_wider(connection, state, retyped, added, comments)
        return
    if retyped and state.indexes:
        _create_again(connection, state, retyped)
    else:
        for name, (type_, conversion) in retyped.items():
            connection.execute(
                f"ALTER TABLE {table} ALTER COLUMN {identifier(name)} TYPE {type_} USING {conversion}"
            )
    add_columns(connection, state.name, added)
    set_comments(connection, state.name, comments)


def add_columns(connection: "duckdb.DuckDBPyConnection", table: str, added: Sequence[NewColumn]) -> None:
    """Add columns with their comments."""
    for column in added:
        connection.execute(
            f"ALTER TABLE {identifier(table)} ADD COLUMN {identifier(column.name)} {column.type}"
        )
        if column.comment is not None:
            set_comments(connection, table, {column.name: column.comment})


def set_comments(connection: "duckdb.DuckDBPyConnection", table: str, comments: Mapping[str, str]) -> None:
    """Set the comments of columns."""
    for name, comment in comments.items():
        connection.execute(f"COMMENT ON COLUMN {identifier(table)}.{identifier(name)} IS {literal(comment)}")


def widened_columns(
    state: TableState,
    retyped: Mapping[str, tuple[str, str]],
    added: Sequence[NewColumn],
    comments: Mapping[str, str],
) -> list[NewColumn]:
    """Return the columns that a table will have."""
    kept = [
        NewColumn(
            column.name,
            retyped[column.name][0] if column.name in retyped else column.type,
            comments.get(column.name, column.header),
        )
        for column in state.columns
    ]
    return [*kept, *added]


def _replace_by_wider(
    connection: "duckdb.DuckDBPyConnection",
    state: TableState,
    retyped: Mapping[str, tuple[str, str]],
    added: Sequence[NewColumn],
    comments: Mapping[str, str],
) -> None:
    """Replace the table by a new one with its rows, comments and defaults."""
    columns = widened_columns(state, retyped, added, comments)
    create_table(connection, _NEW, columns, comment=table_comment(connection, state.name))
    table = identifier(state.name)
    connection.execute(f"INSERT INTO {_NEW} BY NAME SELECT {converted_columns(state, retyped)} FROM {table}")
    connection.execute(f"DROP TABLE {table}")
    connection.execute(f"ALTER TABLE {_NEW} RENAME TO {table}")
    set_defaults(connection, state)


def _create_again(
    connection: "duckdb.DuckDBPyConnection", state: TableState, retyped: Mapping[str, tuple[str, str]]
) -> None:
    """Replace the table by a converted copy of itself, with its comments, defaults and indexes."""
    replace_by_query(
        connection, state, f"SELECT {converted_columns(state, retyped)} FROM {identifier(state.name)}"
    )
    for index in state.indexes:
        connection.execute(index.sql)


def replace_by_query(connection: "duckdb.DuckDBPyConnection", state: TableState, query: str) -> None:
    """Replace the table by a query's rows of the same columns, with its comments and defaults, without indexes."""
    table, comment = identifier(state.name), table_comment(connection, state.name)
    connection.execute(f"CREATE OR REPLACE TABLE {table} AS {query}")
    if comment is not None:
        connection.execute(f"COMMENT ON TABLE {table} IS {literal(comment)}")
    for column in state.columns:
        name = identifier(column.name)
        if column.header is not None:
            connection.execute(f"COMMENT ON COLUMN {table}.{name} IS {literal(column.header)}")
    set_defaults(connection, state)


def converted_columns(state: TableState, retyped: Mapping[str, tuple[str, str]]) -> str:
    """Return SQL that selects the columns, with values of the new types."""
    names = {column.name: identifier(column.name) for column in state.columns}
    return ", ".join(
        f"{retyped[column][1] if column in retyped else name} AS {name}" for column, name in names.items()
    )


def set_defaults(connection: "duckdb.DuckDBPyConnection", state: TableState) -> None:
    """Give the table that has a table's name now that table's defaults."""
    for column in state.columns:
        if column.default is not None:
            connection.execute(
                f"ALTER TABLE {identifier(state.name)} ALTER COLUMN {identifier(column.name)} "
                f"SET DEFAULT {column.default}"
            )
