"""The archive in an object store, under the names that a folder has.

`<prefix>/<organization>/<asset>/<partition>/<export id>.<xlsx|csv>`, and beside it the same name with `.json` added.
"""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from pipefy_exports_dagster.config.stores import OBJECT_STORE
from pipefy_exports_dagster.errors import StoreUnavailableError, UnreadableFileError
from pipefy_exports_dagster.files.names import safe_name
from pipefy_exports_dagster.raw_files.archive import PERIODS
from pipefy_exports_dagster.raw_files.bucket import Bucket, ObjectFacts
from pipefy_exports_dagster.raw_files.bucket_partition import BucketFile, BucketPartition, read_file
from pipefy_exports_dagster.raw_files.folder import SUFFIXES, asset_folder
from pipefy_exports_dagster.raw_files.store import Leftover, RawFile, age

AT_ONCE = 16
"""Sidecars that are read at the same time: a listing does not bring their content."""


@dataclass(frozen=True, slots=True)
class BucketArchive:
    """All raw files below a prefix of a bucket."""

    bucket: Bucket
    prefix: str
    data_dir: Path

    @classmethod
    def at(cls, address: str, data_dir: Path) -> "BucketArchive":
        """Return the archive at an address that the configuration has checked."""
        found = OBJECT_STORE.fullmatch(address)
        assert found, "the configuration has checked it"  # noqa: S101
        return cls(Bucket(found["bucket"]), (found["prefix"] or "").strip("/"), data_dir)

    def partition(self, organization_id: str, asset: str, partition: str) -> BucketPartition:
        """Return the keys of a partition."""
        prefix = self._below(safe_name(organization_id), asset_folder(asset), safe_name(partition))
        return BucketPartition(self.bucket, prefix, self.data_dir / ".pipefy_exports_raw_files")

    def files(self, organization_id: str, asset: str) -> tuple[BucketFile, ...]:
        """Return an export's files, oldest first: one listing, then the sidecars, several at once."""
        found = _whole(self.bucket.below(self._below(safe_name(organization_id), asset_folder(asset))))
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sidecars") as pool:
            files = pool.map(lambda facts: self._file_of(facts, asset), found)
            return tuple(
                sorted(
                    (file for file in files if file and file.sidecar.organization_id == organization_id),
                    key=age,
                )
            )

    def organizations(self, asset: str) -> tuple[str, ...]:
        """Return the ids of all organizations that have files of an export."""
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="organizations") as pool:
            ids = pool.map(lambda folder: self._organization(folder, asset), self.bucket.folders(self.prefix))
            return tuple(sorted({id_ for id_ in ids if id_ is not None}))

    @contextmanager
    def fetched(self, raw: RawFile, folder: Path) -> Iterator[Path]:
        """Have a copy of a file in a folder of this machine."""
        path = folder / raw.name
        try:
            if self.bucket.download(self.bucket.key(raw.address), path) != raw.sidecar.sha256:
                raise UnreadableFileError(
                    f"{raw.address} is not the file that its sidecar describes: its sha256 differs",
                    detected="a file that was changed or is gone",
                )
            yield path
        finally:
            path.unlink(missing_ok=True)

    def leftovers(self, asset: str, *, before: datetime) -> Iterator[Leftover]:
        """Yield objects whose sidecar was not written, which the next run of their export would write."""
        for organization in self.bucket.folders(self.prefix):
            place = self._below(organization, asset_folder(asset))
            files = {facts.key: facts for facts in self.bucket.below(place)}
            for key, facts in files.items():
                partition, _, name = key.removeprefix(f"{place}/").partition("/")
                is_ours = partition in PERIODS and "/" not in name and PurePosixPath(name).suffix in SUFFIXES
                if is_ours and f"{key}.json" not in files and facts.written_at < before:
                    yield Leftover(self.bucket.address(key), facts.size_bytes, facts.written_at)

    def delete(self, raw: RawFile) -> None:
        """Delete a file, then its sidecar, which alone is no file of the archive."""
        key = self.bucket.key(raw.address)
        self.bucket.delete(key)
        self.bucket.delete(f"{key}.json")

    def tried(self) -> Iterator[str]:
        """Write, list, read and delete a small object."""
        folder = self._below(f".doctor-{secrets.token_hex(8)}")
        key, content = f"{folder}/object", b"written by pipefy-exports doctor"
        self.bucket.put(key, content)
        try:
            listed = [facts.key for facts in self.bucket.below(folder)]
            if listed != [key] or self.bucket.get(key) != content:
                raise StoreUnavailableError(f"{self.bucket.address(key)} was written, and is not there")
        finally:
            self.bucket.delete(key)
        yield (
            f"{self.bucket.address(self.prefix).rstrip('/')} at {self.bucket.host}: an object was written, listed, "
            "read and deleted"
        )

    def _below(self, *parts: str) -> str:
        return "/".join(part for part in (self.prefix, *parts) if part)

    def _file_of(self, facts: ObjectFacts, asset: str) -> BucketFile | None:
        file = read_file(self.bucket, facts.key)
        if file is None or file.sidecar.asset != asset or file.sidecar.period_filter not in PERIODS:
            return None
        return file if file.sidecar.size_bytes == facts.size_bytes else None

    def _organization(self, folder: str, asset: str) -> str | None:
        """Return the id of the organization that a folder is of, by the first sidecar that says it."""
        for facts in _whole(self.bucket.below(self._below(folder, asset_folder(asset)))):
            file = self._file_of(facts, asset)
            if file and safe_name(file.sidecar.organization_id) == folder:
                return file.sidecar.organization_id
        return None


def _whole(found: Iterator[ObjectFacts]) -> Iterator[ObjectFacts]:
    """Yield the files that have a sidecar, as soon as both were listed."""
    files: dict[str, ObjectFacts] = {}
    sidecars: set[str] = set()
    for facts in found:
        key = facts.key.removesuffix(".json")
        if PurePosixPath(key).suffix not in SUFFIXES:
            continue
        if key == facts.key:
            files[key] = facts
        else:
            sidecars.add(key)
        if key in files and key in sidecars:
            yield files[key]
