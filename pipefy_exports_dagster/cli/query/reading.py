"""A connection that can only read the database, and the rows of a query over it."""

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipefy_exports_dagster.cli.paths import require_database
from pipefy_exports_dagster.cli.query.refusals import cannot_be_opened, refused
from pipefy_exports_dagster.cli.query.statements import CLOSED, Statement
from pipefy_exports_dagster.config.setting_names import DATABASE
from pipefy_exports_dagster.errors import ConfigurationError, DatabaseLockedError
from pipefy_exports_dagster.tables.database import connect_for_query
from pipefy_exports_dagster.tables.read_copy import copy_to_read

if TYPE_CHECKING:
    import duckdb

BATCH_ROWS = 2_000
_AS_TEXT = "CAST(COLUMNS(*) AS VARCHAR)"
_AS_JSON = "CAST(to_json(COLUMNS(*)) AS VARCHAR)"

Batch = list[tuple[str | None, ...]]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a query, as text; NULL is None. They are fetched as they are read."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    batches: Iterator[Batch]


class ReadOnlyDatabase:
    """A database that is open to be read, and closed to everything else: no statement can write, not even to it.

    DuckDB itself would leave the database's own file and its write-ahead log open to `COPY`, to profiles and to logs,
    though the database is attached read-only. So local files are closed once it is attached.
    """

    def __init__(self, path: Path, *, folder: str, max_memory: int | None) -> None:
        """Open it.

        Args:
            path: The database.
            folder: For what a large query cannot keep in memory; the one beside the database may not be ours to write.
            max_memory: Bytes that DuckDB may take, or None for four fifths of what the machine has.
        """
        self._path, self._folder, self._max_memory = path, folder, max_memory
        self.connection = self._connect(may_spill=False)

    def let_spill(self) -> None:
        """Open it again, so that DuckDB can write to the folder. Its own file is then open to it as well."""
        self.connection.close()
        self.connection = self._connect(may_spill=True)

    def _connect(self, *, may_spill: bool) -> "duckdb.DuckDBPyConnection":
        import duckdb

        limits: dict[str, object] = {
            **CLOSED,
            "lock_configuration": False,
            "temp_directory": self._folder if may_spill else "",
        }
        if self._max_memory is not None:
            limits["memory_limit"] = f"{self._max_memory}B"
        try:
            return connect_for_query(self._path, limits, files_closed=not may_spill)
        except duckdb.Error as error:
            raise cannot_be_opened(error, self._path) from None


@contextmanager
def opened_configured(
    database: Path, *, read_copy: bool, on_note: Callable[[str], None], max_memory: int | None = None
) -> Iterator[ReadOnlyDatabase]:
    """Open the read copy, which no query can keep a load waiting with, or the database where that is newer.

    Args:
        database: The configured one.
        read_copy: Whether copies are published.
        on_note: Hears that the copy had to be taken although the database is newer.
        max_memory: Bytes that DuckDB may take, or None for four fifths of what the machine has.

    Raises:
        ConfigurationError: There is no database yet.
        DatabaseLockedError: Another process writes to it, and there is no copy.
        LoadFailedError: It cannot be opened.
    """
    if not database.exists():
        raise ConfigurationError(
            f"there is no database at {database} yet: materialize a partition first, or set {DATABASE}"
        )
    copy, is_current = copy_to_read(database, published=read_copy)
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(
                opened_for_reading(copy if copy and is_current else database, max_memory=max_memory)
            )
        except DatabaseLockedError as error:
            if not copy:
                raise
            on_note(
                f"process {error.holder_pid} is writing to {database}; this is its read copy, from before"
            )
            opened = stack.enter_context(opened_for_reading(copy, max_memory=max_memory))
        yield opened


@contextmanager
def opened_for_reading(path: Path, *, max_memory: int | None = None) -> Iterator[ReadOnlyDatabase]:
    """Open a database so that nothing can be written, and no file but it be read.

    Raises:
        ConfigurationError: There is no such file, or it is no database.
        DatabaseLockedError: Another process writes to it.
        LoadFailedError: It cannot be opened, for example since a newer DuckDB has written it.
    """
    if not path.exists():
        raise ConfigurationError(f"there is no database at {path}")
    require_database(path)
    with tempfile.TemporaryDirectory(prefix="pipefy-exports-query-") as folder:
        opened = ReadOnlyDatabase(path, folder=folder, max_memory=max_memory)
        try:
            yield opened
        finally:
            opened.connection.close()


def run_query(opened: ReadOnlyDatabase, statement: Statement, *, as_json: bool) -> Rows:
    """Run one statement that reads, and return its rows.

    What needs more than memory before its first row, such as a sort, is run again with a folder for the rest.

    Args:
        as_json: Give each value as JSON instead of as DuckDB shows it.

    Raises:
        QueryRefusedError: DuckDB refuses it.
    """
    import duckdb

    try:
        return _run(opened, statement, as_json=as_json)
    except (duckdb.Error, UnicodeDecodeError) as error:
        if not (isinstance(error, duckdb.OutOfMemoryException) and statement.is_read_whole):
            raise refused(error) from None
    opened.let_spill()
    try:
        return _run(opened, statement, as_json=as_json)
    except (duckdb.Error, UnicodeDecodeError) as error:
        raise refused(error) from None


def _run(opened: ReadOnlyDatabase, statement: Statement, *, as_json: bool) -> Rows:
    connection = opened.connection
    # Values become text within DuckDB: as its own clients show them, and without what Python lacks for some types.
    relation = connection.sql(statement.sql)
    shown = relation.project(_AS_JSON if as_json else _AS_TEXT)
    first = _fetch(connection, shown)
    return Rows(tuple(shown.columns), tuple(map(str, relation.types)), _batches(connection, shown, first))


def _batches(
    connection: "duckdb.DuckDBPyConnection", shown: "duckdb.DuckDBPyRelation", batch: Batch
) -> Iterator[Batch]:
    import duckdb

    while batch:
        yield batch
        try:
            batch = _fetch(connection, shown)
        except (duckdb.Error, UnicodeDecodeError) as error:
            raise refused(error) from None


def _fetch(connection: "duckdb.DuckDBPyConnection", shown: "duckdb.DuckDBPyRelation") -> Batch:
    """Fetch the next rows, in a thread: while DuckDB looks for them, it hears no signal (tried, 1.5)."""
    with ThreadPoolExecutor(1) as thread:
        fetching = thread.submit(shown.fetchmany, BATCH_ROWS)
        try:
            return fetching.result()
        except BaseException:
            connection.interrupt()
            raise
