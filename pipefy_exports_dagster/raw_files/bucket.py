"""A bucket of an object store: whole objects, by their keys."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipefy_exports_dagster.files.private import open_private
from pipefy_exports_dagster.raw_files.bucket_errors import bucket_errors
from pipefy_exports_dagster.raw_files.bucket_opening import host_of, open_store

if TYPE_CHECKING:
    from obstore.store import S3Store

PART_SIZE = 8 << 20
"""Of an upload in parts, of which four are under way at once; S3 takes ten thousand."""
PARTS_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What the store says of an object. `etag` changes with its content; `written_at` is by the store's clock."""

    key: str
    size_bytes: int
    etag: str | None
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket. Each method raises StoreUnavailableError, or StorageError where another try would not help."""

    name: str

    def address(self, key: str) -> str:
        """Return an object's address, for people."""
        return f"s3://{self.name}/{key}"

    def key(self, address: str) -> str:
        """Return the key of an address in this bucket."""
        return address.removeprefix(f"s3://{self.name}/")

    @property
    def host(self) -> str:
        """Where the object store is, for messages."""
        return host_of(os.environ)

    def put(self, key: str, content: Path | bytes) -> None:
        """Write an object: all of it or, if that fails, nothing."""
        store = self._store()
        import obstore

        with self._errors(f"writing {self.address(key)}"):
            obstore.put(store, key, content, chunk_size=PART_SIZE, max_concurrency=PARTS_AT_ONCE)

    def head(self, key: str) -> ObjectFacts | None:
        """Return what the store says of an object; None if there is none."""
        store = self._store()
        import obstore

        try:
            with self._errors(f"asking for {self.address(key)}", may_be_absent=True):
                found = obstore.head(store, key)
        except FileNotFoundError:
            return None
        return ObjectFacts(key, found["size"], found["e_tag"], found["last_modified"])

    def get(self, key: str) -> bytes | None:
        """Return a small object; None if there is none."""
        chunks = self._chunks(key)
        return None if chunks is None else b"".join(chunks)

    def download(self, key: str, target: Path) -> str | None:
        """Write an object to a file of this machine, and return its sha256; None if there is none.

        Raises:
            DiskFullError: No space is left.
        """
        chunks = self._chunks(key)
        if chunks is None:
            return None
        digest = hashlib.sha256()
        with open_private(target) as file:
            for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
        return digest.hexdigest()

    def sha256(self, key: str) -> str | None:
        """Read an object, and return its sha256; None if there is none."""
        chunks = self._chunks(key)
        if chunks is None:
            return None
        digest = hashlib.sha256()
        for chunk in chunks:
            digest.update(chunk)
        return digest.hexdigest()

    def below(self, prefix: str) -> Iterator[ObjectFacts]:
        """Yield the objects below a key, in the order of their keys; the store gives a thousand with a request."""
        store = self._store()
        import obstore

        with self._errors(f"listing {self.address(prefix)}"):
            for chunk in obstore.list(store, prefix or None, chunk_size=1000):
                for found in chunk:
                    yield ObjectFacts(found["path"], found["size"], found["e_tag"], found["last_modified"])

    def folders(self, prefix: str) -> list[str]:
        """Return the next part of all keys below a key."""
        store = self._store()
        import obstore

        with self._errors(f"listing {self.address(prefix)}"):
            found = obstore.list_with_delimiter(store, prefix or None)
        return sorted(folder.rpartition("/")[2] for folder in found["common_prefixes"])

    def delete(self, key: str) -> None:
        """Delete an object, if there is one."""
        store = self._store()
        import obstore

        with self._errors(f"deleting {self.address(key)}"):
            obstore.delete(store, key)

    def _chunks(self, key: str) -> Iterable[bytes] | None:
        store = self._store()
        import obstore

        doing = f"reading {self.address(key)}"
        try:
            with self._errors(doing, may_be_absent=True):
                stream = obstore.get(store, key).stream()
        except FileNotFoundError:
            return None

        def read() -> Iterator[bytes]:
            with self._errors(doing):
                for chunk in stream:
                    yield bytes(chunk)

        return read()

    def _errors(self, doing: str, *, may_be_absent: bool = False) -> AbstractContextManager[None]:
        return bucket_errors(doing, self.name, host_of(os.environ), may_be_absent=may_be_absent)

    def _store(self) -> "S3Store":
        of_aws = tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith("AWS_")))
        return open_store(self.name, of_aws)
