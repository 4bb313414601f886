import gzip
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from .archives import damage_named, opened_archive
from .limits import limit_reached
from .refusals import unreadable
from .sniffing import FileKind, detect_kind

_CHUNK_BYTES = 1 << 20
_MAX_LAYERS = 3
_NOT_DATA = ("__MACOSX/", ".DS_Store", "Thumbs.db")


def unwrap(path: Path, *, folder: Path, max_unpacked_bytes: int) -> tuple[Path, FileKind]:
    """Unpack a table from its gzip or ZIP archive; another file stays where it is.

    Raises:
        UnreadableFileError: The archive does not hold exactly one file, is damaged, or holds no table.
        ReadLimitError: It unpacks to more than `max_unpacked_bytes`.
    """
    for layer in range(_MAX_LAYERS):
        kind = detect_kind(path)
        target = folder / f"unwrapped-{layer}"
        if kind is FileKind.GZIP:
            with path.open("rb") as packed, gzip.open(packed) as content:
                _unpack(cast("IO[bytes]", content), target, max_unpacked_bytes)
        elif kind is FileKind.ZIP:
            with opened_archive(path) as archive, _opened(archive) as content:
                _unpack(content, target, max_unpacked_bytes)
        else:
            return path, kind
        path = target
    raise unreadable("an archive in an archive in an archive", "unpack it and load the file inside")


def counted_chunks(content: IO[bytes], *, max_bytes: int, chunk_bytes: int = _CHUNK_BYTES) -> Iterator[bytes]:
    """Unpack in chunks, and count the bytes: the sizes in an archive's directory may be wrong.

    Args:
        max_bytes: `max_unpacked_bytes` of the configuration.

    Raises:
        UnreadableFileError: It is damaged.
        ReadLimitError: It has more than `max_bytes`.
    """
    left = max_bytes
    while True:
        with damage_named():
            chunk = content.read(chunk_bytes)
        if not chunk:
            return
        left -= len(chunk)
        if left < 0:
            raise limit_reached("max_unpacked_bytes", max_bytes)
        yield chunk


def _only_member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [
        member
        for member in archive.infolist()
        if not member.filename.endswith("/") and not any(mark in member.filename for mark in _NOT_DATA)
    ]
    if len(members) != 1:
        names = ", ".join(repr(member.filename) for member in members[:5]) or "none"
        raise unreadable(
            f"an archive of {len(members)} files",
            f"it must hold one table, found {names}; load the one you mean",
        )
    return members[0]


def _opened(archive: zipfile.ZipFile) -> IO[bytes]:
    member = _only_member(archive)
    with damage_named():
        return archive.open(member)


def _unpack(content: IO[bytes], target: Path, max_bytes: int) -> None:
    with target.open("wb") as unpacked:
        for chunk in counted_chunks(content, max_bytes=max_bytes):
            unpacked.write(chunk)
