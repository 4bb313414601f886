from collections.abc import Iterator
from typing import Any, cast

import pytest

from pipefy_exports_dagster.loading.xlsx.sheet_pieces import row_pieces


class UnpackedSheet:
    """A package whose only part is already unpacked."""

    def __init__(self, xml: bytes) -> None:
        self.xml = xml

    def chunks(self, _part: str, *, chunk_bytes: int) -> Iterator[bytes]:
        for start in range(0, len(self.xml), chunk_bytes):
            yield self.xml[start : start + chunk_bytes]


@pytest.mark.parametrize(("row_bytes", "pieces"), [(500, 9), (5_000, 3)])
def test_pieces_are_whole_rows_and_longer_where_rows_are(row_bytes: int, pieces: int) -> None:
    row = b"<row><c><v>" + b"7" * row_bytes + b"</v></c></row>"
    rows = row * (33_000_000 // len(row))
    sheet = UnpackedSheet(b"<worksheet><sheetData>" + rows + b"</sheetData></worksheet>")
    found = list(row_pieces(cast("Any", sheet), "sheet1.xml"))
    assert b"".join(found) == rows
    assert all(piece.endswith(b"</row>") for piece in found if piece)
    assert len([piece for piece in found if piece]) <= pieces + 1


def test_rows_before_a_missing_end_are_handed_on() -> None:
    row = b"<row><c><v>" + b"7" * 5_000 + b"</v></c></row>"
    sheet = UnpackedSheet(b"<sheetData>" + row * 2_000 + b"<row><c>")
    assert b"".join(row_pieces(cast("Any", sheet), "sheet1.xml")) == row * 2_000 + b"<row><c>"
