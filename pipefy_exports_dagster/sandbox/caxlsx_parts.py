"""The parts of caxlsx's workbooks that are the same in all, in the order of its archives."""

from datetime import datetime

from pipefy_exports_dagster.sandbox.workbooks import CONTENT, MAIN, OFFICE, PACKAGE, content_types, theme

_XML = '<?xml version="1.0" encoding="UTF-8"?>'
_DOCUMENT = f"{CONTENT}.spreadsheetml"

SHEET_HEAD = (
    f'{_XML}<worksheet xmlns="{MAIN}" xmlns:r="{OFFICE}" xml:space="preserve"><sheetPr ><pageSetUpPr fitToPage="0" />'
    '</sheetPr><dimension ref="{dimension}"></dimension><sheetViews><sheetView defaultGridColor="1" rightToLeft="0" '
    'showFormulas="0" showGridLines="1" showRowColHeaders="1" showRuler="1" showWhiteSpace="0" showZeros="1" '
    'tabSelected="0" windowProtection="0" showOutlineSymbols="1" zoomScaleSheetLayoutView="0" '
    'zoomScalePageLayoutView="0" zoomScaleNormal="0" workbookViewId="0" zoomScale="100" ></sheetView></sheetViews>'
    '<sheetFormatPr baseColWidth="8" defaultRowHeight="18" />{columns}<sheetData>'
)
SHEET_TAIL = (
    '</sheetData><sheetCalcPr fullCalcOnLoad="1" /><printOptions gridLines="0" headings="0" horizontalCentered="0" '
    'verticalCentered="0" /><pageMargins left="0.75" right="0.75" top="1.0" bottom="1.0" header="0.5" footer="0.5" />'
    "<pageSetup /><headerFooter ></headerFooter></worksheet>"
)
# Times have the same format as days, without the time of day: only the number tells them apart.
_STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts count="2"><numFmt formatCode="yyyy/mm/dd" numFmtId="100" />'
    '<numFmt formatCode="yyyy/mm/dd hh:mm:ss" numFmtId="101" /></numFmts><fonts count="1"><font><name val="Arial"/>'
    '<sz val="11"/><family val="1"/></font></fonts><fills count="2">'
    '<fill><patternFill patternType="none"></patternFill></fill>'
    '<fill><patternFill patternType="gray125"></patternFill></fill></fills>'
    '<borders count="2"><border ></border>'
    "<border >"
    + "".join(
        f'<{side} style="thin"><color rgb="FF000000" /></{side}>'
        for side in ("left", "right", "top", "bottom")
    )
    + '</border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" ></xf>'
    '</cellStyleXfs><cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" ></xf>'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="1" xfId="0" ></xf><xf numFmtId="14" fontId="0" fillId="0" '
    'borderId="0" xfId="0" applyNumberFormat="1" ></xf></cellXfs><cellStyles count="1"><cellStyle name="Normal" '
    'xfId="0" /></cellStyles><dxfs count="0"></dxfs><tableStyles defaultTableStyle="TableStyleMedium9" '
    'defaultPivotStyle="PivotStyleLight16" count="0" ></tableStyles></styleSheet>'
)
_CONTENT_TYPES = {
    "docProps/app.xml": f"{CONTENT}.extended-properties+xml",
    "docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
    "xl/styles.xml": f"{_DOCUMENT}.styles+xml",
    "xl/theme/theme1.xml": f"{CONTENT}.theme+xml",
    "xl/workbook.xml": f"{_DOCUMENT}.sheet.main+xml",
    "xl/worksheets/sheet1.xml": f"{_DOCUMENT}.worksheet+xml",
}


def parts_before() -> dict[str, str]:
    """Return what stands before the sheet."""
    return {
        "[Content_Types].xml": (
            f'{_XML}<Types xmlns="{PACKAGE}/content-types">'
            '<Default ContentType="application/vnd.openxmlformats-package.relationships+xml" Extension="rels"/>'
            f'<Default ContentType="application/xml" Extension="xml"/>{content_types(_CONTENT_TYPES)}</Types>'
        ),
        "_rels/.rels": _relations(
            ("xl/workbook.xml", f"{OFFICE}/officeDocument", "rId4"),
            ("docProps/core.xml", f"{PACKAGE}/relationships/metadata/core-properties", "rId5"),
            ("docProps/app.xml", f"{OFFICE}/extended-properties", "rId6"),
        ),
    }


def parts_after(created: datetime) -> dict[str, str]:
    """Return what stands behind the sheet."""
    terms = "http://purl.org/dc/"
    return {
        "xl/worksheets/_rels/sheet1.xml.rels": _relations(),
        "xl/workbook.xml": (
            f'{_XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><workbookPr date1904="false"/><sheets>'
            '<sheet sheetId="1" name="Export" r:id="rId1"></sheet></sheets></workbook>'
        ),
        "xl/theme/theme1.xml": theme(),
        "xl/styles.xml": _STYLES,
        "xl/_rels/workbook.xml.rels": _relations(
            ("worksheets/sheet1.xml", f"{OFFICE}/worksheet", "rId1"),
            ("styles.xml", f"{OFFICE}/styles", "rId2"),
            ("theme/theme1.xml", f"{OFFICE}/theme", "rId3"),
        ),
        "docProps/core.xml": (
            f'{_XML}<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties" xmlns:dc="{terms}elements/1.1/" '
            f'xmlns:dcmitype="{terms}dcmitype/" xmlns:dcterms="{terms}terms/" '
            'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:creator>axlsx</dc:creator>'
            f'<dcterms:created xsi:type="dcterms:W3CDTF">{created:%Y-%m-%dT%H:%M:%SZ}</dcterms:created>'
            "<cp:revision>0</cp:revision></cp:coreProperties>"
        ),
        "docProps/app.xml": (
            f'{_XML}<Properties xmlns="{OFFICE.replace("relationships", "extended-properties")}" '
            f'xmlns:vt="{OFFICE.replace("relationships", "docPropsVTypes")}"></Properties>'
        ),
    }


def _relations(*relations: tuple[str, str, str]) -> str:
    listed = "".join(
        f'<Relationship Target="{target}" Type="{kind}" Id="{id_}"/>' for target, kind, id_ in relations
    )
    return f'{_XML}<Relationships xmlns="{PACKAGE}/relationships">{listed}</Relationships>'
