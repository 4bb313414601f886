"""A connection that can only read the database, and the rows of a query over it."""

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipefy_exports_dagster.cli.query.refusals import refused
from pipefy_exports_dagster.cli.query.statements import CLOSED, Statement
from pipefy_exports_dagster.errors import DatabaseLockedError
from pipefy_exports_dagster.tables.database_file import QueriedFile
from pipefy_exports_dagster.tables.store import QuerySource, TableStore

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
    """Tables that are open to be read, and closed to everything else: no statement can write, not even to them."""

    def __init__(self, source: QuerySource, *, folder: str, max_memory: int | None) -> None:
        """Open them.

        Args:
            source: What is opened.
            folder: For what a large query cannot keep in memory; the one beside a database may not be ours to write.
            max_memory: Bytes that DuckDB may take, or None for four fifths of what the machine has.
        """
        self._source, self._folder, self._max_memory = source, folder, max_memory
        self.connection = self._connect(may_spill=False)

    def let_spill(self) -> None:
        """Open them again, so that DuckDB can write to the folder."""
        self.connection.close()
        self.connection = self._connect(may_spill=True)

    def require_allowed(self, statement: Statement) -> None:
        """Refuse a statement that would do more than read these tables.

        Raises:
            QueryRefusedError: It calls a function that does.
        """
        statement.refuse_functions(self._source.forbidden_functions)

    def _connect(self, *, may_spill: bool) -> "duckdb.DuckDBPyConnection":
        limits: dict[str, object] = {
            **CLOSED,
            "lock_configuration": False,
            "temp_directory": self._folder if may_spill else "",
        }
        if self._max_memory is not None:
            limits["memory_limit"] = f"{self._max_memory}B"
        return self._source.connect(limits, may_spill=may_spill)


@contextmanager
def opened_configured(
    store: TableStore, *, on_note: Callable[[str], None], max_memory: int | None = None
) -> Iterator[ReadOnlyDatabase]:
    """Open what is configured so that nothing can be written, and nothing else be read.

    Args:
        store: Where the tables are.
        on_note: Hears that the copy had to be taken although the database is newer.
        max_memory: Bytes that DuckDB may take, or None for four fifths of what the machine has.

    Raises:
        ConfigurationError: There is nothing yet.
        DatabaseLockedError: Another process writes to it, and there is no copy.
        LoadFailedError: It cannot be opened.
    """
    first, *others = store.query_sources()
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(opened_source(first, max_memory))
        except DatabaseLockedError as error:
            if not others:
                raise
            on_note(f"process {error.holder_pid} is writing to {store}; this is its read copy, from before")
            opened = stack.enter_context(opened_source(others[0], max_memory))
        yield opened


def opened_for_reading(
    path: Path, *, max_memory: int | None = None
) -> AbstractContextManager[ReadOnlyDatabase]:
    """Open a DuckDB file so that nothing can be written, and no file but it be read.

    Raises:
        ConfigurationError: There is no such file, or it is no database.
        DatabaseLockedError: Another process writes to it.
        LoadFailedError: It cannot be opened, for example since a newer DuckDB has written it.
    """
    return opened_source(QueriedFile(path), max_memory)


@contextmanager
def opened_source(source: QuerySource, max_memory: int | None = None) -> Iterator[ReadOnlyDatabase]:
    """Open what a place of tables gives for a person's SQL.

    Raises:
        DatabaseLockedError: Another process writes to it.
        LoadFailedError: It cannot be opened.
    """
    with tempfile.TemporaryDirectory(prefix="pipefy-exports-query-") as folder:
        opened = ReadOnlyDatabase(source, folder=folder, max_memory=max_memory)
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

    opened.require_allowed(statement)
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
