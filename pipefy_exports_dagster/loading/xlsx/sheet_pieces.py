"""A worksheet's XML in pieces of complete rows."""

import codecs
import re
from collections.abc import Iterator

from pipefy_exports_dagster.loading.unwrapping import too_large

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
    chunks = _as_utf8(package.chunks(part, chunk_bytes=_CHUNK_BYTES))
    kept = b""
    end_of_row = end_of_data = b""
    wanted = 0
    for chunk in chunks:
        kept += chunk
        if not end_of_row:
            found = _SHEET_DATA.search(kept)
            if not found:
                if len(kept) > _MAX_PREAMBLE_BYTES:
                    raise too_large(_MAX_PREAMBLE_BYTES)
                continue
            if found[2]:
                break
            end_of_row, end_of_data = b"</" + found[1] + b"row>", b"</" + found[1] + b"sheetData"
            kept = kept[found.end() :]
        end = kept.rfind(end_of_data)
        if end >= 0:
            yield kept[:end]
            kept = b""
            break
        end = kept.rfind(end_of_row) if len(kept) >= wanted else -1
        if end >= 0:
            row_bytes = end // kept.count(end_of_row)
            wanted = min(row_bytes * _ROWS_WORTH_A_PIECE, _LONGEST_PIECE_BYTES)
            end += len(end_of_row)
            yield kept[:end]
            kept = kept[end:]
        elif len(kept) > _MAX_ROW_BYTES:
            raise too_large(_MAX_ROW_BYTES)
    else:
        if end_of_row and kept.strip():
            yield kept  # no end of the data: for the scanner to complain
    for _ in chunks:
        pass


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


def _as_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Convert XML in another encoding; nearly all is UTF-8 and passes as it is."""
    first = next(chunks, b"")
    declared = _DECLARED.match(first)
    encoding = declared[1].decode().lower() if declared else "utf-8"
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    if encoding in ("utf-8", "utf8", "us-ascii", "ascii"):
        yield first
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    yield decoder.decode(first).encode()
    for chunk in chunks:
        yield decoder.decode(chunk).encode()
