"""Folders and files that other users of this machine cannot read: they hold rows, and facts about them.

New folders and files are for their owner only, whatever the umask is. An administrator who wants several users to share
a data folder gives it the mode 2770: then its group can also access what is created in it. An existing folder keeps its
mode.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pipefy_exports_dagster.errors import DiskFullError
from pipefy_exports_dagster.files.posix import own_user

OWNERS_FILE, GROUPS_FILE = 0o600, 0o660
_GROUP_SHARES = stat.S_ISGID | stat.S_IRWXG


def is_shared(folder: Path) -> bool:
    """Whether a group shares a folder: the group has full access, and new files in it belong to the group."""
    return folder.stat().st_mode & _GROUP_SHARES == _GROUP_SHARES


def make_folder(path: Path, *, root: Path | None = None) -> None:
    """Create a folder and its missing parents, for their owner only.

    Args:
        path: Nothing changes if it exists.
        root: A folder above, such as the data folder. If it exists and is shared, new folders below it are shared too.
    """
    missing = []
    while not _is_there(path):
        missing.append(path)
        path = path.parent
    for folder in reversed(missing):
        shared = root is not None and root in folder.parents and is_shared(folder.parent)
        try:
            folder.mkdir(mode=stat.S_IRWXU)
        except FileExistsError:  # another process was first, or it is a dangling link
            if not folder.is_dir():
                raise
            continue
        if shared:
            share(folder)


def _is_there(folder: Path) -> bool:
    try:
        mode = folder.stat().st_mode  # called once: another process may remove the folder meanwhile
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    return True


def share(path: Path) -> None:
    """Let the group of a shared folder read and write a file or folder that this user created in it."""
    found = path.stat()
    wanted = _GROUP_SHARES if stat.S_ISDIR(found.st_mode) else stat.S_IRGRP | stat.S_IWGRP
    if found.st_uid == own_user() and found.st_mode & wanted != wanted:
        path.chmod(stat.S_IMODE(found.st_mode) & ~stat.S_IRWXO | wanted)


def open_new(path: Path, flags: int) -> int:
    """Open a file, creating it if it does not exist; its mode follows from the folder."""
    shared = is_shared(path.parent)
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, OWNERS_FILE)
    except FileExistsError:
        return os.open(path, flags | os.O_CREAT, OWNERS_FILE)
    if shared:
        os.fchmod(descriptor, GROUPS_FILE)  # the umask would remove the group's right to write
    return descriptor


@contextmanager
def open_private(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that nobody else can read; on leaving, its bytes are on the disk.

    Raises:
        DiskFullError: No space is left.
    """
    with full_disk_named(path.parent):
        descriptor = open_new(path, os.O_WRONLY | os.O_TRUNC)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())


@contextmanager
def full_disk_named(folder: Path) -> Iterator[None]:
    """Turn the errors of a full disk into one that says what to do.

    Raises:
        DiskFullError: No space is left.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise DiskFullError(
            f"no space is left in {folder}; free some, then materialize the partition again: it downloads the "
            "same export"
        ) from None
