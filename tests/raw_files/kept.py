"""Raw files to keep in a store."""

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime

from pipefy_exports_dagster.files.private import open_private
from pipefy_exports_dagster.raw_files.sidecar import Sidecar
from pipefy_exports_dagster.raw_files.store import RawFile, RawFileStore

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ASSET = "acme/automation_jobs_export"
CONTENT = b"a,b\n1,2\n"


def sidecar_of(export_id: str, content: bytes = CONTENT, **others: object) -> Sidecar:
    sidecar = Sidecar(
        organization_id="300",
        asset=ASSET,
        period_filter="last_month",
        export_id=export_id,
        request={"filter": "last_month", "título": "ção"},
        requested_month=date(2026, 11, 1),
        requested_at=NOON,
        exported_at=NOON,
        downloaded_at=NOON,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        fingerprint="f",
    )
    return replace(sidecar, **others)  # type: ignore[arg-type]


def add(store: RawFileStore, sidecar: Sidecar, content: bytes = CONTENT) -> RawFile:
    """Keep a file in the partition that its sidecar names."""
    partition = store.partition(sidecar.organization_id, sidecar.asset, sidecar.period_filter)
    with partition.opened() as opened:
        part = opened.part_path(sidecar.export_id, "run-1")
        with open_private(part) as file:
            file.write(content)
        return opened.keep(part, sidecar)
