"""What the forms share: cells by the type of their value, rows some hundred at once, and the parts around them."""

import itertools
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pipefy_exports_dagster.sandbox.tables import Cell
from pipefy_exports_dagster.sandbox.workbooks import (
    CONTENT,
    OFFICE,
    PACKAGE,
    column_letters,
    content_types,
    write_parts,
)

Cells = Mapping[type, Callable[[str, Any], str]]
"""How a cell is written, from its reference and its value, by the value's type; an empty text is no cell."""

CORE = f"{PACKAGE}/relationships/metadata/core-properties"
EXTENDED = f"{OFFICE}/extended-properties"
SHEET = "xl/worksheets/sheet1.xml"
_ROWS_AT_ONCE = 500
_DOCUMENT = f"{CONTENT}.spreadsheetml"
_KINDS = {
    "docProps/app.xml": f"{CONTENT}.extended-properties+xml",
    "docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
    "xl/styles.xml": f"{_DOCUMENT}.styles+xml",
    "xl/theme/theme1.xml": f"{CONTENT}.theme+xml",
    "xl/workbook.xml": f"{_DOCUMENT}.sheet.main+xml",
    "xl/worksheets/sheet1.xml": f"{_DOCUMENT}.worksheet+xml",
    "xl/sharedStrings.xml": f"{_DOCUMENT}.sharedStrings+xml",
}


@dataclass(frozen=True)
class SheetForm:
    """How a worksheet is written.

    Args:
        row: What opens a row, with `{number}` in it.
    """

    head: str
    row: str
    cells: Cells
    tail: str

    def pieces(self, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
        """Yield the sheet's XML."""
        yield self.head
        letters = [column_letters(position) for position in range(len(header))]
        numbered = enumerate(itertools.chain([header], rows), 1)
        while some := list(itertools.islice(numbered, _ROWS_AT_ONCE)):
            yield "".join(self._row(number, row, letters) for number, row in some)
        yield self.tail

    def _row(self, number: int, row: Sequence[Cell], letters: list[str]) -> str:
        written = self.cells
        cells = [
            written[type(value)](f"{column}{number}", value)
            for column, value in zip(letters, row, strict=True)
        ]
        return f"{self.row.format(number=number)}{''.join(cells)}</row>"


class SharedStrings:
    """The texts of a workbook, each once."""

    def __init__(self) -> None:
        self._indexes: dict[str, int] = {}
        self._used = 0

    def index(self, text: str) -> int:
        """Return a text's number."""
        self._used += 1
        return self._indexes.setdefault(text, len(self._indexes))

    def part(self, head: str, item: Callable[[str], str]) -> str:
        """Return the part that holds them."""
        items = "".join(f"<si>{item(text)}</si>" for text in self._indexes)
        counts = f'count="{self._used}" uniqueCount="{len(self._indexes)}"'
        return f"{head.format(counts=counts)}{items}</sst>"


class _OneWay:
    """A file that cannot go back, as where an archive is sent while it is made: sizes stand behind each part."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, content: bytes) -> int:
        return self._file.write(content)

    def flush(self) -> None:
        self._file.flush()


def write_workbook(
    path: Path,
    *,
    before: Mapping[str, str],
    sheet: Iterable[str],
    after: Callable[[], Mapping[str, str]],
    one_way: bool = False,
) -> None:
    """Write the parts that a form has before its sheet, the sheet piece by piece, and the parts after it."""
    with path.open("wb") as file:
        target: Any = _OneWay(file) if one_way else file
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            write_parts(archive, before)
            with archive.open(SHEET, "w", force_zip64=True) as part:
                for piece in sheet:
                    part.write(piece.encode())
            write_parts(archive, after())


def relations(declaration: str, listed: Sequence[tuple[str, str]], end: str = "") -> str:
    """Return a part of relations, `rId1` and on, in the order of most writers: id, type, target."""
    links = "".join(
        f'<Relationship Id="rId{nth}" Type="{kind}" Target="{target}"/>'
        for nth, (kind, target) in enumerate(listed, 1)
    )
    return f'{declaration}<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>{end}'


def content_types_of(declaration: str, parts: Sequence[str], end: str = "") -> str:
    """Return `[Content_Types].xml` for parts of the usual kinds."""
    return (
        f'{declaration}<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f"{content_types({part: _KINDS[part] for part in parts})}</Types>{end}"
    )


def properties(declaration: str, application: str, end: str = "") -> dict[str, str]:
    """Return the two parts about the document, which readers of tables pass over."""
    terms = "http://purl.org/dc/"
    return {
        "docProps/app.xml": (
            f'{declaration}<Properties xmlns="{OFFICE.replace("relationships", "extended-properties")}">'
            f"<Application>{application}</Application></Properties>{end}"
        ),
        "docProps/core.xml": (
            f'{declaration}<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties" '
            f'xmlns:dcterms="{terms}terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
            '<dcterms:created xsi:type="dcterms:W3CDTF">2026-11-26T04:24:38Z</dcterms:created>'
            f"</cp:coreProperties>{end}"
        ),
    }


def escape(text: str) -> str:
    """Escape the three characters that must be."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
