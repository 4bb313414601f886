"""Lock files, whose locks the operating system releases when their holder dies; and who holds one.

The locks are `flock` locks, like those of the library filelock, which earlier versions used: each excludes the other.
"""

import contextlib
import errno
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pipefy_exports_dagster.errors import StorageError
from pipefy_exports_dagster.files.posix import NO_BLOCK, NO_FOLLOW, lock_file, own_user
from pipefy_exports_dagster.files.private import is_shared, open_new
from pipefy_exports_dagster.locks.held import LockHeldError
from pipefy_exports_dagster.text.quoting import printable

_POLL_S = 0.25
_IN_USE = {errno.EACCES, errno.EAGAIN}


@contextmanager
def held_lock(path: Path, *, timeout_s: float, on_wait: Callable[[], None] = lambda: None) -> Iterator[bool]:
    """Hold a lock, and create its file if it does not exist; the folder must exist.

    Args:
        path: The file. It stays, empty.
        timeout_s: How long to wait for another process that holds the lock.
        on_wait: Called once if the lock is not free.

    Yields:
        Whether the call waited for the lock.

    Raises:
        LockHeldError: The other process did not release it in time.
        StorageError: There is something else in its place, or the file system has no locks.
    """
    deadline = time.monotonic() + timeout_s
    waited = False
    while (descriptor := _taken(path)) is None:
        if not waited:
            waited = True
            on_wait()
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise LockHeldError(f"{lock_file_holder(path)} holds {path}")
        time.sleep(min(_POLL_S, left_s))
    try:
        yield waited
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether a process holds a lock; its file is neither created nor changed."""
    try:
        descriptor = os.open(path, os.O_RDWR | NO_FOLLOW | NO_BLOCK)
    except OSError:
        return False
    try:
        return not _locked(descriptor, path)
    finally:
        os.close(descriptor)


def open_lock_file(path: Path) -> int:
    """Open a lock file, creating it if it does not exist, and check that it is a regular file of this user.

    Raises:
        StorageError: It is a link, not a regular file, or a file of another user, who could hold the lock forever.
    """
    try:
        descriptor = open_new(path, os.O_RDWR | NO_BLOCK | NO_FOLLOW)
    except OSError as error:
        if error.errno not in {errno.ELOOP, errno.EISDIR, errno.ENXIO}:
            raise
        raise _not_ours(path, "a symbolic link" if path.is_symlink() else "no regular file") from None
    with ExitStack() as stack:
        stack.callback(os.close, descriptor)
        if stranger := _what_else(descriptor, path.parent):
            raise _not_ours(path, stranger)
        stack.pop_all()
    return descriptor


def lock_file_holder(path: Path) -> str:
    """Return the process that holds a lock, if the system tells; the file need not be readable."""
    try:
        found = path.stat()
        locks = Path("/proc/locks").read_text(encoding="ascii", errors="replace")
    except OSError:
        return "another process"
    place = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    for line in locks.splitlines():
        # 1: FLOCK ADVISORY WRITE 4711 fe:00:2203844 0 EOF; a process that waits has "->" after the number.
        words = line.split()
        if len(words) > 5 and words[1] == "FLOCK" and words[5] == place and words[4].isdecimal():  # noqa: PLR2004
            return process_named(int(words[4]))
    return "another process"


def process_named(pid: int) -> str:
    """Return a process with the name of its program, if the system tells."""
    program = program_of(pid)
    return f"process {pid} ({program})" if program else f"process {pid}"


def program_of(pid: int) -> str:
    """Return the name of a process's program, or nothing; its arguments may hold secrets."""
    with contextlib.suppress(OSError):
        # A process can set its own name.
        return printable(Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip())
    return ""


def _taken(path: Path) -> int | None:
    """Return the lock's descriptor, or None if another process holds it."""
    while True:
        with ExitStack() as stack:
            descriptor = open_lock_file(path)
            stack.callback(os.close, descriptor)
            if not _locked(descriptor, path):
                return None
            # The file may have been removed between the two steps: then another process could lock a new one.
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), path.stat()):
                    stack.pop_all()
                    return descriptor


def _locked(descriptor: int, path: Path) -> bool:
    try:
        lock_file(descriptor, wait=False)
    except OSError as error:
        if error.errno in _IN_USE:
            return False
        raise StorageError(
            f"{path} cannot be locked ({error.strerror}): the data folder needs a file system with locks"
        ) from None
    return True


def _what_else(descriptor: int, folder: Path) -> str:
    """Return what the file is instead of a lock file of this user; empty if it is one."""
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        return "no regular file"
    # root may work in another user's folder, with that user's files.
    if found.st_uid not in {own_user(), folder.stat().st_uid} and not is_shared(folder):
        return f"a file of user {found.st_uid}"
    return ""


def _not_ours(path: Path, what: str) -> StorageError:
    return StorageError(
        f"{path} is {what}, and a lock file of ours has to be there: somebody else put it there. Remove it, and see "
        "that nobody else can write to its folder (`pipefy-exports doctor`)"
    )
