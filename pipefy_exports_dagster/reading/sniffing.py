"""The kind of a file, by its content; its name does not count."""

import json
import re
from enum import StrEnum
from pathlib import Path

from pipefy_exports_dagster.errors import UnreadableFileError

from .archives import opened_archive
from .markup import diagnose_markup
from .refusals import unreadable

# Long enough that a CSV file with a header such as `PK` is not mistaken for a ZIP archive.
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_HEAD_BYTES = 65_536
_MAX_JSON_BYTES = 1_000_000

_AGAIN = "download the export again, as XLSX or CSV"
_UNPACK = "unpack it and load the file inside"
_OPENED_BY_DUCKDB = "DuckDB opens it without this package; only XLSX and CSV are loaded here"
_MAGIC = (
    (b"%PDF", "a PDF document", _AGAIN),
    (b"{\\rtf", "a text document (RTF)", _AGAIN),
    (b"\x89PNG", "a PNG image", _AGAIN),
    (b"\xff\xd8\xff", "a JPEG image", _AGAIN),
    (b"GIF87a", "a GIF image", _AGAIN),
    (b"GIF89a", "a GIF image", _AGAIN),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    *((b"BZh%d1AY&SY" % level, "a bzip2 archive", _UNPACK) for level in range(1, 10)),
    (b"\xfd7zXZ", "an xz archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", _UNPACK),
    (b"PAR1\x15", "a Parquet file", _OPENED_BY_DUCKDB),
    (b"SQLite format 3\x00", "an SQLite database", _OPENED_BY_DUCKDB),
    (b"\x7fELF", "a program", _AGAIN),
    (b"MZ\x90", "a program", _AGAIN),
)
_OTHER_OFFICE = (
    ("xl/workbook.bin", "a binary workbook (.xlsb)"),
    ("word/", "a Word document"),
    ("ppt/", "a PowerPoint presentation"),
    ("content.xml", "an OpenDocument file"),
    ("Index/Document.iwa", "an Apple Numbers document"),
)


class FileKind(StrEnum):
    """The kinds that have a reader, and the two that contain such a file."""

    XLSX = "xlsx"
    CSV = "csv"
    GZIP = "gzip"
    ZIP = "zip"


def detect_kind(path: Path) -> FileKind:
    """Detect a file's kind by its content.

    Raises:
        UnreadableFileError: It cannot hold a table; the message says what it is instead.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise unreadable("an empty file", "Pipefy wrote nothing into it; export again")
    if head.startswith(b"\x1f\x8b"):
        return FileKind.GZIP
    if head.startswith(_ZIP):
        return _kind_of_archive(path)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise _compound_document(path)
    for magic, detected, advice in _MAGIC:
        if head.startswith(magic):
            raise unreadable(detected, advice)
    _refuse_markup(path, head)
    return FileKind.CSV


def _kind_of_archive(path: Path) -> FileKind:
    with opened_archive(path) as archive:
        names = archive.namelist()
        encrypted = any(member.flag_bits & 1 for member in archive.infolist())
    if encrypted:
        raise unreadable("an encrypted archive", "unpack it with its password and load the file inside")
    for marker, detected in _OTHER_OFFICE:
        if any(name == marker or (marker.endswith("/") and name.startswith(marker)) for name in names):
            raise unreadable(detected, "save it as .xlsx or .csv and load that")
    if "[Content_Types].xml" in names or any(name.startswith("xl/") for name in names):
        return FileKind.XLSX
    return FileKind.ZIP


def _compound_document(path: Path) -> UnreadableFileError:
    """Distinguish an encrypted workbook from an old one: the names of the streams are UTF-16."""
    content = path.read_bytes() if path.stat().st_size < 64_000_000 else path.open("rb").read(64_000_000)  # noqa: PLR2004
    if "EncryptedPackage".encode("utf-16-le") in content:
        return unreadable(
            "an encrypted workbook", "open it with its password, save it without, and load that"
        )
    if any(name.encode("utf-16-le") in content for name in ("Workbook", "Book")):
        return unreadable("an old Excel workbook (.xls)", "save it as .xlsx and load that")
    return unreadable("an old Office document", "save it as .xlsx or .csv and load that")


def _refuse_markup(path: Path, head: bytes) -> None:
    text = head.decode("utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", errors="replace")
    text = text.lstrip("\ufeff \t\r\n")
    if diagnosis := diagnose_markup(text):
        raise unreadable(*diagnosis)
    if _is_json(path, text):
        raise unreadable("a JSON document", f"it starts with {text[:60]!r}; refresh the link or export again")


def _is_json(path: Path, text: str) -> bool:
    if text[:1] not in ("{", "["):
        return False
    if path.stat().st_size > _MAX_JSON_BYTES:
        return bool(re.match(r'[{\[]\s*["{\[\]}]', text))
    try:
        json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        # Truncated JSON is still not a table.
        return bool(re.match(r'(\{\s*"[^"]*"\s*:|\[\s*\{\s*")', text))
    return True
