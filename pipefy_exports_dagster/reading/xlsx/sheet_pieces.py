"""A worksheet's XML in pieces of complete rows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from pipefy_exports_dagster.reading.limits import too_large_part

from .opening import Opening, find_opening
from .package import Package

_CHUNK_BYTES = 4 << 20
# Each piece costs some 0.4 ms per column, so the pieces of wide sheets are longer.
_ROWS_WORTH_A_PIECE = 4_000
_LONGEST_PIECE_BYTES = 12 << 20
_MAX_ROW_BYTES = 64 << 20
_END_OF_ROW = re.compile(rb"</(?:[^\s<>/:]{1,64}:)?row\s{0,64}>")

PLAIN = Opening(b"<worksheet><sheetData>", (b"worksheet", b"sheetData"), b"")
"""The opening of rows without prefix and namespace."""


@dataclass(frozen=True, slots=True)
class SheetChunks:
    """A sheet's rows: the tags around them, and an iterator of their pieces."""

    opening: Opening
    pieces: Iterator[bytes]


def sheet_rows(package: Package, part: str) -> SheetChunks:
    """Find the content of `<sheetData>`, in pieces cut after a row.

    The rest of the part is unpacked as well, because only its end shows that the archive is complete.
    """
    chunks = package.chunks(part, chunk_bytes=_CHUNK_BYTES)
    found = find_opening(chunks, "sheetData", within=True)
    if found is None:
        return SheetChunks(PLAIN, _drained(chunks))
    opening, rows = found
    return SheetChunks(opening, _pieces(opening, rows, chunks))


def _pieces(opening: Opening, rows: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield from _cut(chain([rows], chunks), b"</" + opening.prefix)
    yield from _drained(chunks)


def _drained(chunks: Iterator[bytes]) -> Iterator[bytes]:
    for _ in chunks:
        pass
    yield from ()


def _cut(chunks: Iterator[bytes], end: bytes) -> Iterator[bytes]:
    """Yield pieces of rows, up to the end of the data.

    Chunks are joined once per piece: appending them one by one took longer than unpacking them.
    """
    end_of_row, end_of_data = end + b"row>", end + b"sheetData"
    held: list[bytes] = []
    size, wanted = 0, 0
    before = b""
    for chunk in chunks:
        # The end tag of the data may span two chunks.
        across = (before + chunk[: len(end_of_data)]).find(end_of_data)
        found = across - len(before) if across >= 0 else chunk.find(end_of_data)
        if across >= 0 or found >= 0:
            yield b"".join([*held, chunk])[: size + found]
            return
        before = (before + chunk[-len(end_of_data) :])[1 - len(end_of_data) :]
        cut = _end_of_last_row(chunk, end_of_row) if size + len(chunk) >= wanted else 0
        if cut:
            yield b"".join([*held, chunk[:cut]])
            if not wanted:  # the other rows are about as long as the first ones
                rows = max(chunk.count(end_of_row), 1)
                wanted = min(cut // rows * _ROWS_WORTH_A_PIECE, _LONGEST_PIECE_BYTES)
            held, size = [chunk[cut:]], len(chunk) - cut
            continue
        held.append(chunk)
        size += len(chunk)
        if size > _MAX_ROW_BYTES:
            raise too_large_part("a row", _MAX_ROW_BYTES)
    rest = b"".join(held)
    if rest.strip():
        yield rest  # the data has no end tag: the scanner raises the error


def _end_of_last_row(chunk: bytes, end_of_row: bytes) -> int:
    """Find where the last row ends; 0 if none does."""
    plain = chunk.rfind(end_of_row)
    if plain >= 0:
        return plain + len(end_of_row)
    others = list(_END_OF_ROW.finditer(chunk))
    return others[-1].end() if others else 0
