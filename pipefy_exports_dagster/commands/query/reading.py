"""A connection that can only read the database, and the rows of a query over it."""

import re
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipefy_exports_dagster.errors import (
    ConfigurationError,
    DatabaseLockedError,
    LoadFailedError,
    QueryRefusedError,
)
from pipefy_exports_dagster.load_command.reading import require_database
from pipefy_exports_dagster.loading.read_copy import read_copy_path

if TYPE_CHECKING:
    import duckdb

BATCH_ROWS = 2_000
_HOLDER = re.compile(r"\(PID (\d+)\)")
_STORAGE_VERSION = re.compile(
    r"version number (?P<written>\d+), but we can only read versions? (?:between )?(?P<oldest>\d+)"
)
_AS_TEXT = "CAST(COLUMNS(*) AS VARCHAR)"
_AS_JSON = "CAST(to_json(COLUMNS(*)) AS VARCHAR)"

Batch = list[tuple[str | None, ...]]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a query, as text; NULL is None. They are fetched as they are read."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    batches: Iterator[Batch]


@contextmanager
def opened_configured(
    database: Path, *, read_copy: bool, on_note: Callable[[str], None]
) -> Iterator["duckdb.DuckDBPyConnection"]:
    """Open the read copy, which no query can keep a load waiting with, or the database where that is newer.

    It is newer where somebody has changed it since the last load, such as by a view of their own, and while a load
    is under way; then it is locked, and the copy is what there was before.

    Args:
        database: The configured one.
        read_copy: Whether copies are published.
        on_note: Hears that the copy had to be taken although the database is newer.

    Raises:
        ConfigurationError: There is no database yet.
        DatabaseLockedError: Another process writes to it, and there is no copy.
        LoadFailedError: It cannot be opened.
    """
    if not database.exists():
        raise ConfigurationError(
            f"there is no database at {database} yet: materialize a partition first, or set PIPEFY_EXPORTS_DATABASE"
        )
    copy = read_copy_path(database)
    has_copy = read_copy and copy.exists()
    is_current = has_copy and copy.stat().st_mtime_ns >= database.stat().st_mtime_ns
    with ExitStack() as stack:
        try:
            connection = stack.enter_context(opened_for_reading(copy if is_current else database))
        except DatabaseLockedError as error:
            if not has_copy:
                raise
            on_note(
                f"process {error.holder_pid} is writing to {database}; this is its read copy, from before"
            )
            connection = stack.enter_context(opened_for_reading(copy))
        yield connection


@contextmanager
def opened_for_reading(path: Path) -> Iterator["duckdb.DuckDBPyConnection"]:
    """Open a database so that nothing can be written, and no file but it be read.

    What a large query cannot keep in memory goes to a folder for temporary files: the one beside the database
    may not be ours to write.

    Raises:
        ConfigurationError: There is no such file, or it is no database.
        DatabaseLockedError: Another process writes to it.
        LoadFailedError: It cannot be opened, for example since a newer DuckDB has written it.
    """
    import duckdb

    if not path.exists():
        raise ConfigurationError(f"there is no database at {path}")
    require_database(path)
    with tempfile.TemporaryDirectory(prefix="pipefy-exports-query-") as folder:
        limits: dict[str, str | bool | int | float | list[str]] = {
            "enable_external_access": False,
            "lock_configuration": True,
            "temp_directory": folder,
        }
        try:
            connection = duckdb.connect(path, read_only=True, config=limits)
        except duckdb.Error as error:
            raise cannot_be_opened(error, path) from None
        with connection:
            yield connection


def cannot_be_opened(error: "duckdb.Error", path: Path) -> Exception:
    """Return why DuckDB does not open a file, as an error of ours."""
    message = str(error)
    if "lock on file" in message:
        holder = _HOLDER.search(message)
        return DatabaseLockedError(
            f"{path} is held by {f'process {holder[1]}' if holder else 'another process'}, which may write to it; "
            "try again when it has ended, or query the read copy",
            holder_pid=int(holder[1]) if holder else None,
        )
    if version := _STORAGE_VERSION.search(message):
        import duckdb

        writer = "an older" if int(version["written"]) < int(version["oldest"]) else "a newer"
        return LoadFailedError(
            f"{path} was written by {writer} DuckDB (storage version {version['written']}), and this is "
            f"{duckdb.__version__}: let no other write to it; rebuild it from the raw files with "
            "`pipefy-exports rebuild-history` and `pipefy-exports load`"
        )
    if "not a valid DuckDB database file" in message or "Corrupt" in message:
        return LoadFailedError(
            f"{path} is no DuckDB database, or is damaged; move it away, and load the raw files again"
        )
    return LoadFailedError(f"{path} cannot be opened: {_first_paragraph(message)}")


def run_query(connection: "duckdb.DuckDBPyConnection", sql: str, *, as_json: bool) -> Rows:
    """Run one statement that reads, and return its rows.

    Args:
        sql: A SELECT, or anything like it: FROM, WITH, VALUES, SHOW, DESCRIBE, SUMMARIZE, EXPLAIN.
        as_json: Give each value as JSON instead of as DuckDB shows it.

    Raises:
        QueryRefusedError: It is another statement, or several, or DuckDB refuses it.
    """
    import duckdb

    try:
        _require_one_that_reads(duckdb.extract_statements(sql))
        relation = connection.sql(sql)
        # Values become text within DuckDB: as its own clients show them, and without what Python lacks for some types.
        shown = relation.project(_AS_JSON if as_json else _AS_TEXT)
        columns, types = tuple(shown.columns), tuple(map(str, relation.types))
    except duckdb.Error as error:
        raise _refused(error) from None
    first = _fetch(connection, shown)
    return Rows(columns, types, _batches(connection, shown, first))


def _batches(
    connection: "duckdb.DuckDBPyConnection", shown: "duckdb.DuckDBPyRelation", first: Batch
) -> Iterator[Batch]:
    batch = first
    while batch:
        yield batch
        batch = _fetch(connection, shown)


def _fetch(connection: "duckdb.DuckDBPyConnection", shown: "duckdb.DuckDBPyRelation") -> Batch:
    """Fetch the next rows, in a thread: while DuckDB looks for them, it hears no signal (tried, 1.5)."""
    import duckdb

    with ThreadPoolExecutor(1) as thread:
        fetching = thread.submit(shown.fetchmany, BATCH_ROWS)
        try:
            return fetching.result()
        except duckdb.Error as error:
            raise _refused(error) from None
        except BaseException:
            connection.interrupt()
            raise


def _require_one_that_reads(statements: "list[duckdb.Statement]") -> None:
    types = [statement.type.name for statement in statements]
    # PIVOT comes as several: the types that it needs, then the SELECT.
    is_pivot = (
        len(set(types)) > 1 and set(types[:-1]) == {"CREATE"} and len({s.query for s in statements}) == 1
    )
    if not types:
        raise QueryRefusedError("there is no SQL; give a SELECT")
    if len(types) > 1 and not is_pivot:
        raise QueryRefusedError(f"these are {len(types)} statements; give one")
    if types[-1] not in {"SELECT", "EXPLAIN"}:
        raise QueryRefusedError(
            f"{types[-1].replace('_', ' ')} is no query: this command only reads. Use a DuckDB client to write"
        )


def _refused(error: "duckdb.Error") -> Exception:
    text = _first_paragraph(str(error))
    if "disabled by configuration" in text:
        return QueryRefusedError(
            f"{text.partition(' - ')[0]}: this command reads the database and no other file, and writes none. "
            "Redirect its output instead of COPY, and use a DuckDB client to read other files"
        )
    unknown_table = text.startswith("Catalog Error: Table with name")
    return QueryRefusedError(f"{text} `SHOW TABLES` lists those that there are" if unknown_table else text)


def _first_paragraph(message: str) -> str:
    """Return DuckDB's message without the picture of the place, which needs lines of its own."""
    return " ".join(re.split(r"\n\s*\n|\nLINE \d", message)[0].split())
