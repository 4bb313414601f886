"""What materializations say about a partition: the other side of what a check finds in the table."""

from dataclasses import dataclass, field

import dagster as dg

from pipefy_exports_dagster.orchestration.events import Materialized, materializations
from pipefy_exports_dagster.orchestration.metadata.column_changes import ColumnChanges, changes_of
from pipefy_exports_dagster.orchestration.metadata.file_contents import StoredContents


@dataclass(frozen=True, slots=True)
class Load:
    """A load of a partition, by its materialization.

    `rows` were counted in the file before the load, and in the table before its commit; `file` is the file's
    address, which has this `sha256` if it has not been changed since.
    """

    rows: int
    export_id: str
    organization_id: str
    file: str
    sha256: str
    column_count: int
    changes: ColumnChanges
    contents: StoredContents = field(default_factory=StoredContents)


def newest_loads(
    instance: dg.DagsterInstance, asset: dg.AssetKey, partition: str, *, limit: int = 2
) -> list[Load]:
    """Return a partition's newest loads, newest first. Materializations that are not ours are left out."""
    newest = materializations(instance, asset, partition, limit=limit)
    return [load for materialized in newest if (load := _load(materialized))]


def _load(materialized: Materialized) -> Load | None:
    rows, columns, file = materialized.rows, materialized.column_count, materialized.file
    organization_id, sha256 = materialized.organization_id, materialized.sha256
    if rows is None or columns is None or file is None or organization_id is None or sha256 is None:
        return None
    return Load(
        rows=rows,
        export_id=materialized.export_id,
        organization_id=organization_id,
        file=file,
        sha256=sha256,
        column_count=columns,
        changes=changes_of(materialized.metadata),
        contents=StoredContents.of(materialized.metadata),
    )
