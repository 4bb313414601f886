"""DuckDB's errors about a database as ours."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pipefy_exports_dagster.errors import (
    DatabaseLockedError,
    DiskFullError,
    LoadFailedError,
    PipefyExportsError,
    StorageError,
)
from pipefy_exports_dagster.text.quoting import printable

if TYPE_CHECKING:
    import duckdb

_STORAGE_VERSION = re.compile(
    r"version number (?P<written>\d+), but we can only read versions? (?:between )?(?P<oldest>\d+)"
)
_HOLDER = re.compile(r"\(PID (\d+)\)")
_DUPLICATE_KEY = re.compile(r'[Dd]uplicate key "(.{0,300})"')


def unreadable(error: Exception, path: Path) -> PipefyExportsError:
    """Turn an error of reading into one of this package, without its message, which may quote a value."""
    return wal_refused(str(error), path) or StorageError(
        f"{path} cannot be read: DuckDB says {type(error).__name__}"
    )


def locked(path: Path, message: str, lock_timeout_s: float) -> DatabaseLockedError:
    """Return the error for a lock that was not released in time, by DuckDB's message about it."""
    return DatabaseLockedError(
        f"{path} was locked by {holder(message)} for {lock_timeout_s:g} s; close it there (readers can use the "
        "read copy instead) and run again: neither the export nor the download is repeated",
        holder_pid=holder_pid(message),
    )


def holder_pid(message: str) -> int | None:
    """Return the process that holds a database, by DuckDB's message about the lock."""
    found = _HOLDER.search(message)
    return int(found[1]) if found else None


def holder(message: str) -> str:
    """Say who holds a database, by DuckDB's message about the lock."""
    pid = holder_pid(message)
    return f"process {pid}" if pid else "another connection of this process"


def translated(error: Exception, path: Path) -> PipefyExportsError:
    """Turn an error of DuckDB or of the file system into one of this package."""
    message = str(error).strip().split("\n", maxsplit=1)[0]
    if "No space left" in str(error) or "disk is full" in str(error).lower():
        return DiskFullError(f"no space left while writing to {path}; nothing was changed: {message}")
    if wal := wal_refused(message, path):
        return wal
    if found := _DUPLICATE_KEY.search(message):
        said = (
            f"the new rows break a PRIMARY KEY or UNIQUE constraint of the table in {path}, nothing was changed. "
            "Slices overlap, so a key is unique at most within one `_period_filter`: make the table without the "
            "constraint"
        )
        return LoadFailedError(f"{said}. It is about the key {found[1]!r}", without_values=said)
    said = f"loading into {path} failed, nothing was changed"
    return LoadFailedError(f"{said}: {message}", without_values=f"{said}: {type(error).__name__}")


def wal_refused(message: str, path: Path) -> LoadFailedError | None:
    """Return the error for a write-ahead log that DuckDB refuses, if the message is about one."""
    if "replaying WAL" not in message and "WAL does not match" not in message:
        return None
    return LoadFailedError(
        f"{path}.wal is the write-ahead log of another database, or is damaged: {path.name} was not opened, and "
        "nothing was changed. Move that file away if another database left it there; else restore both from a backup"
    )


def cannot_be_opened(error: "duckdb.Error", path: Path) -> Exception:
    """Return why DuckDB does not open a file, as an error of ours."""
    message = str(error)
    if "lock on file" in message:
        pid = holder_pid(message)
        return DatabaseLockedError(
            f"{path} is held by {f'process {pid}' if pid else 'another process'}, which may write to it; "
            "try again when it has ended, or query the read copy",
            holder_pid=pid,
        )
    if version := _STORAGE_VERSION.search(message):
        import duckdb

        writer = "an older" if int(version["written"]) < int(version["oldest"]) else "a newer"
        return LoadFailedError(
            f"{path} was written by {writer} DuckDB (storage version {version['written']}), and this is "
            f"{duckdb.__version__}: let no other write to it; rebuild it from the raw files with "
            "`pipefy-exports rebuild-history` and `pipefy-exports load`"
        )
    if wal := wal_refused(message, path):
        return wal
    if "not a valid DuckDB database file" in message or "Corrupt" in message:
        return LoadFailedError(
            f"{path} is no DuckDB database, or is damaged; move it away, and load the raw files again"
        )
    return LoadFailedError(f"{path} cannot be opened: {first_paragraph(message)}")


def first_paragraph(message: str) -> str:
    """Return DuckDB's message, which quotes the SQL, without the picture of the place, which needs more lines."""
    return printable(" ".join(re.split(r"\n\s*\n|\nLINE \d", message)[0].split()))
