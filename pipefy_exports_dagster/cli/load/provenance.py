"""What is known of a file that came by e-mail: it has no export id, and nobody noted when it was asked for."""

import hashlib
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from pipefy_exports_dagster.cli.text import file_export_id, file_name
from pipefy_exports_dagster.errors import DiskFullError
from pipefy_exports_dagster.files.private import open_private
from pipefy_exports_dagster.orchestration.events import FROM_FILE
from pipefy_exports_dagster.orchestration.export_partition import ExportPartition
from pipefy_exports_dagster.periods import month_of
from pipefy_exports_dagster.pipefy.fingerprint import fingerprint_of
from pipefy_exports_dagster.raw_files.folder import READ_SIZE
from pipefy_exports_dagster.raw_files.sidecar import Sidecar
from pipefy_exports_dagster.raw_files.store import OpenedPartition


@dataclass(frozen=True, slots=True)
class ProvenanceOverrides:
    """What the command line says of the file; where it says nothing, there is a default."""

    requested_month: date | None
    exported_at: datetime | None


@dataclass(frozen=True, slots=True)
class Content:
    """What identifies a file's bytes."""

    sha256: str
    size_bytes: int

    @property
    def export_id(self) -> str:
        """Stands for Pipefy's id of the export."""
        return file_export_id(self.sha256)


def copy_into(raw_files: OpenedPartition, file: Path) -> tuple[Path, Content]:
    """Copy a file to where it can be archived from, under a name that is not final.

    Raises:
        DiskFullError: No space is left; nothing of the copy is.
    """
    part = raw_files.part_path("file", secrets.token_hex(4))
    digest, size = hashlib.sha256(), 0
    try:
        with file.open("rb") as source, open_private(part) as copy:
            while chunk := source.read(READ_SIZE):
                digest.update(chunk)
                size += copy.write(chunk)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if isinstance(error, DiskFullError):
            raise DiskFullError(
                f"no space is left in {part.parent}; free some and run the command again"
            ) from None
        raise
    return part, Content(digest.hexdigest(), size)


def content_of(file: Path) -> Content:
    """Return what identifies a file's bytes."""
    with file.open("rb") as source:
        return Content(hashlib.file_digest(source, "sha256").hexdigest(), os.fstat(source.fileno()).st_size)


def describe_provenance(
    file: Path,
    content: Content,
    *,
    partition: ExportPartition,
    overrides: ProvenanceOverrides,
) -> tuple[Sidecar, tuple[str, ...]]:
    """Return a file's sidecar, and what a person should know about how it came about.

    A file that is in the archive keeps what was said of it there: loaded again in another month, it
    is still the export of its own.
    """
    now = datetime.now(UTC)
    config, period_filter = partition.config, partition.period_filter.value
    this_month = month_of(now, config.zone)
    modified_at = datetime.fromtimestamp(min(file.stat().st_mtime, now.timestamp()), UTC)
    found = partition.raw_files.find(content.export_id)
    known = found.sidecar if found else None
    exported_at = overrides.exported_at or (known.exported_at if known else modified_at)
    requested_month = overrides.requested_month or (known.requested_month if known else this_month)
    request = {"source": FROM_FILE, "file_name": file_name(file)}
    sidecar = Sidecar(
        organization_id=partition.organization_id,
        asset=partition.export.asset,
        period_filter=period_filter,
        export_id=content.export_id,
        request=request,
        requested_month=requested_month,
        requested_at=exported_at,
        exported_at=exported_at,
        downloaded_at=now,
        sha256=content.sha256,
        size_bytes=content.size_bytes,
        fingerprint=fingerprint_of(config.connection.base_url, FROM_FILE, request),
    )
    notes: tuple[str, ...] = ()
    if known and not (overrides.exported_at and overrides.requested_month):
        notes = (
            f"this file is in the archive already, as exported at {known.exported_at:%Y-%m-%d %H:%M:%S} UTC, "
            f"requested in {known.requested_month:%Y-%m}; an option that is left out keeps that value",
        )
    elif not overrides.requested_month and month_of(exported_at, config.zone) != requested_month:
        notes = (
            f"{period_filter} is taken as asked for in {requested_month:%Y-%m}, but the file is of "
            f"{exported_at:%Y-%m-%d}; if it was asked for then, load it again with "
            f"--requested-month {month_of(exported_at, config.zone):%Y-%m}",
        )
    return sidecar, notes
