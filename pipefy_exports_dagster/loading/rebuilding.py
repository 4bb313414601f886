from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipefy_exports_dagster.sql import identifier, literal

from .table_state import TableState

if TYPE_CHECKING:
    import duckdb


def retype_columns(
    connection: "duckdb.DuckDBPyConnection", state: TableState, retyped: Mapping[str, tuple[str, str]]
) -> None:
    """Change the types of existing columns, within the caller's transaction, and keep the table's indexes.

    An index on the table blocks ALTER TYPE, and dropping it first helps only sometimes (tried with DuckDB 1.5.5:
    not for the indexed column itself, and a unique index cannot be created again under its name in the same
    transaction). A table with an index is therefore made anew.

    Args:
        retyped: New type, and SQL for the converted values, by column name.
    """
    if state.indexes:
        _make_anew(connection, state, retyped)
        return
    for name, (type_, conversion) in retyped.items():
        connection.execute(
            f"ALTER TABLE {identifier(state.name)} ALTER COLUMN {identifier(name)} TYPE {type_} USING {conversion}"
        )


def _make_anew(
    connection: "duckdb.DuckDBPyConnection", state: TableState, retyped: Mapping[str, tuple[str, str]]
) -> None:
    """Replace the table by a converted copy of itself, with its comments, defaults and indexes."""
    table = identifier(state.name)
    selected = ", ".join(
        f"{retyped[column.name][1]} AS {identifier(column.name)}"
        if column.name in retyped
        else identifier(column.name)
        for column in state.columns
    )
    connection.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT {selected} FROM {table}")
    if state.comment is not None:
        connection.execute(f"COMMENT ON TABLE {table} IS {literal(state.comment)}")
    for column in state.columns:
        name = identifier(column.name)
        if column.header is not None:
            connection.execute(f"COMMENT ON COLUMN {table}.{name} IS {literal(column.header)}")
        if column.default is not None:
            connection.execute(f"ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT {column.default}")
    for sql in state.indexes:
        connection.execute(sql)
