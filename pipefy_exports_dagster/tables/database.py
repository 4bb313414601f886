import contextlib
import errno
import logging
import math
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipefy_exports_dagster.config.naming import MAIN
from pipefy_exports_dagster.errors import (
    DatabaseLockedError,
    PipefyExportsError,
    StorageError,
)
from pipefy_exports_dagster.files.private import GROUPS_FILE, is_shared, make_folder
from pipefy_exports_dagster.text.sql import identifier, literal

from .creating import NewColumn, create_table
from .database_errors import holder, locked, translated, unreadable
from .lineage import TableLayout
from .read_copy import changes_are_known, publish_read_copy
from .rebuilding import change_columns
from .schemas import uses_schema
from .spare_copy import MIN_BYTES, Stamp, stamp_of
from .table_state import TableState
from .workspace import workspace

if TYPE_CHECKING:
    import duckdb

# Within one process, DuckDB's connections share one instance, and their transactions would conflict, while
# those of other processes wait. So threads take turns.
_one_writer_here = threading.Lock()

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.02, 1.0
_SILENT_S = 5.0
"""A normal wait for another load is shorter; a longer one is logged."""

logger = logging.getLogger(__name__)

# By default DuckDB 1.5 writes files that 1.0 can open, without the text compression of 1.4, which saves a fifth to a
# half of the time that a load holds the lock. 1.4 is the oldest release line that DuckDB maintains.
_STORAGE_VERSION = "v1.4.0"
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV}
"""Errors of file systems without hard links (FAT, some network shares)."""


@dataclass(frozen=True, slots=True)
class OpenDatabase:
    """A connection that holds the database's lock, and how long it took to get it."""

    connection: "duckdb.DuckDBPyConnection"
    seconds_waiting: float
    path: Path
    read_copy: bool = False
    found: Stamp | None = None
    """The file when the lock was just got."""
    min_spare_bytes: int = MIN_BYTES

    def create_table(self, name: str, columns: Sequence[NewColumn], layout: TableLayout) -> None:
        create_table(self.connection, name, columns, comment=layout.comment)

    def change_columns(
        self,
        state: TableState,
        _layout: TableLayout,
        *,
        retyped: Mapping[str, tuple[str, str]],
        added: Sequence[NewColumn],
        comments: Mapping[str, str],
    ) -> None:
        change_columns(self.connection, state, retyped=retyped, added=added, comments=comments)

    def commit(self, _said: str) -> None:
        self.connection.commit()

    def checkpoint(self) -> None:
        """Empty the write-ahead log. Closing would do it as well, but a copy must not need it."""
        self.connection.execute("CHECKPOINT")

    def publish(self) -> tuple[Path | None, str | None]:
        """Publish the read copy, unless there is to be none."""
        if not self.read_copy:
            return None, None
        return publish_read_copy(self.connection, self.path, found=self.found, min_bytes=self.min_spare_bytes)

    def publish_changes(self) -> None:
        """Publish what was not published yet where it is known to be little: later it could not be told what it was."""
        import duckdb

        if self.read_copy and changes_are_known(self.path, self.found):
            with contextlib.suppress(duckdb.Error):  # it is committed, and the next load copies everything
                self.checkpoint()
                self.publish()


@contextmanager
def open_database(
    path: Path,
    *,
    lock_timeout_s: float,
    schema: str = MAIN,
    read_copy: bool = False,
    min_spare_bytes: int = MIN_BYTES,
) -> Iterator[OpenDatabase]:
    """Open a database for writing, waiting while another process holds it; always close it.

    Names without a schema mean tables of `schema`, which is created if it does not exist.

    Raises:
        DatabaseLockedError: Another process held it until the deadline; the message names it.
        LoadFailedError: DuckDB raised an error, here or within the `with` block.
        DiskFullError: No space was left within the `with` block; nothing was committed.
    """
    import duckdb

    started = time.monotonic()
    make_folder(path.parent)
    if not _one_writer_here.acquire(timeout=lock_timeout_s):
        raise DatabaseLockedError(
            f"another thread of this process was writing to {path} for {lock_timeout_s:g} s"
        )
    try:
        connection = connect_when_free(path, lock_timeout_s=lock_timeout_s, since=started)
        found = stamp_of(path)
        try:
            connection.execute("SET TimeZone = 'UTC'")
            if schema != MAIN:
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
                connection.execute(f"SET schema = {literal(schema)}")
            opened = OpenDatabase(
                connection, time.monotonic() - started, path, read_copy, found, min_spare_bytes
            )
            yield opened
            opened.publish_changes()
        finally:
            connection.close()
    except PipefyExportsError:
        raise
    except (duckdb.Error, OSError) as error:
        raise translated(error, path) from error
    finally:
        _one_writer_here.release()


def connect_for_query(
    path: Path, limits: Mapping[str, Any], *, files_closed: bool
) -> "duckdb.DuckDBPyConnection":
    """Return a connection for untrusted SQL: it can only read, and its settings are locked.

    Args:
        path: A database that exists.
        limits: DuckDB's settings.
        files_closed: Disable local files once the database is attached, including its own and its write-ahead log.

    Raises:
        duckdb.Error: It cannot be opened.
    """
    import duckdb

    connection = duckdb.connect(path, read_only=True, config=dict(limits))
    if files_closed:
        connection.execute("SET disabled_filesystems = 'LocalFileSystem'")
    connection.execute("SET lock_configuration = true")
    return connection


@contextmanager
def open_to_read(
    path: Path,
    *,
    lock_timeout_s: float,
    schema: str = MAIN,
    translate: Callable[[Exception, Path], PipefyExportsError] | None = None,
) -> Iterator["duckdb.DuckDBPyConnection"]:
    """Open an existing database for reading, waiting while another process writes; always close it.

    Writers wait until it is closed, so be quick. Nothing is created: if the schema does not exist, the connection is to
    an empty in-memory database.

    Args:
        schema: The schema of names without one.
        translate: Turns an error of DuckDB into ours; without it the error does not say what may quote a value.

    Raises:
        DatabaseLockedError: Another process held it until the deadline; the message names it.
        StorageError: There is no such file, or DuckDB raised an error, here or within the `with` block.
        LoadFailedError: Its write-ahead log belongs to another database.
    """
    import duckdb

    if not path.exists():
        raise StorageError(f"there is no database at {path}")
    started = time.monotonic()
    # A reader and a writer of one process would conflict: their settings differ.
    if not _one_writer_here.acquire(timeout=lock_timeout_s):
        raise DatabaseLockedError(
            f"another thread of this process was writing to {path} for {lock_timeout_s:g} s"
        )
    try:
        connection = connect_when_free(path, lock_timeout_s=lock_timeout_s, since=started, read_only=True)
        with contextlib.ExitStack() as stack:
            stack.enter_context(connection)
            if not uses_schema(connection, schema):
                connection = stack.enter_context(duckdb.connect())
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
    except (duckdb.Error, OSError) as error:
        raise (translate or unreadable)(error, path) from error
    finally:
        _one_writer_here.release()


def connect_when_free(
    path: Path,
    *,
    lock_timeout_s: float,
    since: float | None = None,
    read_only: bool = False,
    connect: "Callable[[Path], duckdb.DuckDBPyConnection] | None" = None,
) -> "duckdb.DuckDBPyConnection":
    """Connect to a database, waiting while another process holds it.

    Args:
        path: The database; one that does not exist is created, unless it is to be read.
        lock_timeout_s: How long to wait.
        since: When the waiting began, on the monotonic clock; None for now.
        read_only: Whether to open it for reading.
        connect: Another way to open it.

    Raises:
        DatabaseLockedError: Another process held it until the deadline; the message names it.
        duckdb.Error: It cannot be opened.
    """
    import duckdb

    deadline = (time.monotonic() if since is None else since) + lock_timeout_s
    pause = _FIRST_PAUSE_S
    say_at = time.monotonic() + _SILENT_S
    while True:
        try:
            if connect:
                return connect(path)
            if not read_only and not path.exists():
                _create(path)
            return duckdb.connect(path, read_only=read_only)
        except (duckdb.IOException, duckdb.ConnectionException) as error:
            message = str(error)
            if "Could not set lock" not in message and "different configuration" not in message:
                raise
            if time.monotonic() >= deadline:
                raise locked(path, message, lock_timeout_s) from error
            if time.monotonic() >= say_at:
                logger.warning(
                    "waiting for %s, which %s holds; up to %g s in all",
                    path,
                    holder(message),
                    lock_timeout_s,
                )
                say_at = math.inf
        # Half of the pause is random, so that loads that were refused together do not retry together.
        time.sleep(min(pause * random.uniform(0.5, 1.0), max(deadline - time.monotonic(), 0)))  # noqa: S311
        pause = min(pause * 1.5, _LONGEST_PAUSE_S)


def _create(path: Path) -> None:
    """Create an empty database atomically; it keeps its storage version from then on.

    Opening a file that DuckDB is still creating fails in another process, as if it were not a database (observed).
    """
    path = path.resolve()
    with workspace(path) as folder:
        new = folder / path.name
        _write_empty(new)
        if is_shared(path.parent):
            new.chmod(GROUPS_FILE)
        with contextlib.suppress(FileExistsError):  # another process was first
            try:
                os.link(new, path)
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                _write_empty(path)


def _write_empty(path: Path) -> None:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"ATTACH {literal(str(path))} (STORAGE_VERSION {literal(_STORAGE_VERSION)})")
