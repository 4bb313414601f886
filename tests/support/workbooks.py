"""Small workbooks put together from XML, where a library would write what it writes well."""

import functools
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
STRICT_OFFICE = "http://purl.oclc.org/ooxml/officeDocument/relationships"
# Styles 1 to 4: a date, a time stamp, a duration, a time of day.
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts count="4"><numFmt numFmtId="164" formatCode="yyyy-mm-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy-mm-dd hh:mm:ss"/><numFmt numFmtId="166" formatCode="[h]:mm:ss"/>'
    '<numFmt numFmtId="167" formatCode="hh:mm:ss"/></numFmts><fonts count="1"><font/></fonts><fills count="1"><fill>'
    '<patternFill/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf numFmtId="0"/>'
    '</cellStyleXfs><cellXfs count="5"><xf numFmtId="0" xfId="0"/><xf numFmtId="164" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" xfId="0" applyNumberFormat="1"/><xf numFmtId="166" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="167" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>'
)


@dataclass(frozen=True)
class Book:
    """A workbook that is to be written.

    Args:
        sheets: By name: what is between `<sheetData>` and its end, or all of the part where that has a root.
        shared: Items of the shared strings, or all of the part.
        states: `hidden` by the sheet's name.
        inside: More of the workbook's own XML, before its sheets.
        behind: More, behind them.
        changed: Parts to write otherwise; None leaves one out.
        targets: What the workbook's relations say of a sheet's path, by its name.
    """

    sheets: Mapping[str, str]
    shared: str = ""
    states: Mapping[str, str] = field(default_factory=dict)
    inside: str = ""
    behind: str = ""
    changed: Mapping[str, str | bytes | None] = field(default_factory=dict)
    targets: Mapping[str, str] = field(default_factory=dict)
    main: str = MAIN
    office: str = OFFICE

    def parts(self) -> dict[str, str | bytes]:
        """Give all parts of the archive by their names."""
        listed = "".join(
            f'<sheet name="{name}" sheetId="{nth}" r:id="rId{nth}"{self._state(name)}/>'
            for nth, name in enumerate(self.sheets, 1)
        )
        relations = "".join(
            f'<Relationship Id="rId{nth}" Type="{self.office}/worksheet" '
            f'Target="{self.targets.get(name, f"worksheets/sheet{nth}.xml")}"/>'
            for nth, name in enumerate(self.sheets, 1)
        )
        relations += f'<Relationship Id="rIdS" Type="{self.office}/styles" Target="styles.xml"/>'
        if self.shared:
            relations += (
                f'<Relationship Id="rIdT" Type="{self.office}/sharedStrings" Target="sharedStrings.xml"/>'
            )
        parts: dict[str, str | bytes] = {
            "[Content_Types].xml": self._content_types(),
            "_rels/.rels": _relations(
                f'<Relationship Id="r" Type="{self.office}/officeDocument" Target="xl/workbook.xml"/>'
            ),
            "xl/workbook.xml": (
                f'<workbook xmlns="{self.main}" xmlns:r="{self.office}">{self.inside}<sheets>{listed}</sheets>'
                f"{self.behind}</workbook>"
            ),
            "xl/_rels/workbook.xml.rels": _relations(relations),
            "xl/styles.xml": STYLES.replace(MAIN, self.main),
        }
        for nth, rows in enumerate(self.sheets.values(), 1):
            whole = "worksheet" in rows
            parts[f"xl/worksheets/sheet{nth}.xml"] = (
                rows if whole else f'<worksheet xmlns="{self.main}"><sheetData>{rows}</sheetData></worksheet>'
            )
        if self.shared:
            whole = "sst" in self.shared
            parts["xl/sharedStrings.xml"] = (
                self.shared if whole else f'<sst xmlns="{self.main}">{self.shared}</sst>'
            )
        changed = {**parts, **self.changed}
        return {name: content for name, content in changed.items() if content is not None}

    def write(self, path: Path) -> Path:
        """Write the workbook."""
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self.parts().items():
                archive.writestr(name, content)
        return path

    def _state(self, name: str) -> str:
        return f' state="{self.states[name]}"' if name in self.states else ""

    def _content_types(self) -> str:
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
        parts = [("xl/workbook.xml", "sheet.main"), ("xl/styles.xml", "styles")]
        parts += [(f"xl/worksheets/sheet{nth}.xml", "worksheet") for nth in range(1, len(self.sheets) + 1)]
        parts += [("xl/sharedStrings.xml", "sharedStrings")] if self.shared else []
        listed = "".join(
            f'<Override PartName="/{name}" ContentType="{kind}.{type_}+xml"/>' for name, type_ in parts
        )
        return (
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Default Extension="xml" ContentType="application/xml"/>{listed}</Types>'
        )


def rows(*rows_of_cells: Sequence[str], first: int = 1) -> str:
    """Write rows of cells: plain text becomes an inline string; `attributes|content` is a cell of its own kind."""
    written = []
    for number, cells in enumerate(rows_of_cells, first):
        inner = "".join(_cell(cell, f"{_letters(nth)}{number}") for nth, cell in enumerate(cells) if cell)
        written.append(f'<row r="{number}">{inner}</row>')
    return "".join(written)


def one_sheet(*rows_of_cells: Sequence[str], **more: str) -> Book:
    """Give a workbook with one sheet of rows."""
    return Book({"Cards": rows(*rows_of_cells)}, **more)  # type: ignore[arg-type]


def _relations(listed: str) -> str:
    return f'<Relationships xmlns="{PACKAGE}">{listed}</Relationships>'


def _cell(cell: str, reference: str) -> str:
    if "|" not in cell:
        return f'<c r="{reference}" t="inlineStr"><is><t>{cell}</t></is></c>'
    attributes, content = cell.split("|", 1)
    content = content if content.startswith("<") or not content else f"<v>{content}</v>"
    return f'<c r="{reference}"{attributes and " " + attributes}>{content}</c>'


@functools.cache
def _letters(column: int) -> str:
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text
