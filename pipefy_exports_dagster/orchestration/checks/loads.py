"""What materializations say about a partition: the other side of what a check finds in the table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg

from pipefy_exports_dagster.orchestration.checks.column_changes import ColumnChanges, changes_of
from pipefy_exports_dagster.orchestration.ledger import EXPORT_ID
from pipefy_exports_dagster.orchestration.metadata.file_contents import StoredContents


@dataclass(frozen=True, slots=True)
class Load:
    """A load of a partition, by its materialization.

    `rows` were counted in the file before the load, and in the table before its commit; `file` has
    this `sha256`, if it has not been changed since.
    """

    rows: int
    export_id: str
    organization_id: str
    file: Path
    sha256: str
    column_count: int
    changes: ColumnChanges
    contents: StoredContents = field(default_factory=StoredContents)


def newest_loads(
    instance: dg.DagsterInstance, asset: dg.AssetKey, partition: str, *, limit: int = 2
) -> list[Load]:
    """Return a partition's newest loads, newest first. Materializations that are not ours are left out."""
    filter_ = dg.AssetRecordsFilter(asset, asset_partitions=[partition])
    records = instance.fetch_materializations(filter_, limit=limit).records
    loads = (
        _load(record.asset_materialization.metadata) for record in records if record.asset_materialization
    )
    return [load for load in loads if load]


def _load(metadata: Mapping[str, dg.MetadataValue]) -> Load | None:
    def text(name: str) -> str:
        return str(metadata[name].value)

    try:
        return Load(
            rows=int(text("dagster/row_count")),
            export_id=text(EXPORT_ID),
            organization_id=text("pipefy/organization_id"),
            file=Path(text("pipefy/file")),
            sha256=text("pipefy/sha256"),
            column_count=int(text("pipefy/column_count")),
            changes=changes_of(metadata),
            contents=StoredContents.of(metadata),
        )
    except (KeyError, ValueError):
        return None
