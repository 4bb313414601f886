"""A copy of the database that readers can keep open during loads.

It is made while the connection still holds the database's lock, so copies are published in the order of the commits,
and an old one never replaces a new one. Another process copies the file: DuckDB's lock is a POSIX record lock, which
the operating system releases when the process that holds it closes any descriptor of the file.
"""

import logging
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .spare_copy import MIN_BYTES, SpareCopy, Stamp
from .workspace import workspace

if TYPE_CHECKING:
    import duckdb

logger = logging.getLogger(__name__)

_COPY, _UNCHANGED = Path(__file__).with_name("copy_process.py"), "patched 0"


def read_copy_path(database: Path) -> Path:
    """Return the path of the read copy of a database: `pipefy_exports.read.duckdb` beside `pipefy_exports.duckdb`."""
    return database.with_name(f"{database.stem}.read{database.suffix}")


def copy_to_read(database: Path, *, published: bool) -> tuple[Path | None, bool]:
    """Return the read copy, None where there is none, and whether it holds all that the database does.

    The database is newer where somebody has changed it since the last load, where publishing the copy failed, and
    while a load is under way: then the copy is what there was before. What a process that was killed had committed may
    be in the write-ahead log only. A load that failed can make it look newer.

    Args:
        database: The database.
        published: Whether copies of it are published.
    """
    copy = read_copy_path(database)
    if not (published and copy.exists()):
        return None, False
    wal = database.with_name(f"{database.name}.wal")
    newest = max((path.stat().st_mtime_ns for path in (database, wal) if path.exists()), default=0)
    return copy, copy.stat().st_mtime_ns >= newest


def publish_read_copy(
    connection: "duckdb.DuckDBPyConnection",
    database: Path,
    *,
    found: Stamp | None = None,
    min_bytes: int = MIN_BYTES,
) -> tuple[Path | None, str | None]:
    """Publish the committed, checkpointed database as its read copy, by an atomic rename.

    A reader that has the old copy open keeps it until it opens the file again. A failed copy does not undo the load.
    The new copy has the mode of the old one, and the first copy that of the database.

    Args:
        connection: Holds the database's lock.
        database: The database.
        found: The database as it was when the lock was just got; None if that is not known, and all is copied.
        min_bytes: From which size on the former copy is kept, so that only changes are copied.

    Returns:
        The copy's path and None, or None and the problem.
    """
    target = read_copy_path(database)
    mode_of = target if target.exists() else database
    spare = SpareCopy(target, min_bytes)
    with workspace(database) as folder:
        copy = folder / target.name
        taken = spare.take(copy, found=found if _is_alone(connection) else None)
        finished = subprocess.run(  # noqa: S603  our own interpreter and script
            [
                sys.executable, "-I", "-S", str(_COPY), str(database), str(copy), str(mode_of),
                *([str(target)] if taken else []),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        if finished.returncode:
            lines = finished.stderr.strip().splitlines()
            return None, f"{target} was not updated: {lines[-1] if lines else 'the copying process died'}"
        logger.debug("%s: %s", target, finished.stdout)
        if finished.stdout == _UNCHANGED:
            spare.put_back(copy, database)
        else:
            spare.publish(copy, database)
    return target, None


def changes_are_known(database: Path, found: Stamp | None) -> bool:
    """Whether the next copy would be of what has changed only: nobody else has changed anything since the last.

    Args:
        database: The database.
        found: The database as it was when the lock was just got.
    """
    return SpareCopy(read_copy_path(database)).is_known(found)


def _is_alone(connection: "duckdb.DuckDBPyConnection") -> bool:
    """Whether no other connection of this process uses the database: DuckDB may write what such a one has freed."""
    import duckdb

    try:
        counted = connection.execute("FROM duckdb_connection_count()").fetchone()
    except duckdb.Error:  # of another version
        return False
    return counted == (1,)
