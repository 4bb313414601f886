import posixpath
import threading
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self
from urllib.parse import unquote

from pipefy_exports_dagster.errors import UnreadableFileError
from pipefy_exports_dagster.reading.archives import damage_named, opened_archive
from pipefy_exports_dagster.reading.limits import limit_reached, too_large_part
from pipefy_exports_dagster.reading.refusals import unreadable
from pipefy_exports_dagster.reading.unwrapping import counted_chunks

from .xml_text import as_utf8
from .xml_tree import XmlTree

# Deflate compresses at most 1,032 : 1. Real sheets have 8 to 30; a part above this ratio and size is a ZIP bomb.
_MAX_RATIO = 250
_RATIO_COUNTS_FROM_BYTES = 100_000_000
_MAX_SMALL_PART_BYTES = 50_000_000
_RELATION_ID = "/relationships id"  # of the transitional, and of the strict namespace


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as the workbook lists it; `part` is its path in the archive, None if it is no worksheet."""

    name: str
    visible: bool
    part: str | None


@dataclass(frozen=True, slots=True)
class _Relation:
    kind: str
    part: str


@dataclass(slots=True)
class Package:
    """A workbook's archive: its parts by purpose. Threads can unpack them in parallel; the bytes are counted.

    Args:
        active: Which of the sheets the workbook opens with.
        shared_strings: The part with the texts that cells refer to; None if there is none.
        styles: The part with the number formats; None if there is none.
        styles_missing: Whether the workbook names such a part and does not have it.
    """

    archive: zipfile.ZipFile
    max_unpacked_bytes: int
    sheets: tuple[Sheet, ...] = ()
    active: int = 0
    dates_from_1904: bool = False
    shared_strings: str | None = None
    styles: str | None = None
    styles_missing: bool = False
    _unpacked: int = 0
    _counting: threading.Lock = field(default_factory=threading.Lock)
    _names: dict[str, str] = field(default_factory=dict)
    _contents: list[IO[bytes]] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the archive, and the parts that are being unpacked."""
        for content in self._contents:
            content.close()
        self.archive.close()

    @classmethod
    def open(cls, path: Path, *, max_unpacked_bytes: int) -> "Package":
        """Open a workbook and read its table of contents.

        Raises:
            UnreadableFileError: The archive is damaged, or is not a workbook.
        """
        archive = opened_archive(path)
        package = cls(archive, max_unpacked_bytes)
        try:
            package._read_contents()
        except BaseException:
            package.close()
            raise
        return package

    def _read_contents(self) -> None:
        self._names = {part_key(name): name for name in self.archive.namelist()}
        workbook = self._first("", "officeDocument") or "xl/workbook.xml"
        if not self.has(workbook):
            raise unreadable("an archive without a workbook", "it is not an Excel file; export again")
        self.shared_strings = self._first(workbook, "sharedStrings")
        self.styles = self._first(workbook, "styles")
        self.styles_missing = self.styles is None and any(
            relation.kind == "styles" for relation in self._relations(workbook).values()
        )
        self._read_workbook(workbook)

    def has(self, part: str) -> bool:
        return part_key(part) in self._names

    def chunks(self, part: str, *, chunk_bytes: int = 1 << 20) -> Iterator[bytes]:
        """Unpack a part as UTF-8; the unpacked bytes of all parts are counted, whatever sizes the archive declares."""
        return as_utf8(self._unpacked_chunks(part, chunk_bytes))

    def _unpacked_chunks(self, part: str, chunk_bytes: int) -> Iterator[bytes]:
        name = self._names[part_key(part)]
        packed_bytes = self.archive.getinfo(name).compress_size
        unpacked = 0
        with damage_named():
            content = self.archive.open(name)
        self._contents.append(content)
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
                raise limit_reached("max_unpacked_bytes", self.max_unpacked_bytes)

    def small_part(self, part: str) -> bytes:
        """Unpack a part that describes the data and does not hold it."""
        pieces, size = [], 0
        for chunk in self.chunks(part):
            size += len(chunk)
            if size > _MAX_SMALL_PART_BYTES:
                raise too_large_part("a part beside its cells", _MAX_SMALL_PART_BYTES)
            pieces.append(chunk)
        return b"".join(pieces)

    def _relations(self, part: str) -> dict[str, _Relation]:
        """Read the relationships of a part, by id."""
        folder, name = posixpath.split(part)
        relations_part = posixpath.join(folder, "_rels", f"{name}.rels")
        found: dict[str, _Relation] = {}

        def start(path: str, attributes: Mapping[str, str]) -> None:
            if path == "Relationship" and attributes.get("TargetMode") != "External":
                kind = attributes.get("Type", "").rpartition("/")[2]
                found[attributes.get("Id", "")] = _Relation(
                    kind, _target(folder, attributes.get("Target", ""))
                )

        if self.has(relations_part):
            XmlTree(start).feed(self.small_part(relations_part), final=True)
        return found

    def _first(self, part: str, kind: str) -> str | None:
        """Find the first existing part of a kind that another part refers to."""
        for relation in self._relations(part).values():
            if relation.kind == kind and self.has(relation.part):
                return relation.part
        return None

    def _read_workbook(self, part: str) -> None:
        relations = self._relations(part)
        sheets: list[Sheet] = []
        actives: list[str] = []

        def start(path: str, attributes: Mapping[str, str]) -> None:
            if path == "workbookPr":
                self.dates_from_1904 = attributes.get("date1904", "0").strip() in ("1", "true", "on")
            elif path == "bookViews/workbookView":
                actives.append(attributes.get("activeTab", "0").strip())
            elif path == "sheets/sheet":
                visible = attributes.get("state", "visible") == "visible"
                sheets.append(
                    Sheet(attributes.get("name", ""), visible, self._sheet_part(relations, attributes))
                )

        XmlTree(start).feed(self.small_part(part), final=True)
        self.sheets = tuple(sheets)
        if actives and actives[0].isdecimal() and len(actives[0]) < len("1000000"):
            self.active = int(actives[0])

    def _sheet_part(self, relations: Mapping[str, _Relation], attributes: Mapping[str, str]) -> str | None:
        """Find a listed sheet's part; None if it is a chart or a dialog.

        Raises:
            UnreadableFileError: It is not in the archive: its content is lost.
        """
        ids = [value for name, value in attributes.items() if name.endswith(_RELATION_ID) or name == "id"]
        relation = relations.get(ids[0] if ids else "")
        if relation is None or not self.has(relation.part):
            raise _part_missing(attributes.get("name", ""))
        return relation.part if relation.kind == "worksheet" else None


def part_key(path: str) -> str:
    """Normalise a part's path.

    The paths that writers reference and write may differ in case, slashes and percent encoding.
    """
    return posixpath.normpath("/" + unquote(path.replace("\\", "/"))).lstrip("/").lower()


def _target(folder: str, target: str) -> str:
    return posixpath.normpath(posixpath.join("/", folder, target.strip().replace("\\", "/"))).lstrip("/")


def _part_missing(sheet: str) -> UnreadableFileError:
    return unreadable(
        "a damaged workbook", f"it lists the sheet {sheet!r}, and the sheet is not in it; download it again"
    )
