"""What openpyxl's write-only mode writes, at ten times its speed."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from pipefy_exports_dagster.sandbox.tables import Cell, Table
from pipefy_exports_dagster.sandbox.workbooks import MAIN, OFFICE, day_number, theme

from .workbook import (
    CORE,
    EXTENDED,
    SheetForm,
    content_types_of,
    escape,
    properties,
    relations,
    write_workbook,
)

_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  a workbook's times have no zone
_STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy-mm-dd h:mm:ss" />'
    '<numFmt numFmtId="165" formatCode="yyyy-mm-dd" /></numFmts><fonts count="1"><font><name val="Calibri" />'
    '<sz val="11" /></font></fonts><fills count="1"><fill><patternFill /></fill></fills><borders count="1"><border />'
    '</borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" /></cellStyleXfs>'
    '<cellXfs count="3">'
    + "".join(
        f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" pivotButton="0" quotePrefix="0" xfId="0" />'
        for number in (0, 164, 165)
    )
    + '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0" hidden="0" /></cellStyles>'
    "</styleSheet>"
)


def _days(moment: datetime) -> float:
    return (moment - _EPOCH) / timedelta(days=1)


def _text(reference: str, text: str) -> str:
    if not text:
        return f'<c r="{reference}" t="inlineStr" />'
    if text.startswith("=") and text != "=":
        return f'<c r="{reference}"><f>{escape(text[1:])}</f><v /></c>'
    kept = ' xml:space="preserve"' if text != text.strip() else ""
    return f'<c r="{reference}" t="inlineStr"><is><t{kept}>{escape(text)}</t></is></c>'


_FORM = SheetForm(
    head=(
        f'<worksheet xmlns="{MAIN}"><sheetPr><outlinePr summaryBelow="1" summaryRight="1" /><pageSetUpPr /></sheetPr>'
        '<sheetViews><sheetView workbookViewId="0"><selection activeCell="A1" sqref="A1" /></sheetView></sheetViews>'
        '<sheetFormatPr baseColWidth="8" defaultRowHeight="15" /><sheetData>'
    ),
    row='<row r="{number}">',
    cells={
        type(None): lambda _reference, _value: "",
        bool: lambda reference, value: f'<c r="{reference}" t="b"><v>{value:d}</v></c>',
        int: lambda reference, value: f'<c r="{reference}" t="n"><v>{value:.16g}</v></c>',
        float: lambda reference, value: f'<c r="{reference}" t="n"><v>{value:.16g}</v></c>',
        date: lambda reference, value: f'<c r="{reference}" s="2" t="n"><v>{day_number(value)}</v></c>',
        datetime: lambda reference, value: f'<c r="{reference}" s="1" t="n"><v>{_days(value):.16g}</v></c>',
        str: _text,
    },
    tail=(
        '</sheetData><pageMargins left="0.75" right="0.75" top="1" bottom="1" header="0.5" footer="0.5" /></worksheet>'
    ),
)


def write_openpyxl_form(table: Table, path: Path) -> None:
    """Write a table."""
    write_openpyxl_rows(table.header, table.rows, path)


def write_openpyxl_rows(header: Sequence[str], rows: Iterable[Sequence[Cell]], path: Path) -> None:
    """Write rows that are made while they are written."""
    sheet = "xl/worksheets/sheet1.xml"
    listed = [
        "xl/styles.xml", "xl/theme/theme1.xml", "docProps/core.xml", "docProps/app.xml", sheet, "xl/workbook.xml",
    ]  # fmt: skip
    write_workbook(
        path,
        before={
            **properties("", "Microsoft Excel Compatible / Openpyxl 3.1.5"),
            "xl/theme/theme1.xml": theme(),
        },
        sheet=_FORM.pieces(header, rows),
        after=lambda: {
            "xl/styles.xml": _STYLES,
            "_rels/.rels": relations(
                "",
                [
                    (f"{OFFICE}/officeDocument", "xl/workbook.xml"),
                    (CORE, "docProps/core.xml"),
                    (EXTENDED, "docProps/app.xml"),
                ],
            ),
            "xl/workbook.xml": (
                f'<workbook xmlns:r="{OFFICE}" xmlns="{MAIN}"><workbookPr /><workbookProtection /><bookViews>'
                '<workbookView visibility="visible" minimized="0" firstSheet="0" activeTab="0" /></bookViews><sheets>'
                '<sheet name="Export" sheetId="1" state="visible" r:id="rId1" /></sheets><definedNames />'
                '<calcPr calcId="124519" fullCalcOnLoad="1" /></workbook>'
            ),
            "xl/_rels/workbook.xml.rels": relations(
                "",
                [
                    (f"{OFFICE}/worksheet", f"/{sheet}"),
                    (f"{OFFICE}/styles", "styles.xml"),
                    (f"{OFFICE}/theme", "theme/theme1.xml"),
                ],
            ),
            "[Content_Types].xml": content_types_of("", listed),
        },
    )
