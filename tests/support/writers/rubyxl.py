"""What rubyXL writes: texts and truth as `t="str"`, days as plain numbers, empty cells, `&#13;`."""

import re
from datetime import date, datetime
from pathlib import Path

from pipefy_exports_dagster.sandbox.caxlsx import ruby_float
from pipefy_exports_dagster.sandbox.tables import Table
from pipefy_exports_dagster.sandbox.workbooks import (
    CONTENT,
    MAIN,
    OFFICE,
    column_letters,
    content_types,
    day_number,
    serial,
    theme,
)

from .workbook import (
    CORE,
    EXTENDED,
    SHEET,
    Cells,
    SheetForm,
    content_types_of,
    escape,
    properties,
    relations,
    write_workbook,
)

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"
_AC = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac"
_SPACES = f'xmlns="{MAIN}" xmlns:r="{OFFICE}" xmlns:mc="{_COMPATIBILITY}"'
_PRESERVED = re.compile(r"\A\s|\s\Z|\n", re.ASCII)
_STYLES = (
    f'{_XML}<styleSheet {_SPACES} xmlns:x14ac="{_AC}" xmlns:mv="urn:schemas-microsoft-com:mac:vml"><fonts count="2">'
    '<font><name val="Verdana"/><sz val="10"/></font><font><name val="Verdana"/><sz val="8"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" '
    'borderId="0"/></cellStyleXfs><cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>\n'
)


def _text(reference: str, text: str) -> str:
    if not text:
        return f'<c r="{reference}" s="0" t="str"><v/></c>'
    kept = ' xml:space="preserve"' if _PRESERVED.search(text) else ""
    return f'<c r="{reference}" s="0" t="str"><v{kept}>{escape(text).replace(chr(13), "&#13;")}</v></c>'


_CELLS: Cells = {
    type(None): lambda reference, _value: f'<c r="{reference}" s="0"/>',
    bool: lambda reference, value: f'<c r="{reference}" s="0" t="str"><v>{str(value).lower()}</v></c>',
    int: lambda reference, value: f'<c r="{reference}" s="0"><v>{value}</v></c>',
    float: lambda reference, value: f'<c r="{reference}" s="0"><v>{ruby_float(value)}</v></c>',
    date: lambda reference, value: f'<c r="{reference}" s="0"><v>{day_number(value)}.0</v></c>',
    datetime: lambda reference, value: f'<c r="{reference}" s="0"><v>{ruby_float(serial(value))}</v></c>',
    str: _text,
}


def write_rubyxl_form(table: Table, path: Path) -> None:
    """Write a table."""
    width = len(table.header)
    form = SheetForm(
        head=(
            f'{_XML}<worksheet {_SPACES} xmlns:x14ac="{_AC}" xmlns:mv="urn:schemas-microsoft-com:mac:vml">'
            f'<dimension ref="A1:{column_letters(width - 1)}{len(table.rows) + 1}"/><sheetData>'
        ),
        row=f'<row r="{{number}}" spans="1:{width}" customFormat="false">',
        cells=_CELLS,
        tail="</sheetData></worksheet>\n",
    )
    documents = properties(_XML, "Microsoft Macintosh Excel", "\n")
    parts = [
        "docProps/core.xml",
        "docProps/app.xml",
        "xl/workbook.xml",
        "xl/styles.xml",
        "xl/theme/theme1.xml",
    ]
    relations_too = content_types(
        {"_rels/.rels": CONTENT.replace("officedocument", "package.relationships+xml")}
    )
    write_workbook(
        path,
        before={
            "xl/_rels/workbook.xml.rels": relations(
                _XML,
                [
                    (f"{OFFICE}/styles", "styles.xml"),
                    (f"{OFFICE}/theme", "theme/theme1.xml"),
                    (f"{OFFICE}/worksheet", "worksheets/sheet1.xml"),
                ],
                "\n",
            ),
            "_rels/.rels": relations(
                _XML,
                [
                    (CORE, "docProps/core.xml"),
                    (EXTENDED, "docProps/app.xml"),
                    (f"{OFFICE}/officeDocument", "xl/workbook.xml"),
                ],
                "\n",
            ),
            **{part: documents[part] for part in ("docProps/core.xml", "docProps/app.xml")},
            "xl/workbook.xml": (
                f'{_XML}<workbook {_SPACES} xmlns:x15="http://schemas.microsoft.com/office/spreadsheetml/2010/11/main">'
                '<workbookPr date1904="false"/><sheets><sheet name="Sheet1" sheetId="1" r:id="rId3"/></sheets>'
                "</workbook>\n"
            ),
            "xl/styles.xml": _STYLES,
            "xl/theme/theme1.xml": theme(),
        },
        sheet=form.pieces(table.header, table.rows),
        after=lambda: {
            "[Content_Types].xml": content_types_of(_XML, [*parts, SHEET], "\n").replace(
                "</Types>", f"{relations_too}</Types>"
            )
        },
    )
