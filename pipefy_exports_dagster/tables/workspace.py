"""Scratch folders next to the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipefy_exports_dagster.locks.scratch import scratch_in


def scratch_folder(database: Path) -> Path:
    """Return where the scratch folders of a database are: next to it, so that a rename stays in one file system."""
    return database.absolute().parent / ".pipefy_exports_loading"


@contextmanager
def workspace(database: Path) -> Iterator[Path]:
    """Create a scratch folder next to the database; remove it at the end, and those of dead processes at the start.

    Raises:
        StorageError: There is a link or another user's folder in the place of the scratch folders.
    """
    with scratch_in(scratch_folder(database), beside="the database") as folder:
        yield folder
