"""What write_xlsx writes: shared strings, serials of 15 digits, texts of digits as numbers, `=` as a formula of 0."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from pipefy_exports_dagster.sandbox.caxlsx import ruby_float
from pipefy_exports_dagster.sandbox.tables import Table
from pipefy_exports_dagster.sandbox.workbooks import MAIN, OFFICE, column_letters, day_number, serial, theme

from .workbook import (
    CORE,
    EXTENDED,
    SHEET,
    Cells,
    SharedStrings,
    SheetForm,
    content_types_of,
    escape,
    properties,
    relations,
    write_workbook,
)

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_NUMBER = re.compile(r"[+-]?(?=\.?[0-9])[0-9]*(\.[0-9]*)?([Ee][+-]?[0-9]+)?", re.ASCII)
_LINK = re.compile(r"(https?://|ftp://|mailto:)")
_CODE = re.compile(r"_x[0-9A-Fa-f]{4}_")
_BLANK_AT_AN_END = re.compile(r"\A\s|\s\Z", re.ASCII)
_STYLES = (
    f'{_XML}<styleSheet xmlns="{MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="dd/mm/yyyy hh:mm"/>'
    '<numFmt numFmtId="165" formatCode="dd/mm/yyyy"/></numFmts><fonts count="2"><font><sz val="11"/><color theme="1"/>'
    '<name val="Calibri"/><family val="2"/><scheme val="minor"/></font><font><u/><sz val="11"/><color theme="10"/>'
    '<name val="Calibri"/><family val="2"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/>'
    '</fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/>'
    '<bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" '
    'borderId="0"/></cellStyleXfs><cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyAlignment="1" applyProtection="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles><dxfs count="0"/>'
    '<tableStyles count="0" defaultTableStyle="TableStyleMedium9" defaultPivotStyle="PivotStyleLight16"/>'
    "</styleSheet>\n"
)
_WORKBOOK = (
    f'{_XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><fileVersion appName="xl" lastEdited="4" lowestEdited="4" '
    'rupBuild="4505"/><workbookPr defaultThemeVersion="124226"/><bookViews><workbookView xWindow="240" yWindow="15" '
    'windowWidth="16095" windowHeight="9660"/></bookViews><sheets><sheet name="Export" sheetId="1" r:id="rId1"/>'
    '</sheets><calcPr calcId="124519" fullCalcOnLoad="1"/></workbook>\n'
)
_MARGINS = (
    '<pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/></worksheet>\n'
)


class _Sheet:
    """A sheet's cells, with the texts and the links that they make necessary elsewhere."""

    def __init__(self, table: Table) -> None:
        self.shared = SharedStrings()
        self.links: list[tuple[str, str]] = []
        self._table = table

    def pieces(self) -> Iterator[str]:
        """Yield the sheet's XML; the list of links stands behind the rows."""
        width = len(self._table.header)
        form = SheetForm(
            head=(
                f'{_XML}<worksheet xmlns="{MAIN}" xmlns:r="{OFFICE}">'
                f'<dimension ref="A1:{column_letters(width - 1)}{len(self._table.rows) + 1}"/><sheetViews>'
                '<sheetView tabSelected="1" workbookViewId="0"/></sheetViews><sheetFormatPr defaultRowHeight="15"/>'
                "<sheetData>"
            ),
            row=f'<row r="{{number}}" spans="1:{width}">',
            cells=self._cells(),
            tail="</sheetData>",
        )
        yield from form.pieces(self._table.header, self._table.rows)
        links = "".join(
            f'<hyperlink ref="{place}" r:id="rId{nth}"/>' for nth, (place, _) in enumerate(self.links, 1)
        )
        yield (f"<hyperlinks>{links}</hyperlinks>" if links else "") + _MARGINS

    def _cells(self) -> Cells:
        return {
            type(None): lambda _reference, _value: "",
            bool: lambda reference, value: f'<c r="{reference}" t="b"><v>{value:d}</v></c>',
            int: lambda reference, value: f'<c r="{reference}"><v>{value}</v></c>',
            float: lambda reference, value: f'<c r="{reference}"><v>{_number(value)}</v></c>',
            date: lambda reference, value: f'<c r="{reference}" s="2"><v>{day_number(value)}</v></c>',
            datetime: lambda reference, value: f'<c r="{reference}" s="1"><v>{serial(value):.15g}</v></c>',
            str: self._text,
        }

    def _text(self, reference: str, text: str) -> str:
        if not text:
            return ""
        if _NUMBER.fullmatch(text):
            return f'<c r="{reference}"><v>{text}</v></c>'
        if text.startswith("="):
            return f'<c r="{reference}"><f>{escape(text[1:])}</f><v>0</v></c>'
        style = ""
        if _LINK.match(text):
            style = ' s="3"'
            self.links.append((reference, text))
        return f'<c r="{reference}"{style} t="s"><v>{self.shared.index(text)}</v></c>'


def write_write_xlsx_form(table: Table, path: Path) -> None:
    """Write a table."""
    sheet = _Sheet(table)
    documents = properties(_XML, "Microsoft Excel", "\n")
    parts = ["xl/styles.xml", "xl/theme/theme1.xml", "xl/workbook.xml", SHEET, "xl/sharedStrings.xml"]

    def after() -> dict[str, str]:
        listed = "".join(
            f'<Relationship Id="rId{nth}" Type="{OFFICE}/hyperlink" Target="{escape(link)}" TargetMode="External"/>'
            for nth, (_, link) in enumerate(sheet.links, 1)
        )
        links = relations(_XML, [], "\n").replace("</Relationships>", f"{listed}</Relationships>")
        return {
            **({"xl/worksheets/_rels/sheet1.xml.rels": links} if listed else {}),
            "xl/sharedStrings.xml": sheet.shared.part(f'{_XML}<sst xmlns="{MAIN}" {{counts}}>', _item) + "\n",
            "xl/styles.xml": _STYLES,
            "xl/workbook.xml": _WORKBOOK,
            "xl/theme/theme1.xml": theme(),
            "xl/_rels/workbook.xml.rels": relations(
                _XML,
                [
                    (f"{OFFICE}/worksheet", "worksheets/sheet1.xml"),
                    (f"{OFFICE}/theme", "theme/theme1.xml"),
                    (f"{OFFICE}/styles", "styles.xml"),
                    (f"{OFFICE}/sharedStrings", "sharedStrings.xml"),
                ],
                "\n",
            ),
        }

    write_workbook(
        path,
        before={
            **documents,
            "[Content_Types].xml": content_types_of(_XML, [*documents, *parts], "\n"),
            "_rels/.rels": relations(
                _XML,
                [
                    (f"{OFFICE}/officeDocument", "xl/workbook.xml"),
                    (CORE, "docProps/core.xml"),
                    (EXTENDED, "docProps/app.xml"),
                ],
                "\n",
            ),
        },
        sheet=sheet.pieces(),
        after=after,
    )


def _number(value: float) -> str:
    return f"{value:.0f}" if value.is_integer() else ruby_float(value)


def _item(text: str) -> str:
    kept = ' xml:space="preserve"' if _BLANK_AT_AN_END.search(text) else ""
    text = _CODE.sub(lambda code: f"_x005F{code[0]}", text) if "_x" in text else text
    return f"<t{kept}>{escape(text).replace(chr(13), '_x000D_')}</t>"
