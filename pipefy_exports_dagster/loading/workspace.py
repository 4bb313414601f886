"""Scratch folders beside the database, which a killed process leaves behind and the next one sweeps.

A folder `<name>` belongs to whoever holds the lock on the file `<name>.lock`. The operating system
drops that lock when its holder dies, so a lock that can be had means that the folder is nobody's.
"""

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def scratch_folder(database: Path) -> Path:
    """Say where the scratch folders of a database are: beside it, so that a rename stays in one file system."""
    return database.absolute().parent / ".pipefy_exports_loading"


@contextmanager
def workspace(database: Path) -> Iterator[Path]:
    """Make a scratch folder beside the database, and remove it, and those of dead processes, at the end."""
    parent = scratch_folder(database)
    name = secrets.token_hex(8)
    sweep(parent)
    lock = _locked(parent / f"{name}.lock")
    folder = parent / name
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        (parent / f"{name}.lock").unlink(missing_ok=True)
        os.close(lock)
        _remove_if_empty(parent)


def sweep(parent: Path) -> None:
    """Remove what dead processes left in a scratch folder."""
    try:
        found = sorted(parent.iterdir())
    except FileNotFoundError:
        return
    for path in (path for path in found if path.suffix == ".lock"):
        try:
            lock = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path.with_suffix(""), ignore_errors=True)
            path.unlink(missing_ok=True)
        except BlockingIOError:
            pass
        finally:
            os.close(lock)
    _remove_if_empty(parent)


def _locked(path: Path) -> int:
    """Create and lock a file; a sweeper may remove it between the two, or the empty folder before."""
    while True:
        # Raised, `exist_ok` or not, if the folder goes while it is looked at.
        with contextlib.suppress(FileExistsError):
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:
            continue
        fcntl.flock(lock, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(lock).st_ino:
                return lock
        os.close(lock)


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()
