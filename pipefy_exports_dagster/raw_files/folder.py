"""The archive of record: every downloaded file, with a sidecar that says what it is.

`<data>/raw/<organization>/<asset>/<partition>/<export id>.<xlsx|csv>`, and beside it the same name with
`.json` added. Tables and history can be rebuilt from it without spending an export. The files hold
personal data, so only their owner may read them, and a group that shares the data folder. The sidecar is
written before the file gets its name, so a file under its final name always has one.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pipefy_exports_dagster.files.names import safe_name
from pipefy_exports_dagster.files.private import full_disk_named, make_folder
from pipefy_exports_dagster.raw_files.sidecar import Sidecar, read_sidecar, sidecar_path, write_sidecar
from pipefy_exports_dagster.raw_files.store import FileState, RawFile

SUFFIXES = {".xlsx", ".csv"}
READ_SIZE = 1 << 20


@dataclass(frozen=True, slots=True)
class FolderFile:
    """A complete file of the archive."""

    path: Path
    sidecar: Sidecar

    @property
    def address(self) -> str:
        """Its path."""
        return str(self.path)

    @property
    def name(self) -> str:
        """Its name in its folder."""
        return self.path.name


@dataclass(frozen=True, slots=True)
class RawFolder:
    """The folder of one partition of one asset."""

    path: Path

    @classmethod
    def of(cls, data_dir: Path, organization_id: str, asset: str, partition: str) -> "RawFolder":
        """Return the folder for a partition; it need not exist yet."""
        return cls(
            data_dir.joinpath("raw", safe_name(organization_id), asset_folder(asset), safe_name(partition))
        )

    @contextmanager
    def opened(self) -> Iterator["RawFolder"]:
        """Make the folder, where downloads are written beside the files that are kept."""
        self.create()
        yield self

    def create(self) -> None:
        """Make the folder, and sweep away what a killed download left.

        Only the holder of the partition's lock may call this: then no other download is under way.
        """
        with full_disk_named(self.path):
            make_folder(self.path, root=self.path.parents[3])
        for leftover in self.path.glob("*.part"):
            leftover.unlink(missing_ok=True)

    def part_path(self, export_id: str, run_id: str) -> Path:
        """Return where a download is written until it is complete."""
        return self.path / f"{safe_name(export_id)}.{safe_name(run_id)}.part"

    def find(self, export_id: str) -> FolderFile | None:
        """Return the export's file if it is here, whole, by its sidecar's sha256."""
        for path in (self.path / f"{safe_name(export_id)}{suffix}" for suffix in sorted(SUFFIXES)):
            sidecar = read_sidecar(path) if path.exists() else None
            if sidecar and sidecar.export_id == export_id and sha256_of(path) == sidecar.sha256:
                return FolderFile(path, sidecar)
        return None

    def keep(self, part: Path, sidecar: Sidecar) -> FolderFile:
        """Give a complete download its final name, atomically, with its sidecar; or leave nothing of it.

        Raises:
            DiskFullError: No space is left.
        """
        path = self.path / f"{safe_name(sidecar.export_id)}{suffix_for(part)}"
        try:
            write_sidecar(path, sidecar)
            part.replace(path)
        except BaseException:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise
        self._forget_other_kinds(path)
        return FolderFile(path, sidecar)

    def local(self, raw: RawFile) -> Path:
        """Return a file's path: it is on this machine."""
        return Path(raw.address)

    def state(self, export_id: str, sha256: str) -> FileState:
        """Say whether the export's file still has the sha256 of its load."""
        found = [
            path for path in sorted(self.path.glob(f"{safe_name(export_id)}.*")) if path.suffix in SUFFIXES
        ]
        try:
            digests = [sha256_of(path) for path in found]
        except OSError:
            return FileState.GONE
        if not digests:
            return FileState.GONE
        return FileState.UNCHANGED if sha256 in digests else FileState.CHANGED

    def _forget_other_kinds(self, path: Path) -> None:
        """Remove what an earlier download of the same export left: an error page, kept as `.csv`."""
        for suffix in SUFFIXES - {path.suffix}:
            other = path.with_suffix(suffix)
            sidecar_path(other).unlink(missing_ok=True)
            other.unlink(missing_ok=True)


def asset_folder(asset: str) -> str:
    """Return an asset's name, with its prefix, as the name of a folder: `acme__automation_jobs_export`."""
    return safe_name(asset.replace("/", "__"))


def suffix_for(path: Path) -> str:
    """Return `.xlsx` for a ZIP container, `.csv` for anything else; readers look at the content anyway."""
    with path.open("rb") as file:
        return ".xlsx" if file.read(4) == b"PK\x03\x04" else ".csv"


def sha256_of(path: Path) -> str:
    """Return a file's sha256 as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
