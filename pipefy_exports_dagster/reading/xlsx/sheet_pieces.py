"""A worksheet's XML in pieces of complete rows."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from pipefy_exports_dagster.reading.sniffing import unreadable
from pipefy_exports_dagster.reading.unwrapping import too_large

from .package import Package

_CHUNK_BYTES = 4 << 20
# Each piece costs some 0.4 ms a column, so those of wide sheets are longer.
_ROWS_WORTH_A_PIECE = 4_000
_LONGEST_PIECE_BYTES = 16 << 20
_MAX_ROW_BYTES = 64 << 20
_MAX_PREAMBLE_BYTES = 8 << 20  # column widths and the like
_SHEET_DATA = re.compile(rb"<((?:[A-Za-z_][\w.-]*:)?)sheetData\s*(/?)>")
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*encoding=["']([\w-]+)["']""")
_END_OF_ROW = re.compile(rb"</(?:\w+:)?row\s*>")
# A stored value: its text starts with anything but a tag, other than CDATA.
_VALUE = re.compile(rb"<(?:\w+:)?(?:v|t)(?:\s[^<>]*)?>(?:[^<]|<!\[CDATA\[(?!\]\]>))")


def row_pieces(package: Package, part: str) -> Iterator[bytes]:
    """Yield what is between `<sheetData>` and its end, cut after a row.

    The rest of the part is unpacked as well, because only its end shows that the archive is whole.
    """
    chunks = as_utf8(package.chunks(part, chunk_bytes=_CHUNK_BYTES))
    start = _start_of_rows(chunks)
    if start is not None:
        yield from _cut(chain([start.rows], chunks), b"</" + start.prefix)
    for _ in chunks:
        pass


@dataclass(frozen=True, slots=True)
class _Start:
    """The prefix of a sheet's element names, and what was unpacked of its rows so far."""

    prefix: bytes
    rows: bytes


def _start_of_rows(chunks: Iterator[bytes]) -> _Start | None:
    """Unpack up to `<sheetData>`; None if there are no rows."""
    preamble = b""
    for chunk in chunks:
        preamble += chunk
        if found := _SHEET_DATA.search(preamble):
            return None if found[2] else _Start(found[1], preamble[found.end() :])
        if len(preamble) > _MAX_PREAMBLE_BYTES:
            raise too_large(_MAX_PREAMBLE_BYTES)
    return None


def _cut(chunks: Iterator[bytes], end: bytes) -> Iterator[bytes]:
    """Yield pieces of rows, up to the end of the data.

    Chunks are joined once, when they are a piece: adding them up one by one took longer than unpacking them.
    """
    end_of_row, end_of_data = end + b"row>", end + b"sheetData"
    held: list[bytes] = []
    size, wanted = 0, 0
    before = b""
    for chunk in chunks:
        # The end of the data may lie across two chunks.
        found = (before + chunk).rfind(end_of_data)
        if found >= 0:
            yield b"".join([*held, chunk])[: size - len(before) + found]
            return
        before = (before + chunk)[1 - len(end_of_data) :]
        cut = chunk.rfind(end_of_row) + len(end_of_row) if size + len(chunk) >= wanted else 0
        if cut >= len(end_of_row):
            yield b"".join([*held, chunk[:cut]])
            wanted = min(cut // chunk.count(end_of_row) * _ROWS_WORTH_A_PIECE, _LONGEST_PIECE_BYTES)
            held, size = [chunk[cut:]], len(chunk) - cut
            continue
        held.append(chunk)
        size += len(chunk)
        if size > _MAX_ROW_BYTES:
            raise too_large(_MAX_ROW_BYTES)
    rest = b"".join(held)
    if rest.strip():
        yield rest  # no end of the data: for the scanner to complain


def count_rows(piece: bytes, *, scanned: int) -> int:
    """Count the rows that store a value, in another way than the scanners do.

    Args:
        scanned: What the scanner found; only where a quick count differs, empty elements are told apart.
    """
    rows = piece.split(b"</row>")
    if len(rows) == 1:
        rows = _END_OF_ROW.split(piece)
    counted = sum(b"<v>" in row or b"<t>" in row for row in rows)
    return counted if counted == scanned > 0 else sum(_VALUE.search(row) is not None for row in rows)


def as_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Convert XML in another encoding; nearly all is UTF-8 and passes as it is.

    So does what names an encoding that nobody knows: the scanners see whether it is UTF-8.

    Raises:
        UnreadableFileError: It is not what it says.
    """
    first = next(chunks, b"")
    declared = _DECLARED.match(first)
    encoding = declared[1].decode().lower() if declared else "utf-8"
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    if encoding in ("utf-8", "utf8", "us-ascii", "ascii") or not _is_known(encoding):
        yield first
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        yield decoder.decode(first).encode()
        for chunk in chunks:
            yield decoder.decode(chunk).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        raise unreadable("a damaged workbook", f"{error}; download it again") from error


def _is_known(encoding: str) -> bool:
    try:
        b"text".decode(encoding)
    except UnicodeError:
        return True
    except LookupError:
        return False
    return True
