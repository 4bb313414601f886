"""The raw files of an export in a folder, by their sidecars."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipefy_exports_dagster.errors import StorageError, UnreadableFileError
from pipefy_exports_dagster.files.names import safe_name
from pipefy_exports_dagster.periods import PeriodFilter
from pipefy_exports_dagster.raw_files.folder import (
    SUFFIXES,
    FolderFile,
    RawFolder,
    asset_folder,
    sha256_of,
)
from pipefy_exports_dagster.raw_files.sidecar import read_sidecar, sidecar_path
from pipefy_exports_dagster.raw_files.store import Leftover, RawFile, age

PERIODS = {period.value for period in PeriodFilter}


@dataclass(frozen=True, slots=True)
class FolderArchive:
    """All raw files of a data folder."""

    data_dir: Path

    def partition(self, organization_id: str, asset: str, partition: str) -> RawFolder:
        """Return the folder of a partition; it need not exist yet."""
        return RawFolder.of(self.data_dir, organization_id, asset, partition)

    def files(self, organization_id: str, asset: str) -> tuple[FolderFile, ...]:
        """Return an export's files, oldest first."""
        return archived_files(self.data_dir, organization_id, asset)

    def organizations(self, asset: str) -> tuple[str, ...]:
        """Return the ids of all organizations that have files of an export."""
        return archived_organizations(self.data_dir, asset)

    @contextmanager
    def fetched(self, raw: RawFile, folder: Path) -> Iterator[Path]:  # noqa: ARG002 - it is on this machine
        """Have a file on this machine, where it is."""
        path = Path(raw.address)
        if not _is_there(path, raw.sidecar.sha256):
            raise UnreadableFileError(
                f"{path} is not the file that its sidecar describes: its sha256 differs",
                detected="a file that was changed or is gone",
            )
        yield path

    def leftovers(self, asset: str, *, before: datetime) -> Iterator[Leftover]:
        """Yield half downloads, which the next run of their partition would remove."""
        for path in sorted((self.data_dir / "raw").glob(f"*/{asset_folder(asset)}/*/*.part")):
            try:
                facts = path.stat()
            except FileNotFoundError:  # a run has just removed it
                continue
            written_at = datetime.fromtimestamp(facts.st_mtime, UTC)
            if path.parent.name in PERIODS and written_at < before:
                yield Leftover(str(path), facts.st_size, written_at)

    def delete(self, raw: RawFile) -> None:
        """Delete a file, then its sidecar: a file under its final name always has one.

        Raises:
            StorageError: It cannot be deleted.
        """
        path = Path(raw.address)
        try:
            path.unlink(missing_ok=True)
            sidecar_path(path).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{path} cannot be deleted: {error.strerror}") from None

    def tried(self) -> Iterator[str]:
        """Yield nothing: the data folder is looked at for all that is in it."""
        return iter(())


def archived_files(data_dir: Path, organization_id: str, export: str) -> tuple[FolderFile, ...]:
    """Return an export's files, oldest first. The sidecar decides: a file in a wrong folder is not taken."""
    folder = data_dir.joinpath("raw", safe_name(organization_id), asset_folder(export))
    files = [file for file in _files(folder, export) if file.sidecar.organization_id == organization_id]
    return tuple(sorted(files, key=age))


def archived_organizations(data_dir: Path, export: str) -> tuple[str, ...]:
    """Return the ids of all organizations that have files of an export."""
    found = {
        file.sidecar.organization_id
        for folder in sorted((data_dir / "raw").glob(f"*/{asset_folder(export)}"))
        for file in _files(folder, export)
        if safe_name(file.sidecar.organization_id) == folder.parent.name
    }
    return tuple(sorted(found))


def _is_there(path: Path, sha256: str) -> bool:
    try:
        return sha256_of(path) == sha256
    except FileNotFoundError:
        return False


def _files(folder: Path, export: str) -> Iterator[FolderFile]:
    for path in sorted(folder.glob("*/*")):
        sidecar = read_sidecar(path) if path.suffix in SUFFIXES else None
        if sidecar and sidecar.asset == export and sidecar.period_filter in PERIODS:
            yield FolderFile(path, sidecar)
