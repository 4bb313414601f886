"""Where a test's project keeps its tables and raw files: in a DuckDB file and a folder, or in a lake and a bucket.

The fixtures that make projects ask for `stores`, so a test is run over both by its marker alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from pipefy_exports_dagster.tables.copying import copy_tables
from pipefy_exports_dagster.tables.stores import table_store
from support.needs import needs_scale
from support.project import Project
from support.raw_places import move, objects
from support.servers import Bucket

FILE_AND_FOLDER, LAKE_AND_BUCKET = "file and folder", "lake and bucket"

over_all_stores = pytest.mark.parametrize("stores", [FILE_AND_FOLDER, LAKE_AND_BUCKET], indirect=True)
"""For a test whose claim is about any project, wherever its tables and raw files are."""


@dataclass(frozen=True)
class Stores:
    """One place of tables and one of raw files, as settings."""

    environment: Mapping[str, str]
    raw_files: str | None = None

    def objects(self) -> dict[str, bytes]:
        """All that is in the bucket, where there is one."""
        return objects(self.raw_files) if self.raw_files else {}

    def take(self, project: Project) -> Project:
        """Let a project keep everything there from now on, with what it has."""
        if self.environment:
            project.environment |= self.environment
            move(project, self.raw_files)
            if project.database.exists():
                list(copy_tables(project.database, table_store(project.config), lock_timeout_s=10))
                project.database.unlink()
                project.read_copy.unlink(missing_ok=True)
        return project


@pytest.fixture
def stores(request: pytest.FixtureRequest) -> Stores:
    if getattr(request, "param", FILE_AND_FOLDER) == FILE_AND_FOLDER:
        return Stores({})
    needs_scale()
    catalog, bucket = request.getfixturevalue("catalog"), request.getfixturevalue("bucket")
    assert isinstance(bucket, Bucket)
    raw_files = f"{bucket.address}/raw"
    settings = {
        "PIPEFY_EXPORTS_LAKE_DATA_PATH": f"{bucket.address}/tables",
        "PIPEFY_EXPORTS_RAW_FILES": raw_files,
    }
    return Stores(catalog.environment | bucket.environment | settings, raw_files)
