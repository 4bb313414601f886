"""The former read copy of a large database, kept so that the next copy is what has changed since.

It costs the disk space of one more copy. It is used only where it is certain what it holds: a record beside it says
which files database, copy and spare were after the last load, and whatever has changed any of them since, a full copy
follows.
"""

import contextlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from pipefy_exports_dagster.files.private import open_private

MIN_BYTES = 256 << 20
"""Smaller databases are copied as a whole: that takes some tenths of a second."""
TRIED = "1.5."
"""The versions of DuckDB whose way of writing a checkpoint is known; with others all is copied."""

Stamp = tuple[int, int, int, int]


def stamp_of(path: Path) -> Stamp | None:
    """Return what tells whether a file is another one, or was written to; None if it is no file of its own."""
    try:
        found = path.lstat()
    except OSError:
        return None
    is_file = os.path.isfile(path) and not path.is_symlink()  # noqa: PTH113
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns) if is_file else None


@dataclass(frozen=True, slots=True)
class SpareCopy:
    """The spare of a database's read copy.

    Args:
        published: The read copy.
        min_bytes: From which size of the database on a spare is kept.
    """

    published: Path
    min_bytes: int = MIN_BYTES

    @property
    def path(self) -> Path:
        """Where it is, when no load is using it."""
        return self.published.with_name(f".{self.published.name}.spare")

    @property
    def files(self) -> tuple[Path, Path]:
        """The spare and its record, whether they are there or not."""
        return self.path, self._record

    @property
    def _record(self) -> Path:
        return self.published.with_name(f".{self.published.name}.json")

    def is_known(self, found: Stamp | None) -> bool:
        """Whether database, copy and spare are as the last load left them, so that what has changed can be known.

        Args:
            found: The database when the load had just got its lock.
        """
        of_files = [found, stamp_of(self.published), stamp_of(self.path)]
        return _is_tried() and None not in of_files and of_files == self._read()

    def take(self, target: Path, *, found: Stamp | None) -> bool:
        """Move the spare to where the new copy is written; remove one that is of no use. Say whether it was moved.

        A load that is killed from here on leaves no spare, and the next one copies everything.

        Args:
            target: Where the new copy is written.
            found: The database when the load had just got its lock.
        """
        is_known = self.is_known(found)
        self._record.unlink(missing_ok=True)
        if not is_known:
            self.path.unlink(missing_ok=True)
            return False
        self.path.replace(target)
        return True

    def publish(self, copy: Path, database: Path) -> None:
        """Publish a copy by an atomic rename; keep the former one as the spare where the database is large."""
        former = copy.with_name("former")
        if self._is_worth_it(database):
            with contextlib.suppress(OSError):  # a file system without hard links, or no former copy
                os.link(self.published, former, follow_symlinks=False)
        copy.replace(self.published)
        if not former.exists():
            return
        former.replace(self.path)
        self._write(database, copy.with_name("record"))

    def put_back(self, spare: Path, database: Path) -> None:
        """Keep the spare as it is: the published copy holds all that the database does, and now looks like it."""
        os.utime(self.published)
        spare.replace(self.path)
        self._write(database, spare.with_name("record"))

    def _write(self, database: Path, part: Path) -> None:
        stamps = [stamp_of(path) for path in (database, self.published, self.path)]
        with open_private(part) as file:
            file.write(json.dumps(stamps).encode())
        part.replace(self._record)

    def _is_worth_it(self, database: Path) -> bool:
        """Whether the database is large, and the disk has room for one more of it besides the spare."""
        size = database.stat().st_size
        return _is_tried() and size >= self.min_bytes and shutil.disk_usage(database.parent).free >= size

    def _read(self) -> list[Stamp | None] | None:
        try:
            stored = json.loads(self._record.read_bytes())
            return [None if each is None else (each[0], each[1], each[2], each[3]) for each in stored]
        except (OSError, ValueError, TypeError, IndexError, KeyError):
            return None


def _is_tried() -> bool:
    import duckdb

    return duckdb.__version__.startswith(TRIED)
