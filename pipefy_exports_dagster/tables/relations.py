"""One slice or month of a table as a DuckDB relation."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.text.sql import identifier, literal

if TYPE_CHECKING:
    import duckdb

PERIOD_COLUMN, MONTH_COLUMN = "_period_filter", "_month"


@dataclass(frozen=True, slots=True)
class TablePart:
    """Which rows of a table: those of an organization in one partition.

    Args:
        schema: The table's schema.
        table: The table.
        organization_id: Pipefy's id of the organization; a table may hold several.
        column: The partition's column, `_period_filter` or `_month`.
        value: The partition in that column.
    """

    schema: str
    table: str
    organization_id: str
    column: str
    value: str

    def of(self, connection: "duckdb.DuckDBPyConnection") -> "duckdb.DuckDBPyRelation":
        """Return the rows, which DuckDB reads when they are asked for. The relation keeps the connection open.

        Raises:
            ConfigurationError: There is no such table, or it has no such partitions.
        """
        self._check(connection)
        return connection.sql(
            f"FROM {identifier(self.schema)}.{identifier(self.table)} "
            f"WHERE {partition_expression(self.organization_id, self.column)} = {literal(self.value)}"
        )

    def _check(self, connection: "duckdb.DuckDBPyConnection") -> None:
        same_schema = f"lower(schema_name) = lower({literal(self.schema)})"
        of_table = f"{same_schema} AND lower(table_name) = lower({literal(self.table)})"
        found = connection.execute(
            f"SELECT column_name FROM duckdb_columns() WHERE database_name = current_database() AND {of_table}"
        )
        columns = {name for (name,) in found.fetchall()}
        if not columns:
            raise ConfigurationError(
                f"there is no table {self.schema}.{self.table}: materialize the asset first, or name another"
            )
        if self.column not in columns or (self.column == PERIOD_COLUMN and MONTH_COLUMN in columns):
            raise ConfigurationError(
                f"{self.schema}.{self.table} is a history, whose partitions are months: use `month`"
                if MONTH_COLUMN in columns
                else f"{self.schema}.{self.table} has no months: use `slice`, or the export's history"
            )


def partition_expression(organization_id: str, column: str) -> str:
    """Return what is a row's partition in SQL if the row is of an organization, else NULL."""
    return f"CASE WHEN _organization_id = {literal(organization_id)} THEN {column} END"
