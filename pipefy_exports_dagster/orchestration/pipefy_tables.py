"""The tables for assets that stand after ours: a resource, and what IO managers read in an asset's metadata."""

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Optional, Self

import dagster as dg
from pydantic import Field

from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.naming import schema_and_table
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.exports import ConfiguredExport
from pipefy_exports_dagster.orchestration.events import TABLE_NAME
from pipefy_exports_dagster.orchestration.table_place import ResourceOfTables
from pipefy_exports_dagster.periods import PeriodFilter
from pipefy_exports_dagster.pipefy.organization import require_organization_id
from pipefy_exports_dagster.tables.relations import (
    MONTH_COLUMN,
    PERIOD_COLUMN,
    TablePart,
    partition_expression,
)
from pipefy_exports_dagster.tables.stores import table_store
from pipefy_exports_dagster.text.sql import identifier

if TYPE_CHECKING:
    import duckdb

PARTITION_EXPR, SCHEMA = "partition_expr", "schema"
"""Where Dagster's IO managers of databases look for a partition's rows, and for the table."""


class PipefyTables(ResourceOfTables):
    """The tables, to be read by assets that stand after ours: `connection()`, `slice(...)`, `month(...)`.

    It reads the read copy, where one is published, so that no load waits for a reader. Where the copy is behind the
    database, or there is none, it reads the database, and loads wait until connection or relation is gone. Of a lake
    it reads a snapshot, and no load waits, unless the catalog is a DuckDB file. Each configuration brings one,
    named `pipefy_tables` (with a key prefix `acme__pipefy_tables`); another code location makes it from the
    database's path, or from where the lake is.
    """

    # `Optional[...]`: Dagster's config does not read `X | None`.
    database: Optional[str] = Field(  # noqa: UP045
        default=None,
        description="The DuckDB file that holds the tables, absolute; not its copy for readers",
    )
    organization_id: Optional[str] = Field(  # noqa: UP045
        default=None, description="Pipefy's id of the organization whose rows `slice` and `month` give"
    )
    read_copy: bool = Field(default=True, description="Read the copy for readers, where there is one")
    lock_timeout_s: float = Field(
        default=300, description="How long to wait, where there is no copy, for a load that holds the file"
    )

    @classmethod
    def of(cls, config: PipefyExportsConfig) -> Self:
        """Return the resource for a configuration."""
        return cls(
            database=str(config.database_path),
            organization_id=config.organization_id,
            lock_timeout_s=config.database_lock_timeout_s,
            **cls.place_of(config),
        )

    def connection(self) -> "duckdb.DuckDBPyConnection":
        """Return a new DuckDB connection that can read the tables and change none. Close it, or use `with`.

        Tables are named as in the database: `automation_jobs_export`, with a key prefix `acme.automation_jobs_export`.

        Raises:
            ConfigurationError: The resource names no database.
            StorageError: There is no database yet, or DuckDB cannot read it.
            DatabaseLockedError: There is no read copy, and another process held the database for `lock_timeout_s`.
        """
        if not self.database and not self.lake:
            raise ConfigurationError("`PipefyTables` has neither `database` nor `lake`; give one")
        return self.store(Path(self.database or ".")).connect_to_read(lock_timeout_s=self.lock_timeout_s)

    def slice(self, asset: "str | Sequence[str] | dg.AssetKey", partition: str) -> "duckdb.DuckDBPyRelation":
        """Return the organization's rows of one partition of an export, as a DuckDB relation.

        `.df()` makes a pandas.DataFrame of it, `.pl()` one of polars, `.arrow()` Arrow's reader of batches;
        `.filter(...)`, `.aggregate(...)` and the like go on in DuckDB. Without rows there is a warning: the slice was
        not loaded, or is empty.

        Args:
            asset: The asset's key; as text `acme/automation_jobs_export`, as the UI writes it.
            partition: `last_month`, `current_month` or `last_3_months`.

        Raises:
            ConfigurationError: No such table or partition, or the resource has no `organization_id`.
            StorageError: There is no database yet, or DuckDB cannot read it.
            DatabaseLockedError: There is no read copy, and another process held the database for `lock_timeout_s`.
        """
        if partition not in set(PeriodFilter):
            known = ", ".join(repr(period.value) for period in PeriodFilter)
            raise ConfigurationError(f"there is no partition {partition!r}; there are {known}")
        return self._part(asset, PERIOD_COLUMN, partition, partition)

    def month(
        self, asset: "str | Sequence[str] | dg.AssetKey", month: str | date
    ) -> "duckdb.DuckDBPyRelation":
        """Return the organization's rows of one calendar month of a history, as a DuckDB relation.

        Args:
            asset: The history's key, such as `automation_jobs_history`.
            month: The partition, `2026-10`, or any day of the month, also as text.

        Raises:
            ConfigurationError: No such table, or no month, or the resource has no `organization_id`.
            StorageError: There is no database yet, or DuckDB cannot read it.
            DatabaseLockedError: There is no read copy, and another process held the database for `lock_timeout_s`.
        """
        first = _first_day(month)
        return self._part(asset, MONTH_COLUMN, first.isoformat(), f"{first:%Y-%m}")

    def _part(
        self, asset: "str | Sequence[str] | dg.AssetKey", column: str, value: str, partition: str
    ) -> "duckdb.DuckDBPyRelation":
        name = asset if isinstance(asset, str) else dg.AssetKey.from_coercible(asset).to_user_string()
        organization_id = require_organization_id(self.organization_id)
        part = TablePart(*schema_and_table(name), organization_id, column, value)
        connection = self.connection()
        try:
            rows = part.of(connection)
            is_empty = rows.limit(1).fetchone() is None
        except BaseException:
            connection.close()
            raise
        if is_empty:
            dg.get_dagster_logger().warning(
                f"{name} has no rows of organization {organization_id} in {partition!r}: it was not loaded, or its "
                "file had none"
            )
        return rows


def table_metadata(export: ConfiguredExport, table: str, column: str) -> dict[str, str]:
    """Return an asset's metadata about its table: its name, and what Dagster's IO managers of DuckDB look for.

    Without an organization nothing is said of the partitions: rows of all organizations would be one's.
    """
    metadata = {
        TABLE_NAME: f"{table_store(export.config).catalog}.{export.schema}.{table}",
        # IO managers write it into SQL as it is; without it they take `public`, or a part of the key prefix.
        SCHEMA: identifier(export.schema),
    }
    if organization_id := export.config.organization_id:
        metadata[PARTITION_EXPR] = partition_expression(organization_id, column)
    return metadata


def _first_day(month: str | date) -> date:
    if isinstance(month, date):
        return date(month.year, month.month, 1)
    try:
        return date.fromisoformat(
            f"{month}-01" if re.fullmatch(r"[0-9]{4}-[0-9]{2}", month) else month
        ).replace(day=1)
    except ValueError:
        raise ConfigurationError(f"there is no month {month!r}; write it as '2026-10'") from None
