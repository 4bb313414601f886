"""The raw files of a partition in an object store.

There is no rename: an object is written whole under its final key. So the sidecar is written last, and it is the mark
that the file is whole, where it says the size and ETag that the store says. ETags, because obstore does not tell the
store's other checksums: a store makes them from the content. One that differs says only that the object was written
again, such as by `aws s3 sync`; its sha256 is taken then.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipefy_exports_dagster.errors import StoreUnavailableError
from pipefy_exports_dagster.files.names import safe_name
from pipefy_exports_dagster.locks.scratch import scratch_in
from pipefy_exports_dagster.raw_files.bucket import Bucket, ObjectFacts
from pipefy_exports_dagster.raw_files.folder import SUFFIXES, suffix_for
from pipefy_exports_dagster.raw_files.sidecar import Sidecar, parse_sidecar, sidecar_text
from pipefy_exports_dagster.raw_files.store import FileState, RawFile

ETAG = "etag"
"""What a sidecar holds in a bucket beside its fields."""


@dataclass(frozen=True, slots=True)
class BucketFile:
    """A complete file of the archive. `etag` is what the store said of it when it was kept."""

    address: str
    sidecar: Sidecar
    etag: str | None = None

    @property
    def name(self) -> str:
        """The last part of its key."""
        return self.address.rpartition("/")[2]

    def is_as_kept(self, facts: ObjectFacts) -> bool:
        """Whether the store says of the object what it said when it was kept."""
        return self.etag is not None and (self.sidecar.size_bytes, self.etag) == (
            facts.size_bytes,
            facts.etag,
        )


@dataclass(frozen=True, slots=True)
class BucketPartition:
    """The keys of one partition of one asset. Downloads are written to `scratch`, a folder of this machine."""

    bucket: Bucket
    prefix: str
    scratch: Path

    @contextmanager
    def opened(self) -> Iterator["OpenedBucketPartition"]:
        """Open the partition, with a scratch folder that is gone at the end."""
        self.bucket.get(
            f"{self.prefix}/.probe"
        )  # a wrong key or bucket is known before an export is asked for
        with scratch_in(self.scratch, beside="the data folder") as folder:
            yield OpenedBucketPartition(self, folder)

    def keys(self, export_id: str) -> list[str]:
        """Return the keys that an export's file may have."""
        return [f"{self.prefix}/{safe_name(export_id)}{suffix}" for suffix in sorted(SUFFIXES)]

    def find(self, export_id: str) -> BucketFile | None:
        """Return the export's file if it is kept, by its sidecar and its size."""
        for key in self.keys(export_id):
            file = read_file(self.bucket, key)
            if file and file.sidecar.export_id == export_id:
                facts = self.bucket.head(key)
                if facts and facts.size_bytes == file.sidecar.size_bytes:
                    return file
        return None

    def state(self, export_id: str, sha256: str) -> FileState:
        """Say whether the export's file still has the sha256 of its load; it is read only if the ETag is another."""
        there = False
        for key in self.keys(export_id):
            file = read_file(self.bucket, key)
            facts = self.bucket.head(key)
            if facts is None:
                continue
            there = True
            if file and file.sidecar.sha256 == sha256 and file.is_as_kept(facts):
                return FileState.UNCHANGED
            if self.bucket.sha256(key) == sha256:
                return FileState.UNCHANGED
        return FileState.CHANGED if there else FileState.GONE


@dataclass(frozen=True, slots=True)
class OpenedBucketPartition:
    """A partition whose files can be added, with the files that were downloaded or fetched here."""

    partition: BucketPartition
    folder: Path
    fetched: dict[str, Path] = field(default_factory=dict)

    def find(self, export_id: str) -> BucketFile | None:
        """Return the export's file if it is kept, whole, by its sidecar's sha256. It is then on this machine."""
        file = self.partition.find(export_id)
        if file is None:
            return None
        path, bucket = self.folder / file.name, self.partition.bucket
        if bucket.download(bucket.key(file.address), path) != file.sidecar.sha256:
            path.unlink(missing_ok=True)
            return None
        self.fetched[file.address] = path
        return file

    def part_path(self, export_id: str, run_id: str) -> Path:
        """Return where a download is written until it is complete."""
        return self.folder / f"{safe_name(export_id)}.{safe_name(run_id)}.part"

    def keep(self, part: Path, sidecar: Sidecar) -> BucketFile:
        """Put a complete download to its final key, then its sidecar.

        Raises:
            StoreUnavailableError: The store did not take it; another try may work.
            StorageError: The store refused it.
        """
        bucket = self.partition.bucket
        name = f"{safe_name(sidecar.export_id)}{suffix_for(part)}"
        key = f"{self.partition.prefix}/{name}"
        path = self.folder / name
        try:
            facts = _put_whole(bucket, key, part, sidecar.size_bytes)
            text = json.loads(sidecar_text(sidecar)) | {ETAG: facts.etag}
            bucket.put(f"{key}.json", json.dumps(text, indent=2, ensure_ascii=False).encode())
            part.replace(path)
        except BaseException:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise
        self._forget_other_kinds(key, sidecar.export_id)
        file = BucketFile(bucket.address(key), sidecar, facts.etag)
        self.fetched[file.address] = path
        return file

    def local(self, raw: RawFile) -> Path:
        """Return where a file is that was found or kept here."""
        return self.fetched[raw.address]

    def _forget_other_kinds(self, key: str, export_id: str) -> None:
        """Remove what an earlier download of the same export left: an error page, kept as `.csv`."""
        bucket = self.partition.bucket
        for other in self.partition.keys(export_id):
            if other != key and bucket.head(f"{other}.json"):
                bucket.delete(f"{other}.json")
                bucket.delete(other)


def read_file(bucket: Bucket, key: str) -> BucketFile | None:
    """Return what the sidecar of a key says; None if there is none, or none that can be used."""
    stored = bucket.get(f"{key}.json")
    sidecar = parse_sidecar(stored) if stored is not None else None
    if stored is None or sidecar is None:
        return None
    etag = json.loads(stored).get(ETAG)
    return BucketFile(bucket.address(key), sidecar, etag if isinstance(etag, str) else None)


def _put_whole(bucket: Bucket, key: str, part: Path, size_bytes: int) -> ObjectFacts:
    bucket.put(key, part)
    facts = bucket.head(key)
    if facts and facts.size_bytes == size_bytes:
        return facts
    raise StoreUnavailableError(
        f"{bucket.address(key)} was written, and is not there whole; another program writes to it"
    )
