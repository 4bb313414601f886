import posixpath
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipefy_exports_dagster.reading.sniffing import unreadable
from pipefy_exports_dagster.reading.unwrapping import counted_chunks, too_large

from .xml_events import XmlFeed, local_name

# Deflate packs at most 1,032 : 1. Real sheets are at 8 to 30; a part past this ratio and size is a bomb.
_MAX_RATIO = 250
_RATIO_COUNTS_FROM_BYTES = 100_000_000
_MAX_SMALL_PART_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as the workbook lists it; `part` is its path in the archive, None if it is no worksheet."""

    name: str
    visible: bool
    part: str | None


@dataclass(slots=True)
class Package:
    """A workbook's archive: its parts by what they are for, unpacked with a count, from any thread."""

    archive: zipfile.ZipFile
    max_unpacked_bytes: int
    sheets: tuple[Sheet, ...] = ()
    dates_from_1904: bool = False
    shared_strings: str | None = None
    styles: str | None = None
    _unpacked: int = 0
    _counting: threading.Lock = field(default_factory=threading.Lock)
    _names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path, *, max_unpacked_bytes: int) -> "Package":
        """Open a workbook and read its table of contents.

        Raises:
            UnreadableFileError: The archive is damaged, or no workbook.
        """
        try:
            archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise unreadable("a truncated or damaged archive", f"{error}; download it again") from error
        package = cls(archive, max_unpacked_bytes)
        # Some writers differ in case between what they name and what they write.
        package._names = {name.lower().replace("\\", "/"): name for name in archive.namelist()}
        workbook = package._related("", "officeDocument") or "xl/workbook.xml"
        if not package.has(workbook):
            raise unreadable("an archive without a workbook", "it is not an Excel file; export again")
        package.shared_strings = package._related(workbook, "sharedStrings")
        package.styles = package._related(workbook, "styles")
        package._read_workbook(workbook)
        return package

    def has(self, part: str) -> bool:
        return part.lower() in self._names

    def chunks(self, part: str, *, chunk_bytes: int = 1 << 20) -> Iterator[bytes]:
        """Unpack a part; what all parts unpack to is counted, whatever the archive says of their sizes."""
        name = self._names[part.lower()]
        packed_bytes = self.archive.getinfo(name).compress_size
        unpacked = 0
        try:
            content = self.archive.open(name)
        except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
            raise unreadable("a truncated or damaged archive", f"{error}; download it again") from error
        with content:
            for chunk in counted_chunks(content, max_bytes=self.max_unpacked_bytes, chunk_bytes=chunk_bytes):
                unpacked += len(chunk)
                self._count(len(chunk))
                if unpacked > _RATIO_COUNTS_FROM_BYTES and unpacked > packed_bytes * _MAX_RATIO:
                    raise unreadable(
                        "an archive bomb",
                        f"{name} unpacks from {packed_bytes:,} to over {unpacked:,} bytes; do not trust this file",
                    )
                yield chunk

    def _count(self, unpacked: int) -> None:
        with self._counting:
            self._unpacked += unpacked
            if self._unpacked > self.max_unpacked_bytes:
                raise too_large(self.max_unpacked_bytes)

    def small_part(self, part: str) -> bytes:
        """Unpack a part that describes, and does not hold, the data."""
        pieces, size = [], 0
        for chunk in self.chunks(part):
            size += len(chunk)
            if size > _MAX_SMALL_PART_BYTES:
                raise too_large(_MAX_SMALL_PART_BYTES)
            pieces.append(chunk)
        return b"".join(pieces)

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Read what a part refers to: kind and path by id."""
        folder, name = posixpath.split(part)
        relations_part = posixpath.join(folder, "_rels", f"{name}.rels")
        if not self.has(relations_part):
            return {}
        found: dict[str, tuple[str, str]] = {}

        def start(element: str, attributes: dict[str, str]) -> None:
            if element == "Relationship" and attributes.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip(
                    "/"
                )
                found[attributes.get("Id", "")] = (attributes.get("Type", "").rpartition("/")[2], target)

        XmlFeed(start).feed(self.small_part(relations_part), final=True)
        return found

    def _related(self, part: str, kind: str) -> str | None:
        for found, target in self._relations(part).values():
            if found == kind and self.has(target):
                return target
        return None

    def _read_workbook(self, part: str) -> None:
        relations = self._relations(part)
        sheets: list[Sheet] = []

        def start(element: str, attributes: dict[str, str]) -> None:
            if element == "workbookPr":
                self.dates_from_1904 = attributes.get("date1904", "0") in ("1", "true")
            elif element == "sheet":
                ids = [value for name, value in attributes.items() if local_name(name) == "id"]
                kind, target = relations.get(ids[0] if ids else "", ("", ""))
                readable = kind == "worksheet" and self.has(target)
                visible = attributes.get("state", "visible") == "visible"
                sheets.append(Sheet(attributes.get("name", ""), visible, target if readable else None))

        XmlFeed(start).feed(self.small_part(part), final=True)
        self.sheets = tuple(sheets)
