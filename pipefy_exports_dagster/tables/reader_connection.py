"""Connections for people's own queries, such as those of assets that stand after ours."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipefy_exports_dagster.config.naming import MAIN
from pipefy_exports_dagster.errors import DatabaseLockedError, StorageError
from pipefy_exports_dagster.text.sql import identifier, literal

from .database import connect_when_free
from .database_errors import unreadable
from .read_copy import copy_to_read

if TYPE_CHECKING:
    import duckdb

_DUCKDBS_OWN = {"memory", "system", "temp"}
"""Catalogs that every connection has: a file of such a name is attached under ours."""


def connect_to_read(database: Path, *, read_copy: bool, lock_timeout_s: float) -> "duckdb.DuckDBPyConnection":
    """Return a connection for people's own queries: to the read copy, or to the database where that is newer.

    The catalog is named like the database's file in both cases. An open connection to the database itself keeps loads
    waiting.

    Args:
        database: The database, not its copy.
        read_copy: Whether copies of it are published.
        lock_timeout_s: How long to wait while another process writes to it, if there is no copy.

    Raises:
        DatabaseLockedError: Another process held it until the deadline; the message names it.
        StorageError: There is no such file, or DuckDB cannot read it.
        LoadFailedError: Its write-ahead log belongs to another database.
    """
    import duckdb

    copy, is_current = copy_to_read(database, published=read_copy)
    if not copy and not database.exists():
        raise StorageError(
            f"there is no database at {database}: materialize a partition first, or name the file that holds the tables"
        )
    try:
        if copy and is_current:
            return _connect_to_copy(copy, database, lock_timeout_s)
        try:
            connection = connect_when_free(
                database, lock_timeout_s=0 if copy else lock_timeout_s, read_only=True
            )
        except DatabaseLockedError:
            if not copy:
                raise
            return _connect_to_copy(copy, database, lock_timeout_s)
        connection.execute("SET TimeZone = 'UTC'")
    except (duckdb.Error, OSError) as error:
        raise unreadable(error, database) from error
    return connection


def _connect_to_copy(copy: Path, database: Path, lock_timeout_s: float) -> "duckdb.DuckDBPyConnection":
    """Attach the read copy under the database's name.

    Attached, and not opened: DuckDB gives a process that has the file open already the same instance again, which reads
    the copy of before the last load (observed with 1.5.5).
    """
    import duckdb

    name = identifier("pipefy_exports" if database.stem.lower() in _DUCKDBS_OWN else database.stem)

    def attach(path: Path) -> "duckdb.DuckDBPyConnection":
        connection = duckdb.connect()
        try:
            connection.execute(f"ATTACH {literal(str(path))} AS {name} (READ_ONLY)")
            connection.execute(f"USE {name}.{MAIN}")
            connection.execute("SET TimeZone = 'UTC'")
        except BaseException:
            connection.close()
            raise
        return connection

    return connect_when_free(copy, lock_timeout_s=lock_timeout_s, connect=attach)
