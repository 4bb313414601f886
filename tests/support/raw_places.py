"""Where a test keeps its raw files: it is run once for each place."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipefy_exports_dagster.raw_files.configured import raw_file_store
from pipefy_exports_dagster.raw_files.store import RawFile, RawFileStore
from pipefy_exports_dagster.sandbox import ORGANIZATION_ID
from support.project import JOBS, Project
from support.servers import Bucket

if TYPE_CHECKING:
    from obstore.store import S3Store

FOLDER, BUCKET = "folder", "bucket"


@pytest.fixture(params=[FOLDER, BUCKET])
def raw_files_at(request: pytest.FixtureRequest) -> str | None:
    """What the configuration says of raw files: nothing, or an object store, whose keys are in the environment."""
    if request.param == FOLDER:
        return None
    pytest.importorskip("obstore", reason="the extra [scale] is not installed")
    bucket: Bucket = request.getfixturevalue("bucket")
    return f"{bucket.address}/raw"


def place(project: Project, raw_files_at: str | None) -> Project:
    """Let a project keep its raw files there from now on."""
    if raw_files_at:
        of_aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        project.environment |= of_aws | {"PIPEFY_EXPORTS_RAW_FILES": raw_files_at}
    return project


def store_of(project: Project) -> RawFileStore:
    return raw_file_store(project.config)


def files_of(
    project: Project, asset: str = JOBS, organization_id: str = ORGANIZATION_ID
) -> tuple[RawFile, ...]:
    return store_of(project).files(organization_id, asset)


def content_of(project: Project, raw: RawFile, scratch: Path) -> bytes:
    with store_of(project).fetched(raw, scratch) as path:
        return path.read_bytes()


def overwrite(raw: RawFile, content: bytes) -> None:
    """Put another content in a file's place, as another program would."""
    if "://" not in raw.address:
        Path(raw.address).write_bytes(content)
        return

    import obstore

    bucket, _, key = raw.address.removeprefix("s3://").partition("/")
    obstore.put(_bucket(bucket), key, content)


def move(project: Project, raw_files_at: str | None) -> Project:
    """Copy a project's folder of raw files to where they are to be, as `aws s3 sync` does, and remove the folder."""
    folder = project.data_dir / "raw"
    if raw_files_at:
        import obstore

        bucket, _, prefix = raw_files_at.removeprefix("s3://").partition("/")
        for path in (path for path in folder.rglob("*") if path.is_file()):
            obstore.put(_bucket(bucket), f"{prefix}/{path.relative_to(folder)}", path)
            path.unlink()
    return place(project, raw_files_at)


def objects(raw_files_at: str) -> dict[str, bytes]:
    """All that is in the bucket."""
    import obstore

    store = _bucket(raw_files_at.removeprefix("s3://").partition("/")[0])
    keys = [found["path"] for chunk in obstore.list(store) for found in chunk]
    return {key: bytes(obstore.get(store, key).bytes()) for key in keys}


def _bucket(name: str) -> "S3Store":
    from obstore.store import S3Store

    return S3Store(name, client_options={"allow_http": True})
