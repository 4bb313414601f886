from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipefy_exports_dagster.errors import LoadFailedError
from pipefy_exports_dagster.text.sql import literal

from .lineage import LINEAGE, is_lineage

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of the table; `header` is its COMMENT, which holds the original header."""

    name: str
    type: str
    header: str | None
    default: str | None


@dataclass(frozen=True, slots=True)
class TableIndex:
    """An index that a user created: `sql` creates it, and `expressions` are its columns and expressions, as SQL."""

    name: str
    is_unique: bool
    sql: str
    expressions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableState:
    """The current state of a table; no columns if it does not exist."""

    name: str
    columns: tuple[TableColumn, ...]
    indexes: tuple[TableIndex, ...]

    @property
    def exists(self) -> bool:
        return bool(self.columns)

    def column(self, name: str) -> TableColumn | None:
        """Find a column; names in DuckDB are not case-sensitive."""
        return next((column for column in self.columns if column.name.lower() == name.lower()), None)

    def names_by_header(self) -> dict[str, list[str]]:
        """List the names of the columns that came from files, by their original header."""
        known: dict[str, list[str]] = {}
        for column in self.columns:
            if column.header is not None and not is_lineage(column.name):
                known.setdefault(column.header, []).append(column.name)
        return known


_HERE = "database_name = current_database() AND schema_name = current_schema()"
_OF_TABLE = _HERE + " AND lower(table_name) = lower({table})"


def table_comment(connection: "duckdb.DuckDBPyConnection", table: str) -> str | None:
    """Read the comment of a table. In a lake this takes milliseconds for each table that it has, so no load does."""
    of_table = _OF_TABLE.format(table=literal(table))
    found = connection.execute(f"SELECT comment FROM duckdb_tables() WHERE {of_table}").fetchone()
    return found[0] if found else None


def table_state(connection: "duckdb.DuckDBPyConnection", table: str) -> TableState:
    """Read the columns and indexes of a table.

    Raises:
        LoadFailedError: The name is that of a view, or of a table that this package did not create.
    """
    # Literals, because a parameter makes DuckDB's client import pandas: half a second while the database is locked.
    of_table = _OF_TABLE.format(table=literal(table))
    is_view = f"SELECT 1 FROM duckdb_views() WHERE {_HERE} AND lower(view_name) = lower({literal(table)})"
    if connection.execute(is_view).fetchone():
        raise LoadFailedError(f"{table!r} is a view in this database, not a table; load into another name")
    columns = connection.execute(
        "SELECT column_name, data_type, comment, nullif(column_default, 'NULL') FROM duckdb_columns() "
        f"WHERE {of_table} ORDER BY column_index"
    ).fetchall()
    indexes = connection.execute(
        "SELECT index_name, is_unique, sql, expressions::VARCHAR[] FROM duckdb_indexes() "
        f"WHERE {of_table} AND sql IS NOT NULL"
    ).fetchall()
    state = TableState(
        name=table,
        columns=tuple(TableColumn(*column) for column in columns),
        indexes=tuple(TableIndex(name, unique, sql, tuple(over)) for name, unique, sql, over in indexes),
    )
    missing = [name for name in LINEAGE if state.column(name) is None]
    if state.exists and missing:
        raise LoadFailedError(
            f"table {table!r} was not made by this package: it has no {', '.join(missing)}; load into another name"
        )
    return state
