"""Tables in a lake: opened for a load, for readers, and for a person's SQL."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipefy_exports_dagster.config.naming import MAIN
from pipefy_exports_dagster.config.setting_names import LAKE_CATALOG, LAKE_DATA_PATH
from pipefy_exports_dagster.config.stores import Lake
from pipefy_exports_dagster.errors import (
    ConfigurationError,
    LoadFailedError,
    PipefyExportsError,
    StorageError,
)
from pipefy_exports_dagster.files.private import make_folder
from pipefy_exports_dagster.tables.lake.catalogs import Catalog, FileCatalog, catalog_of
from pipefy_exports_dagster.tables.lake.extensions import connect_with_extensions, require_extensions
from pipefy_exports_dagster.tables.lake.forbidden import FORBIDDEN
from pipefy_exports_dagster.tables.lake.lake_errors import lake_error
from pipefy_exports_dagster.tables.lake.maintaining import (
    Maintained,
    delete_files,
    forget_snapshots,
    lake_tables_named,
    merge_files,
)
from pipefy_exports_dagster.tables.lake.names import ATTACHING, LAKE
from pipefy_exports_dagster.tables.lake.object_store import IN_STORE, create_store_secret
from pipefy_exports_dagster.tables.lake.open_lake import OpenLake
from pipefy_exports_dagster.tables.lake.trial import write_and_delete
from pipefy_exports_dagster.tables.lake.waiting import Waiting
from pipefy_exports_dagster.tables.schemas import uses_schema
from pipefy_exports_dagster.tables.workspace import workspace
from pipefy_exports_dagster.text.sql import identifier, literal

if TYPE_CHECKING:
    import duckdb


def lake_tables(lake: Lake, *, scratch: Path) -> "LakeTables":
    """Return the tables of a configured lake. No credentials are read, and nothing is opened.

    Args:
        lake: Where it is.
        scratch: A folder of this machine, beside which loads keep their scratch files.
    """
    return LakeTables(catalog_of(lake), lake.data_path, scratch)


@dataclass(frozen=True, slots=True)
class LakeTables:
    """The tables of a lake.

    Who writes to a table holds its lock from before BEGIN until after COMMIT: without it most of eight loads of one
    table at once fail, and two first loads of a slice both succeed (tried with DuckLake 1.0).

    Args:
        catalog_at: Where the catalog is.
        data_path: The folder, or the bucket with a prefix, of the tables' files.
        scratch: A folder of this machine.
    """

    catalog_at: Catalog
    data_path: str
    scratch: Path

    def __str__(self) -> str:
        return f"{self.data_path} (catalog: {self.catalog_at})"

    @property
    def catalog(self) -> str:
        return LAKE

    @property
    def folders(self) -> Mapping[str, Path]:
        folders = {} if self._in_store else {LAKE_DATA_PATH: Path(self.data_path)}
        if isinstance(self.catalog_at, FileCatalog):
            folders[LAKE_CATALOG] = self.catalog_at.path.parent
        return folders

    @property
    def said_by(self) -> str:
        return f"{LAKE_DATA_PATH} and {LAKE_CATALOG} say where it is"

    @property
    def locked_files(self) -> tuple[Path, ...]:
        return tuple(path for path in self.files if path.is_file())

    @property
    def files(self) -> tuple[Path, ...]:
        return (self.catalog_at.path,) if isinstance(self.catalog_at, FileCatalog) else ()

    def exists(self) -> bool:
        return self.catalog_at.exists()

    def require_usable(self) -> None:
        require_extensions(self._extensions)

    def workspace(self) -> AbstractContextManager[Path]:
        return workspace(self.scratch / LAKE)

    @contextmanager
    def open_to_write(self, *, table: str, lock_timeout_s: float, schema: str = MAIN) -> Iterator[OpenLake]:
        waiting = Waiting(lock_timeout_s)
        with self._errors_of_a_load(), ExitStack() as stack:
            connection = stack.enter_context(self._connected())
            self.catalog_at.prepare()
            if not self._in_store:
                make_folder(Path(self.data_path))
            with waiting.for_lock(self.catalog_at, ATTACHING):
                waiting.until_free(lambda: self._attach(connection, read_only=False), self)
                self.catalog_at.settle()
                if schema != MAIN:
                    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {LAKE}.{identifier(schema)}")
            connection.execute(f"USE {LAKE}.{identifier(schema)}")
            still_held = stack.enter_context(waiting.for_lock(self.catalog_at, _lock_of(schema, table)))
            yield OpenLake(connection, waiting.seconds, still_held)

    @contextmanager
    def open_to_read(
        self, *, lock_timeout_s: float, schema: str = MAIN, as_load: bool = False
    ) -> Iterator["duckdb.DuckDBPyConnection"]:
        import duckdb

        with self._errors_of_a_load() if as_load else self._errors_of_reading(), ExitStack() as stack:
            connection = stack.enter_context(self._read_only(lock_timeout_s))
            if not uses_schema(connection, schema):
                connection = stack.enter_context(duckdb.connect())
            yield connection

    @property
    def needs_maintenance(self) -> bool:
        return True

    def require_lake(self) -> None:
        """It is one."""

    def maintain(self, *, days: int, lock_timeout_s: float) -> tuple[Maintained, ...]:
        done: list[Maintained] = []
        with self.attached(lock_timeout_s=lock_timeout_s) as connection:
            done.append(forget_snapshots(connection, LAKE, days))
            for schema, table in lake_tables_named(connection, LAKE):
                with Waiting(lock_timeout_s).for_lock(self.catalog_at, _lock_of(schema, table)):
                    done += merge_files(connection, LAKE, schema, table)
            done += delete_files(connection, LAKE, days)
        return tuple(done)

    def tried(self, *, lock_timeout_s: float) -> Iterator[str]:
        works, waiting = [], Waiting(lock_timeout_s)
        with self._errors_of_reading(), self._connected() as connection:
            # Nothing is made for it: no catalog, and no folder.
            is_there = self.exists()
            if is_there or not self.files:
                self.catalog_at.prepare()
                with waiting.for_lock(self.catalog_at, ATTACHING) as still_held:
                    if is_there:
                        waiting.until_free(lambda: self._attach(connection, read_only=False), self)
                    still_held()
                works.append("a lock was taken and freed")
            if self._in_store or Path(self.data_path).is_dir():
                write_and_delete(connection, self.data_path, self)
                works.append("a file was written, read and deleted")
        if works:
            yield f"{self}: {'; '.join(works)}"

    def publish(self, *, lock_timeout_s: float) -> str | None:  # noqa: ARG002 - readers see each snapshot
        return None

    def connect_to_read(self, *, lock_timeout_s: float) -> "duckdb.DuckDBPyConnection":
        with self._errors_of_reading():
            return self._read_only(lock_timeout_s)

    def source(self) -> "QueriedLake":
        return QueriedLake(self)

    def query_sources(self) -> tuple["QueriedLake", ...]:
        with self._errors_of_reading():
            if not self.exists():
                raise ConfigurationError(f"there is no lake at {self} yet: materialize a partition first")
        return (self.source(),)

    def connect_for_query(self, limits: Mapping[str, Any]) -> "duckdb.DuckDBPyConnection":
        """Return a connection for untrusted SQL, which reaches the lake's files, and no others."""
        # Extensions are loaded and the lake is attached first: both are external access.
        given = {name: value for name, value in limits.items() if name != "enable_external_access"}
        with self._errors_of_reading(), ExitStack() as stack:
            connection = self._read_only(0.0, given)
            stack.callback(connection.close)
            connection.execute(f"SET allowed_directories = [{literal(f'{self.data_path}/')}]")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            stack.pop_all()
            return connection

    @contextmanager
    def attached(self, *, lock_timeout_s: float) -> Iterator["duckdb.DuckDBPyConnection"]:
        """Attach an existing lake for what is no load: its maintenance. Its errors are those of reading."""
        waiting = Waiting(lock_timeout_s)
        with self._errors_of_reading(), self._connected() as connection:
            if not self.exists():
                raise StorageError(f"there is no lake at {self} yet: materialize a partition first")
            with waiting.for_lock(self.catalog_at, ATTACHING):
                waiting.until_free(lambda: self._attach(connection, read_only=False), self)
            connection.execute(f"USE {LAKE}.{MAIN}")
            yield connection

    def _read_only(
        self, lock_timeout_s: float, config: Mapping[str, Any] | None = None
    ) -> "duckdb.DuckDBPyConnection":
        connection = self._connected(config)
        try:
            Waiting(lock_timeout_s).until_free(lambda: self._attach(connection, read_only=True), self)
            connection.execute(f"USE {LAKE}.{MAIN}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _connected(self, config: Mapping[str, Any] | None = None) -> "duckdb.DuckDBPyConnection":
        connection = connect_with_extensions(self._extensions, config)
        try:
            if self._in_store:
                create_store_secret(connection, self.data_path)
            connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        except BaseException:
            connection.close()
            raise
        return connection

    def _attach(self, connection: "duckdb.DuckDBPyConnection", *, read_only: bool) -> None:
        options = {
            "DATA_PATH": literal(self.data_path),
            # A table that has inlined rows cannot be changed in the same transaction.
            "DATA_INLINING_ROW_LIMIT": "0",
            **self.catalog_at.options(),
        }
        listed = ", ".join(f"{name} {value}" for name, value in options.items())
        uri = literal(self.catalog_at.uri(connection))
        connection.execute(f"ATTACH {uri} AS {LAKE} ({listed}{', READ_ONLY' if read_only else ''})")

    @property
    def _in_store(self) -> bool:
        return self.data_path.startswith(IN_STORE)

    @property
    def _extensions(self) -> tuple[str, ...]:
        return (*self.catalog_at.extensions, *(("httpfs",) if self._in_store else ()))

    def _errors_of_a_load(self) -> AbstractContextManager[None]:
        return self._errors(LoadFailedError, "nothing was changed")

    def _errors_of_reading(self) -> AbstractContextManager[None]:
        return self._errors(StorageError)

    @contextmanager
    def _errors(self, otherwise: type[LoadFailedError | StorageError], undone: str = "") -> Iterator[None]:
        import duckdb

        try:
            yield
        except PipefyExportsError:
            raise
        except (duckdb.Error, OSError) as error:
            raise lake_error(error, self, otherwise=otherwise, undone=undone) from None


@dataclass(frozen=True, slots=True)
class QueriedLake:
    """A lake that a person's SQL is run on: it reads the lake's files and its catalog, and nothing else."""

    tables: LakeTables

    @property
    def forbidden_functions(self) -> frozenset[str]:
        return FORBIDDEN

    def connect(
        self,
        limits: Mapping[str, Any],
        *,
        may_spill: bool,  # noqa: ARG002 - the folder for it is in the limits
    ) -> "duckdb.DuckDBPyConnection":
        return self.tables.connect_for_query(limits)


def _lock_of(schema: str, table: str) -> str:
    return f"{schema}.{table}".lower()
