"""What Excel itself writes: shared strings, `spans`, extensions of its own, numbers of 17 digits."""

import re
from datetime import date, datetime
from pathlib import Path

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

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
_MICROSOFT = "http://schemas.microsoft.com/office/spreadsheetml"
_COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"
_LARGEST_INTEGER = 10**15  # of more digits Excel keeps fifteen to seventeen, with an exponent
_UNSPEAKABLE = re.compile(r"_x[0-9A-Fa-f]{4}_|[\x00-\x08\x0b-\x1f]")

_STYLES = (
    f'{_XML}<styleSheet xmlns="{MAIN}" xmlns:mc="{_COMPATIBILITY}" mc:Ignorable="x14ac x16r2" '
    f'xmlns:x14ac="{_MICROSOFT}/2009/9/ac" xmlns:x16r2="{_MICROSOFT}/2015/02/main"><numFmts count="1">'
    '<numFmt numFmtId="164" formatCode="dd/mm/yyyy\\ hh:mm:ss"/></numFmts><fonts count="1" x14ac:knownFonts="1"><font>'
    '<sz val="11"/><color theme="1"/><name val="Calibri"/><family val="2"/><scheme val="minor"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="3">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles><dxfs count="0"/>'
    '<tableStyles count="0" defaultTableStyle="TableStyleMedium2" defaultPivotStyle="PivotStyleLight16"/><extLst>'
    f'<ext uri="{{EB79DEF2-80B8-43e5-95BD-54CBDDF9020C}}" xmlns:x14="{_MICROSOFT}/2009/9/main">'
    '<x14:slicerStyles defaultSlicerStyle="SlicerStyleLight1"/></ext></extLst></styleSheet>'
)
# With the extension in which Excel itself writes a `workbookPr` of another namespace.
_WORKBOOK = (
    f'{_XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}" xmlns:mc="{_COMPATIBILITY}" mc:Ignorable="x15" '
    f'xmlns:x15="{_MICROSOFT}/2010/11/main"><fileVersion appName="xl" lastEdited="7" lowestEdited="7" '
    'rupBuild="28129"/><workbookPr defaultThemeVersion="166925"/><bookViews><workbookView xWindow="0" yWindow="0" '
    'windowWidth="28800" windowHeight="12300"/></bookViews><sheets><sheet name="Export" sheetId="1" r:id="rId1"/>'
    '</sheets><calcPr calcId="191029"/><extLst><ext uri="{140A7094-0E35-4892-8432-C4D2E57EDEB5}" '
    f'xmlns:x15="{_MICROSOFT}/2010/11/main"><x15:workbookPr chartTrackingRefBase="1"/></ext></extLst></workbook>'
)


def write_excel_form(table: Table, path: Path) -> None:
    """Write a table."""
    shared = SharedStrings()
    parts = ["xl/workbook.xml", SHEET, "xl/theme/theme1.xml", "xl/styles.xml", "xl/sharedStrings.xml"]
    documents = properties(_XML, "Microsoft Excel")
    write_workbook(
        path,
        before={
            "[Content_Types].xml": content_types_of(_XML, [*parts, *documents]),
            "_rels/.rels": relations(
                _XML,
                [
                    (f"{OFFICE}/officeDocument", "xl/workbook.xml"),
                    (CORE, "docProps/core.xml"),
                    (EXTENDED, "docProps/app.xml"),
                ],
            ),
            "xl/workbook.xml": _WORKBOOK,
            "xl/_rels/workbook.xml.rels": relations(
                _XML,
                [
                    (f"{OFFICE}/worksheet", "worksheets/sheet1.xml"),
                    (f"{OFFICE}/theme", "theme/theme1.xml"),
                    (f"{OFFICE}/styles", "styles.xml"),
                    (f"{OFFICE}/sharedStrings", "sharedStrings.xml"),
                ],
            ),
        },
        sheet=_form(table, shared).pieces(table.header, table.rows),
        after=lambda: {
            "xl/theme/theme1.xml": theme(),
            "xl/styles.xml": _STYLES,
            "xl/sharedStrings.xml": shared.part(f'{_XML}<sst xmlns="{MAIN}" {{counts}}>', _item),
            **documents,
        },
    )


def excel_number(value: float) -> str:
    """Write a number as Excel stores it: 17 digits, `1.0000000000000001E-5`."""
    mantissa, e, exponent = f"{value:.17g}".partition("e")
    return f"{mantissa}E{'+' * (int(exponent) > 0)}{int(exponent)}" if e else mantissa


def _form(table: Table, shared: SharedStrings) -> SheetForm:
    width = len(table.header)
    columns = "".join(
        f'<col min="{nth}" max="{nth}" width="18.28515625" bestFit="1" customWidth="1"/>'
        for nth in range(1, width + 1)
    )
    return SheetForm(
        head=(
            f'{_XML}<worksheet xmlns="{MAIN}" xmlns:r="{OFFICE}" xmlns:mc="{_COMPATIBILITY}" '
            f'mc:Ignorable="x14ac xr xr2 xr3" xmlns:x14ac="{_MICROSOFT}/2009/9/ac" '
            'xmlns:xr="http://schemas.microsoft.com/office/spreadsheetml/2014/revision" '
            f'xmlns:xr2="{_MICROSOFT}/2015/revision2" xmlns:xr3="{_MICROSOFT}/2016/revision3" '
            'xr:uid="{00000000-0001-0000-0000-000000000000}">'
            f'<dimension ref="A1:{column_letters(width - 1)}{len(table.rows) + 1}"/><sheetViews>'
            '<sheetView tabSelected="1" workbookViewId="0"/></sheetViews>'
            f'<sheetFormatPr defaultRowHeight="15" x14ac:dyDescent="0.25"/><cols>{columns}</cols><sheetData>'
        ),
        row=f'<row r="{{number}}" spans="1:{width}" x14ac:dyDescent="0.25">',
        cells=_cells(shared),
        tail=(
            '</sheetData><pageMargins left="0.511811024" right="0.511811024" top="0.78740157499999996" '
            'bottom="0.78740157499999996" header="0.31496062000000002" footer="0.31496062000000002"/></worksheet>'
        ),
    )


def _cells(shared: SharedStrings) -> Cells:
    return {
        type(None): lambda _reference, _value: "",
        bool: lambda reference, value: f'<c r="{reference}" t="b"><v>{value:d}</v></c>',
        int: lambda reference, value: (
            f'<c r="{reference}"><v>{value if abs(value) < _LARGEST_INTEGER else excel_number(value)}</v></c>'
        ),
        float: lambda reference, value: f'<c r="{reference}"><v>{excel_number(value)}</v></c>',
        date: lambda reference, value: f'<c r="{reference}" s="2"><v>{day_number(value)}</v></c>',
        datetime: lambda reference, value: (
            f'<c r="{reference}" s="1"><v>{excel_number(serial(value))}</v></c>'
        ),
        str: lambda reference, value: (
            f'<c r="{reference}" t="s"><v>{shared.index(value)}</v></c>' if value else ""
        ),
    }


def _item(text: str) -> str:
    kept = ' xml:space="preserve"' if text != text.strip(" \t\r\n") or "\n" in text else ""
    return f"<t{kept}>{escape(_UNSPEAKABLE.sub(_code, text))}</t>"


def _code(found: re.Match[str]) -> str:
    text = found[0]
    return f"_x005F{text}" if len(text) > 1 else f"_x{ord(text):04X}_"
