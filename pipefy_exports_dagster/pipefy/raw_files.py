"""The archive of record: every downloaded file, with a sidecar that says what it is.

`<data>/raw/<organization>/<asset>/<partition>/<export id>.<xlsx|csv>`, and beside it the same name with
`.json` added. Tables and history can be rebuilt from it without spending an export. The files hold
personal data, so only their owner may read them, and a group that shares the data folder. The sidecar is
written before the file gets its name, so a file under its final name always has one.
"""

import errno
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO

from pipefy_exports_dagster.errors import DiskFullError
from pipefy_exports_dagster.private_files import make_folder, open_new

SAFE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
"""No capitals: where a file system ignores case, `aB` and `Ab` would be one file."""
SUFFIXES = {".xlsx", ".csv"}
READ_SIZE = 1 << 20


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What is known of a raw file. Never its link, which is a credential.

    `size` of the file is in bytes; times are aware, in UTC; `exported_at` is when Pipefy finished the export
    or, where it does not say, when we first saw it finished.
    """

    organization_id: str
    asset: str
    period_filter: str
    export_id: str
    request: Mapping[str, Any]
    requested_month: date
    requested_at: datetime
    exported_at: datetime
    downloaded_at: datetime
    sha256: str
    size_bytes: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class RawFile:
    """A complete file of the archive."""

    path: Path
    sidecar: Sidecar


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

    def find(self, export_id: str) -> RawFile | None:
        """Return the export's file if it is here, whole, by its sidecar's sha256."""
        for path in sorted(self.path.glob(f"{safe_name(export_id)}.*")):
            sidecar = read_sidecar(path) if path.suffix in SUFFIXES else None
            if sidecar and sidecar.export_id == export_id and sha256_of(path) == sidecar.sha256:
                return RawFile(path, sidecar)
        return None

    def keep(self, part: Path, sidecar: Sidecar) -> RawFile:
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
        return RawFile(path, sidecar)

    def _forget_other_kinds(self, path: Path) -> None:
        """Remove what an earlier download of the same export left: an error page, kept as `.csv`."""
        for suffix in SUFFIXES - {path.suffix}:
            other = path.with_suffix(suffix)
            sidecar_path(other).unlink(missing_ok=True)
            other.unlink(missing_ok=True)


def asset_folder(asset: str) -> str:
    """Return an asset's name, with its prefix, as the name of a folder: `acme__automation_jobs_export`."""
    return safe_name(asset.replace("/", "__"))


def safe_name(text: str) -> str:
    """Return text as the name of a file: itself where that is safe, otherwise a digest tells it apart.

    An export id comes from a server, so `../../x` must not leave the folder.
    """
    if SAFE_NAME.fullmatch(text):
        return text
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]
    readable = re.sub(r"[^a-z0-9_-]+", "-", text[:200].lower()).strip("-_")[:60]
    # The tilde is in no safe name, so a digest cannot be forged by an id that looks like one.
    return f"{readable or 'id'}~{digest}"


def suffix_for(path: Path) -> str:
    """Return `.xlsx` for a ZIP container, `.csv` for anything else; readers look at the content anyway."""
    with path.open("rb") as file:
        return ".xlsx" if file.read(4) == b"PK\x03\x04" else ".csv"


def sidecar_path(path: Path) -> Path:
    """Return the path of a raw file's sidecar."""
    return path.with_name(path.name + ".json")


def write_sidecar(path: Path, sidecar: Sidecar) -> None:
    """Write a raw file's sidecar, atomically."""
    target = sidecar_path(path)
    part = target.with_name(target.name + ".part")
    text = json.dumps(asdict(sidecar), default=_json_value, indent=2, ensure_ascii=False)
    try:
        with open_private(part) as file:
            file.write(text.encode())
        part.replace(target)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def read_sidecar(path: Path) -> Sidecar | None:
    """Read a raw file's sidecar; None if there is none, or none that can be used."""
    try:
        stored = json.loads(sidecar_path(path).read_bytes())
        # A later version may know more; what this one knows is enough for it.
        stored = {known.name: stored[known.name] for known in fields(Sidecar)}
        stored["requested_month"] = date.fromisoformat(stored["requested_month"])
        for name in ("requested_at", "exported_at", "downloaded_at"):
            stored[name] = datetime.fromisoformat(stored[name])
        return Sidecar(**stored)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def sha256_of(path: Path) -> str:
    """Return a file's sha256 as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
    """Say what to do where no space is left.

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


def _json_value(value: Any) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
