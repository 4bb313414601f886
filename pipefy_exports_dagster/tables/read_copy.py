"""A copy of the database that readers can keep open during loads.

It is made while the connection still holds the database's lock, so copies are published in the order of the commits,
and an old one never replaces a new one. Another process copies the file: DuckDB's lock is a POSIX record lock, which
the operating system releases when the process that holds it closes any descriptor of the file.
"""

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .workspace import workspace

if TYPE_CHECKING:
    import duckdb

# Reflinks if the file system has them (XFS, Btrfs: no data is copied), else copies within the kernel.
_COPY = """
import fcntl, os, shutil, stat, sys
source, target = open(sys.argv[1], "rb"), open(sys.argv[2], "wb")
try:
    fcntl.ioctl(target, 0x40049409, source.fileno())  # FICLONE
except OSError:
    try:
        left = os.fstat(source.fileno()).st_size
        while left and (done := os.copy_file_range(source.fileno(), target.fileno(), left)):
            left -= done
    except (AttributeError, OSError):
        source.seek(0), target.seek(0)
        shutil.copyfileobj(source, target, 8 << 20)
target.flush()
os.fchmod(target.fileno(), stat.S_IMODE(os.stat(sys.argv[3]).st_mode))
"""


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
    _holds_the_lock: "duckdb.DuckDBPyConnection", database: Path
) -> tuple[Path | None, str | None]:
    """Publish the committed, checkpointed database as its read copy, by an atomic rename.

    A reader that has the old copy open keeps it until it opens the file again. A failed copy does not undo the load.
    The new copy has the mode of the old one, and the first copy that of the database.

    Returns:
        The copy's path and None, or None and the problem.
    """
    target = read_copy_path(database)
    mode_of = target if target.exists() else database
    with workspace(database) as folder:
        copy = folder / target.name
        finished = subprocess.run(  # noqa: S603  our own interpreter and script
            [sys.executable, "-I", "-S", "-c", _COPY, str(database), str(copy), str(mode_of)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if finished.returncode:
            lines = finished.stderr.strip().splitlines()
            return None, f"{target} was not updated: {lines[-1] if lines else 'the copying process died'}"
        copy.replace(target)
    return target, None
