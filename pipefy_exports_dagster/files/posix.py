"""What POSIX systems have and Windows has not. Asked for where it is used, so that the package is imported anywhere."""

import os

from pipefy_exports_dagster.errors import StorageError

NO_FOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
NO_BLOCK: int = getattr(os, "O_NONBLOCK", 0)
"""Flags of `os.open`; none where the system does not have them."""


def require_posix(what: str) -> None:
    """Refuse what Windows cannot do, before it fails with an error of Python's own.

    Raises:
        StorageError: This is Windows.
    """
    try:
        import fcntl  # noqa: F401 - as good a sign as any, and what most of it needs
    except ImportError:
        raise StorageError(
            f"{what} does not work on Windows: run this in WSL (Windows Subsystem for Linux) or in a Linux container"
        ) from None


def lock_file(descriptor: int, *, wait: bool) -> None:
    """Lock an open file for this process, until it is closed.

    Raises:
        BlockingIOError: Another process holds the lock, and `wait` is false.
        OSError: The file system has no locks.
        StorageError: This is Windows.
    """
    require_posix("locking a file")
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


def own_user() -> int:
    """Return the number of this process's user; Windows has none, and says 0 of each file."""
    return os.geteuid() if hasattr(os, "geteuid") else 0
