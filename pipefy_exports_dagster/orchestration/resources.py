"""What assets need from outside: Pipefy, and the database. Neither is touched before a run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import dagster as dg
from pydantic import Field

from pipefy_exports_dagster.config.descriptions import descriptions
from pipefy_exports_dagster.config.model import Connection, PipefyExportsConfig
from pipefy_exports_dagster.config.naming import schema_and_table
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.orchestration.definition_names import (
    DATABASE_RESOURCE,
    PIPEFY_RESOURCE,
    TABLES_RESOURCE,
)
from pipefy_exports_dagster.orchestration.milestones import OnMilestone
from pipefy_exports_dagster.orchestration.pipefy_tables import PipefyTables
from pipefy_exports_dagster.orchestration.table_place import SAYS_OF_ALL, ResourceOfTables
from pipefy_exports_dagster.reading.staged import StagedTable
from pipefy_exports_dagster.tables import LoadReport, Slice, load_file
from pipefy_exports_dagster.tables.store import TableStore

if TYPE_CHECKING:
    import duckdb

    from pipefy_exports_dagster.pipefy.client import PipefyClient

SAYS = descriptions(Connection)


class PipefyResource(dg.ConfigurableResource):
    """Pipefy's API: a `Connection` that can be seen, and changed, in Dagster.

    Credentials are named here and read from the environment when a run starts.
    """

    base_url: str = Field(description=SAYS["base_url"])
    token_env: str = Field(description=SAYS["token_env"])
    client_id_env: str = Field(description=SAYS["client_id_env"])
    client_secret_env: str = Field(description=SAYS["client_secret_env"])
    allow_insecure_urls: bool = Field(description=SAYS["allow_insecure_urls"])
    download_hosts: list[str] = Field(description=SAYS["download_hosts"])
    request_timeout_s: float = Field(description=SAYS["request_timeout_s"])
    max_answer_bytes: int = Field(description=SAYS["max_answer_bytes"])
    max_download_bytes: int = Field(description=SAYS["max_download_bytes"])
    download_timeout_s: float = Field(description=SAYS["download_timeout_s"])

    @classmethod
    def of(cls, connection: Connection) -> Self:
        """Return the resource for a connection."""
        return cls(**asdict(connection) | {"download_hosts": list(connection.download_hosts)})

    @property
    def connection(self) -> Connection:
        """The same facts, as the client takes them."""
        return Connection(**{field.name: getattr(self, field.name) for field in fields(Connection)})

    def client(self) -> "PipefyClient":
        """Return a new client with the credentials that the environment holds now.

        Raises:
            ConfigurationError: There are none, or the base URL cannot be used.
        """
        from pipefy_exports_dagster.pipefy.client import PipefyClient  # imports httpx

        return PipefyClient.from_environment(self.connection)


class ExportDatabaseResource(ResourceOfTables):
    """The DuckDB file, or the lake, that holds the tables. Opened for the moment of a load only."""

    path: str = Field(description=SAYS_OF_ALL["database"])
    lock_timeout_s: float = Field(description=SAYS_OF_ALL["database_lock_timeout_s"])

    @property
    def name(self) -> str:
        """The database's name in SQL: the file's stem, or `lake`."""
        return self._store.catalog

    def load(
        self,
        file: Path,
        *,
        asset: str,
        slice_: Slice,
        options: ReadOptions,
        on_milestone: OnMilestone,
        on_staged: Callable[[StagedTable], None],
    ) -> LoadReport:
        """Load a file into its slice of an asset's table.

        Raises:
            UnreadableFileError: The file is no table.
            ReadLimitError: It passed a limit of the configuration.
            ValueDoesNotFitError: A value does not fit a pinned type.
            SupersededExportError: The slice holds a newer export.
            DatabaseLockedError: Another process held the database until the deadline.
            LoadFailedError: DuckDB refused; nothing was changed.
            DiskFullError: No space was left; nothing was changed.
        """
        schema, table = schema_and_table(asset)
        return load_file(
            file,
            database=self._store,
            schema=schema,
            table=table,
            slice_=slice_,
            options=options,
            lock_timeout_s=self.lock_timeout_s,
            on_milestone=on_milestone,
            on_staged=on_staged,
        )

    @contextmanager
    def reading(self, *, longest_wait_s: float) -> Iterator["duckdb.DuckDBPyConnection"]:
        """Open the database to read it, for a moment: writers wait until it is closed.

        Raises:
            DatabaseLockedError: Another process held it for `longest_wait_s`, or the time that loads wait.
            StorageError: It cannot be opened or read.
        """
        with self._store.open_to_read(lock_timeout_s=min(self.lock_timeout_s, longest_wait_s)) as connection:
            yield connection

    @property
    def _store(self) -> TableStore:
        return self.store(Path(self.path))


@dataclass(frozen=True, slots=True)
class ResourceKeys:
    """Under which names a configuration's resources are in `Definitions`, beside those of others."""

    pipefy: str
    database: str

    @classmethod
    def of(cls, config: PipefyExportsConfig) -> Self:
        """Return the names for a configuration."""
        return cls(config.definition_name(PIPEFY_RESOURCE), config.definition_name(DATABASE_RESOURCE))

    @property
    def all(self) -> set[str]:
        """Both."""
        return {self.pipefy, self.database}

    def pipefy_of(self, resources: Any) -> PipefyResource:
        """Return Pipefy from what Dagster gives a run or a sensor."""
        pipefy: PipefyResource = getattr(resources, self.pipefy)
        return pipefy

    def database_of(self, resources: Any) -> ExportDatabaseResource:
        """Return the database from what Dagster gives a run."""
        database: ExportDatabaseResource = getattr(resources, self.database)
        return database


def resources_of(config: PipefyExportsConfig) -> dict[str, dg.ConfigurableResource]:
    """Return the resources of a configuration, by their names."""
    keys = ResourceKeys.of(config)
    return {
        keys.pipefy: pipefy_resource(config),
        keys.database: database_resource(config),
        config.definition_name(TABLES_RESOURCE): PipefyTables.of(config),
    }


def pipefy_resource(config: PipefyExportsConfig) -> PipefyResource:
    """Return the resource for a configuration."""
    return PipefyResource.of(config.connection)


def database_resource(config: PipefyExportsConfig) -> ExportDatabaseResource:
    """Return the resource for a configuration."""
    return ExportDatabaseResource(
        path=str(config.database_path),
        lock_timeout_s=config.database_lock_timeout_s,
        **ResourceOfTables.place_of(config),
    )
