"""The raw files of an export, by their sidecars."""

from collections.abc import Iterator
from pathlib import Path

from pipefy_exports_dagster.files.names import safe_name
from pipefy_exports_dagster.periods import PeriodFilter
from pipefy_exports_dagster.raw_files.folder import SUFFIXES, RawFile, asset_folder
from pipefy_exports_dagster.raw_files.sidecar import read_sidecar

PERIODS = {period.value for period in PeriodFilter}


def archived_files(data_dir: Path, organization_id: str, export: str) -> tuple[RawFile, ...]:
    """Return an export's files, oldest first. The sidecar decides: a file in a wrong folder is not taken."""
    folder = data_dir.joinpath("raw", safe_name(organization_id), asset_folder(export))
    files = [file for file in _files(folder, export) if file.sidecar.organization_id == organization_id]
    return tuple(sorted(files, key=_age))


def archived_organizations(data_dir: Path, export: str) -> tuple[str, ...]:
    """Return the ids of all organizations that have files of an export."""
    found = {
        file.sidecar.organization_id
        for folder in sorted((data_dir / "raw").glob(f"*/{asset_folder(export)}"))
        for file in _files(folder, export)
        if safe_name(file.sidecar.organization_id) == folder.parent.name
    }
    return tuple(sorted(found))


def _files(folder: Path, export: str) -> Iterator[RawFile]:
    for path in sorted(folder.glob("*/*")):
        sidecar = read_sidecar(path) if path.suffix in SUFFIXES else None
        if sidecar and sidecar.asset == export and sidecar.period_filter in PERIODS:
            yield RawFile(path, sidecar)


def _age(file: RawFile) -> tuple[object, ...]:
    return file.sidecar.requested_month, file.sidecar.exported_at, file.sidecar.export_id
