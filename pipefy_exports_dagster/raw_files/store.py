"""What keeps raw files: the seam between who uses them and where they are.

There are two: a folder on this machine (`folder.py`, `archive.py`) and a bucket of an object store (`bucket.py`).
`configured.py` chooses.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from pipefy_exports_dagster.raw_files.sidecar import Sidecar


class RawFile(Protocol):
    """A complete file of the archive, with its sidecar."""

    @property
    def sidecar(self) -> Sidecar:
        """What is known of it."""

    @property
    def address(self) -> str:
        """Where it is, for people: a path, or `s3://bucket/key`. It never holds credentials."""

    @property
    def name(self) -> str:
        """The last part of its address."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """What a process that was killed left of a file: no file of the archive, and nobody reads it."""

    address: str
    size_bytes: int
    written_at: datetime


class FileState(StrEnum):
    """What became of a raw file since it was loaded."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    GONE = "gone"


class OpenedPartition(Protocol):
    """The raw files of a partition while its lock is held: files can be added."""

    def find(self, export_id: str) -> RawFile | None:
        """Return the export's file if it is kept, whole, by its sidecar's sha256."""

    def part_path(self, export_id: str, run_id: str) -> Path:
        """Return where on this machine a download is written until it is complete."""

    def keep(self, part: Path, sidecar: Sidecar) -> RawFile:
        """Keep a complete download under its final name, with its sidecar; or leave nothing of it.

        Raises:
            DiskFullError: No space is left.
        """

    def local(self, raw: RawFile) -> Path:
        """Return where on this machine a file is that was found or kept here, until the partition is closed."""


class RawPartition(Protocol):
    """The raw files of one partition of one asset."""

    def opened(self) -> AbstractContextManager[OpenedPartition]:
        """Open the partition to add files, and sweep away what a killed download left.

        Only the holder of the partition's lock may call this: then no other download is under way.

        Raises:
            DiskFullError: No space is left.
        """

    def find(self, export_id: str) -> RawFile | None:
        """Return the export's file if it is kept, whole."""

    def state(self, export_id: str, sha256: str) -> FileState:
        """Say whether the export's file still has the sha256 of its load."""


class RawFileStore(Protocol):
    """All raw files of one configuration."""

    def partition(self, organization_id: str, asset: str, partition: str) -> RawPartition:
        """Return a partition; nothing of it need exist yet."""

    def files(self, organization_id: str, asset: str) -> tuple[RawFile, ...]:
        """Return an export's files, oldest first. The sidecar decides: a file in a wrong folder is not taken."""

    def organizations(self, asset: str) -> tuple[str, ...]:
        """Return the ids of all organizations that have files of an export."""

    def fetched(self, raw: RawFile, folder: Path) -> AbstractContextManager[Path]:
        """Have a file on this machine, with the sha256 that its sidecar says.

        Args:
            raw: The file.
            folder: A scratch folder, for a copy where the file is elsewhere; the copy is removed at the end.

        Raises:
            UnreadableFileError: It is not the file that its sidecar describes.
        """

    def leftovers(self, asset: str, *, before: datetime) -> Iterator[Leftover]:
        """Yield what killed processes left of an export's files, of all organizations.

        Args:
            asset: The export's asset.
            before: What was written later may be under way.
        """

    def delete(self, raw: RawFile) -> None:
        """Delete a file with its sidecar.

        Raises:
            StorageError: It cannot be deleted.
        """

    def tried(self) -> Iterator[str]:
        """Write, find, read and delete a file, and yield what works; nothing where the data folder is all there is.

        Raises:
            PipefyExportsError: What is missing.
        """


def age(raw: RawFile) -> tuple[object, ...]:
    """Return what files are sorted by, oldest first."""
    return raw.sidecar.requested_month, raw.sidecar.exported_at, raw.sidecar.export_id
