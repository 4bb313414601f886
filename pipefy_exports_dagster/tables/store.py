"""Where tables are kept: what a load, a reader and a query need of such a place, whatever it is."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pipefy_exports_dagster.config.naming import MAIN

from .creating import NewColumn
from .lake.maintaining import Maintained
from .lineage import TableLayout
from .table_state import TableState

if TYPE_CHECKING:
    import duckdb


class OpenTables(Protocol):
    """Tables that are open for writing: until this is closed, nobody else writes to the table that was named."""

    @property
    def connection(self) -> "duckdb.DuckDBPyConnection":
        """Names without a schema mean tables of the schema that was named."""

    @property
    def seconds_waiting(self) -> float:
        """How long it took until nobody else wrote."""

    def create_table(self, name: str, columns: Sequence[NewColumn], layout: TableLayout) -> None:
        """Create a table with its comments, in the caller's transaction."""

    def change_columns(
        self,
        state: TableState,
        layout: TableLayout,
        *,
        retyped: Mapping[str, tuple[str, str]],
        added: Sequence[NewColumn],
        comments: Mapping[str, str],
    ) -> None:
        """Change types and comments of columns and add new ones, in the caller's transaction.

        Args:
            retyped: New type, and SQL for the converted values, by column name.
            comments: New comments by column name.
        """

    def commit(self, said: str) -> None:
        """Commit the transaction; `said` is what it did, for stores that keep it."""

    def checkpoint(self) -> None:
        """Bring what was committed to where it stays."""

    def publish(self) -> tuple[Path | None, str | None]:
        """Give readers what was committed, where they do not have it already.

        Returns:
            The path of a copy for readers where there is one, and the problem where it could not be made.
        """


class QuerySource(Protocol):
    """What a person's own SQL is run on."""

    @property
    def forbidden_functions(self) -> frozenset[str]:
        """Functions that would write, or reach something else, although the connection only reads."""

    def connect(self, limits: Mapping[str, Any], *, may_spill: bool) -> "duckdb.DuckDBPyConnection":
        """Return a connection for untrusted SQL: it can only read, and its settings are locked.

        Args:
            limits: DuckDB's settings.
            may_spill: Whether it may write temporary files to the folder that the settings name.

        Raises:
            ConfigurationError: There is nothing to open yet.
            DatabaseLockedError: Another process writes.
            LoadFailedError: It cannot be opened.
        """


class TableStore(Protocol):
    """A place for tables. `str()` is its address, for messages."""

    @property
    def catalog(self) -> str:
        """What SQL calls it: the first part of `dagster/table_name`."""

    @property
    def folders(self) -> Mapping[str, Path]:
        """The folders of this machine that it needs, and the setting that names each."""

    @property
    def said_by(self) -> str:
        """Which settings say where it is, as the end of a message."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of this machine that hold rows, whether they are there or not."""

    @property
    def locked_files(self) -> tuple[Path, ...]:
        """The files that are there and that DuckDB locks for who writes."""

    def exists(self) -> bool:
        """Whether it was ever written to."""

    def require_usable(self) -> None:
        """Fail where a load would fail before it has begun: something else is in its place, or a library is missing."""

    def workspace(self) -> AbstractContextManager[Path]:
        """Return a scratch folder for a load; what a killed process leaves there, the next one removes."""

    def open_to_write(
        self, *, table: str, lock_timeout_s: float, schema: str = MAIN
    ) -> AbstractContextManager[OpenTables]:
        """Open it for writing to one table, waiting while somebody else writes to that; always close it.

        The schema is created if it does not exist.

        Raises:
            DatabaseLockedError: Somebody else held it until the deadline; the message names them.
            LoadFailedError: DuckDB raised an error, here or within the `with` block.
            DiskFullError: No space was left within the `with` block; nothing was committed.
        """

    def open_to_read(
        self, *, lock_timeout_s: float, schema: str = MAIN, as_load: bool = False
    ) -> AbstractContextManager["duckdb.DuckDBPyConnection"]:
        """Open it for reading, for a moment: writers may wait until it is closed. Nothing is created.

        Args:
            schema: The schema of names without one; if it does not exist, there are no tables.
            as_load: Let an error say what it would say of a load.

        Raises:
            DatabaseLockedError: Somebody else held it until the deadline; the message names them.
            StorageError: There is nothing yet, or it cannot be read.
        """

    @property
    def needs_maintenance(self) -> bool:
        """Whether `maintain` does anything."""

    def require_lake(self) -> None:
        """Fail where the tables are in no lake.

        Raises:
            ConfigurationError: They are in a DuckDB file.
        """

    def maintain(self, *, days: int, lock_timeout_s: float) -> tuple[Maintained, ...]:
        """Forget, merge and delete what is older than some days and not needed any more; return what was done.

        Raises:
            DatabaseLockedError: Somebody else wrote until the deadline; what was done before stays done.
            StorageError: There is nothing yet, or it cannot be read.
        """

    def tried(self, *, lock_timeout_s: float) -> Iterator[str]:
        """Take and free a lock, write and delete a file, and yield what works; nothing where DuckDB's file is all.

        Raises:
            PipefyExportsError: What does not.
        """

    def publish(self, *, lock_timeout_s: float) -> str | None:
        """Give readers what was committed before; return the problem, if there is one.

        Raises:
            DatabaseLockedError: Somebody else held it until the deadline.
        """

    def connect_to_read(self, *, lock_timeout_s: float) -> "duckdb.DuckDBPyConnection":
        """Return a connection for people's own queries, which they close; nothing can be changed through it.

        Raises:
            DatabaseLockedError: Somebody else held it until the deadline; the message names them.
            StorageError: There is nothing yet, or it cannot be read.
        """

    def source(self) -> QuerySource:
        """Return what holds everything that was committed, to be asked by SQL."""

    def query_sources(self) -> tuple[QuerySource, ...]:
        """Return what a person's SQL is run on: the first, or the next where another process writes to that.

        Raises:
            ConfigurationError: There is nothing yet.
        """
