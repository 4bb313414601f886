"""What xlsxtream writes: inline strings, few parts, the sheet first, sizes behind each part of the ZIP."""

import re
from datetime import date, datetime
from pathlib import Path

from pipefy_exports_dagster.sandbox.caxlsx import ruby_float
from pipefy_exports_dagster.sandbox.tables import Table
from pipefy_exports_dagster.sandbox.workbooks import MAIN, OFFICE, day_number, serial

from .workbook import SHEET, SheetForm, content_types_of, escape, relations, write_workbook

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
_CODE = re.compile(r"_x[0-9A-Fa-f]{4}_")
_BOLD = '<alignment horizontal="center" vertical="center"/>'
_FORMATS = "".join(
    f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0"{applied}/>'
    for number, applied in ((0, ""), (164, ' applyNumberFormat="1"'), (165, ' applyNumberFormat="1"'))
) + "".join(
    f'<xf numFmtId="{number}" fontId="1" fillId="0" borderId="0" xfId="0" applyAlignment="1">{_BOLD}</xf>'
    for number in (0, 164, 165)
)
_STYLES = (
    f'{_XML}<styleSheet xmlns="{MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd hh:mm:ss"/></numFmts><fonts count="2"><font><sz val="12"/>'
    '<name val="Calibri"/><family val="2"/></font><font><b val="1"/><sz val="12"/><name val="Calibri"/>'
    '<family val="2"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill>'
    '<patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1">'
    f'<xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="6">{_FORMATS}</cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles><dxfs count="0"/>'
    '<tableStyles count="0" defaultTableStyle="TableStyleMedium9" defaultPivotStyle="PivotStyleLight16"/></styleSheet>'
)
_FORM = SheetForm(
    head=f'{_XML}<worksheet xmlns="{MAIN}"><sheetData>',
    row='<row r="{number}">',
    cells={
        type(None): lambda _reference, _value: "",
        bool: lambda reference, value: f'<c r="{reference}" t="b"><v>{value:d}</v></c>',
        int: lambda reference, value: f'<c r="{reference}" t="n"><v>{value}</v></c>',
        float: lambda reference, value: f'<c r="{reference}" t="n"><v>{ruby_float(value)}</v></c>',
        date: lambda reference, value: f'<c r="{reference}" s="1"><v>{day_number(value)}.0</v></c>',
        datetime: lambda reference, value: f'<c r="{reference}" s="2"><v>{ruby_float(serial(value))}</v></c>',
        str: lambda reference, value: _text(reference, value) if value else "",
    },
    tail="</sheetData></worksheet>",
)


def write_xlsxtream_form(table: Table, path: Path) -> None:
    """Write a table."""
    write_workbook(
        path,
        before={},
        sheet=_FORM.pieces(table.header, table.rows),
        after=lambda: {
            "xl/workbook.xml": (
                f'{_XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><workbookPr date1904="false"/><sheets>'
                '<sheet name="Export" sheetId="1" r:id="rId1"/></sheets></workbook>'
            ),
            "xl/styles.xml": _STYLES,
            "xl/_rels/workbook.xml.rels": relations(
                _XML,
                [(f"{OFFICE}/worksheet", "worksheets/sheet1.xml"), (f"{OFFICE}/styles", "styles.xml")],
            ),
            "_rels/.rels": relations(_XML, [(f"{OFFICE}/officeDocument", "xl/workbook.xml")]),
            "[Content_Types].xml": content_types_of(_XML, ["xl/workbook.xml", "xl/styles.xml", SHEET]),
        },
        one_way=True,
    )


def _text(reference: str, text: str) -> str:
    escaped = escape(_CODE.sub(lambda code: f"_x005f{code[0]}", text) if "_x" in text else text)
    return f'<c r="{reference}" t="inlineStr"><is><t>{escaped}</t></is></c>'
