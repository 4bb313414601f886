"""Scratch folders. A killed process leaves its folder behind, and the next one removes it.

A folder `<name>` belongs to the process that holds the lock on the file `<name>.lock`. The operating system releases
that lock when its holder dies, so a lock that is free means that the folder is abandoned.
"""

import contextlib
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipefy_exports_dagster.errors import StorageError
from pipefy_exports_dagster.files.posix import NO_BLOCK, NO_FOLLOW, lock_file, own_user
from pipefy_exports_dagster.files.private import is_shared, make_folder
from pipefy_exports_dagster.locks.file_locks import open_lock_file

_OUR_LOCK = re.compile(r"[0-9a-f]{16}\.lock")


@contextmanager
def scratch_in(parent: Path, *, beside: str) -> Iterator[Path]:
    """Create a scratch folder; remove it at the end, and those of dead processes at the start.

    Args:
        parent: Where scratch folders are, and nothing else; made if it is not there, and removed with the last of them.
        beside: What the scratch folders are beside, for the message about a folder that is not ours: `the database`.

    Raises:
        StorageError: There is a link or another user's folder in the place of the scratch folders.
    """
    root = parent.parent
    make_folder(root)
    name = secrets.token_hex(8)
    _sweep(parent, beside)
    lock = _locked(parent / f"{name}.lock")
    folder = parent / name
    try:
        make_folder(folder, root=root)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        (parent / f"{name}.lock").unlink(missing_ok=True)
        os.close(lock)
        _remove_if_empty(parent)


def _sweep(parent: Path, beside: str) -> None:
    """Remove what dead processes left, unless it is a link or another user's folder."""
    try:
        _require_ours(parent, beside)
        found = sorted(parent.iterdir())
    except FileNotFoundError:
        return
    for path in (path for path in found if _OUR_LOCK.fullmatch(path.name)):
        try:
            lock = os.open(path, os.O_RDWR | NO_FOLLOW | NO_BLOCK)
        except OSError:  # gone, or the lock file of another user who works here
            continue
        try:
            lock_file(lock, wait=False)
            shutil.rmtree(path.with_suffix(""), ignore_errors=True)
            path.unlink(missing_ok=True)
        except BlockingIOError:
            pass
        finally:
            os.close(lock)
    _remove_if_empty(parent)


def _require_ours(parent: Path, beside: str) -> None:
    found, above = parent.lstat(), parent.parent.stat()
    ours = found.st_uid in {own_user(), above.st_uid} or is_shared(parent.parent)
    if stat.S_ISLNK(found.st_mode) or not ours:
        raise StorageError(
            f"{parent} is {'a link' if stat.S_ISLNK(found.st_mode) else f'a folder of user {found.st_uid}'}, where "
            f"scratch files are kept: remove it, or keep {beside} in a folder that nobody else can write to"
        )


def _locked(path: Path) -> int:
    """Create and lock a file; another process may remove the file between the two steps, or the empty folder before."""
    while True:
        # Raised if the folder disappears during the check.
        with contextlib.suppress(FileExistsError):
            make_folder(path.parent, root=path.parent.parent)
        try:
            lock = open_lock_file(path)
        except FileNotFoundError:
            continue
        lock_file(lock, wait=True)
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(lock).st_ino:
                return lock
        os.close(lock)


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()
