from collections.abc import Iterator
from typing import Any, cast

import pytest

from pipefy_exports_dagster.reading.xlsx.sheet_pieces import sheet_rows


class UnpackedSheet:
    """A package whose only part is already unpacked; it may give it in chunks of its own size."""

    def __init__(self, xml: bytes, chunk_bytes: int | None = None) -> None:
        self.xml = xml
        self.chunk_bytes = chunk_bytes

    def chunks(self, _part: str, *, chunk_bytes: int) -> Iterator[bytes]:
        chunk_bytes = self.chunk_bytes or chunk_bytes
        for start in range(0, len(self.xml), chunk_bytes):
            yield self.xml[start : start + chunk_bytes]


def pieces_of(sheet: UnpackedSheet) -> list[bytes]:
    return list(sheet_rows(cast("Any", sheet), "sheet1.xml").pieces)


@pytest.mark.parametrize(("row_bytes", "pieces"), [(500, 9), (5_000, 3)])
def test_pieces_are_whole_rows_and_longer_where_rows_are(row_bytes: int, pieces: int) -> None:
    row = b"<row><c><v>" + b"7" * row_bytes + b"</v></c></row>"
    rows = row * (33_000_000 // len(row))
    sheet = UnpackedSheet(b"<worksheet><sheetData>" + rows + b"</sheetData></worksheet>")
    found = pieces_of(sheet)
    assert b"".join(found) == rows
    assert all(piece.endswith(b"</row>") for piece in found if piece)
    assert len([piece for piece in found if piece]) <= pieces + 1


def test_rows_before_a_missing_end_are_handed_on() -> None:
    row = b"<row><c><v>" + b"7" * 5_000 + b"</v></c></row>"
    sheet = UnpackedSheet(b"<worksheet><sheetData>" + row * 2_000 + b"<row><c>")
    assert b"".join(pieces_of(sheet)) == row * 2_000 + b"<row><c>"


@pytest.mark.parametrize("chunk_bytes", [1, 2, 7, 50, 1_000])
@pytest.mark.parametrize("prefix", ["", "x:"])
def test_wherever_chunks_end_the_rows_are_whole(chunk_bytes: int, prefix: str) -> None:
    rows = b"".join(f"<{prefix}row><{prefix}c>{n}</{prefix}c></{prefix}row>".encode() for n in range(50))
    start, end = (
        f'<{prefix}worksheet xmlns:x="main"><{prefix}sheetData>'.encode(),
        f"</{prefix}sheetData><row></row>".encode(),
    )
    pieces = pieces_of(UnpackedSheet(start + rows + end, chunk_bytes))
    assert b"".join(pieces) == rows
    assert all(piece.endswith(f"</{prefix}row>".encode()) for piece in pieces if piece)


@pytest.mark.parametrize("xml", [b"<worksheet/>", b"<worksheet><sheetData/><row></row></worksheet>"])
def test_a_sheet_without_data_has_no_pieces(xml: bytes) -> None:
    assert pieces_of(UnpackedSheet(xml)) == []
