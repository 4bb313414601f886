"""Writes the seeds of the targets that read files: `python -m fuzz.make_seeds` in tests/."""

import gzip
import io
import zipfile
import zlib
from pathlib import Path

SEEDS = Path(__file__).parent / "seeds"

_COMMENTS = "<!---->" * 41
SNIFFING: dict[str, bytes] = {
    "comments_and_a_tag": f"{_COMMENTS}<a".encode(),
    "blank_title": b"<html><title>" + b" " * 60_000,
    "page": b"<!DOCTYPE html><html><head><title>Log in</title></head><body><form></form></body></html>",
    "table_of_html": b"<table><tr><td>a</td></tr></table>",
    "error_of_a_host": b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
    "spreadsheet_2003": b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
    "json_answer": b'{"data": {"id": 7}}',
    "json_cut_off": b'[{"id": 7, "nam',
    "nested_json": b"[" * 5_000,
    "unclosed_quote": b'a,b\n"' + b"x,y\n" * 500,
    "marks_on_a_letter": ("a" + "\u0301\u0323" * 500 + ",b\n1,2\n").encode(),
    "utf_16": "id;name\n7;Jos\u00e9\n".encode("utf-16"),
    "utf_32": "id;name\n7;x\n".encode("utf-32"),
    "latin": "id;name\n7;Jos\u00e9\n".encode("latin-1"),
    "declared": b"sep=|\nid|name\n7|x\n",
    "titles": b"Report\n\nid;name;when\n7;x;2026-11-01\n8;y;2026-11-02\n",
    "one_line": b"503 Service Unavailable",
    "gzip": gzip.compress(b"id,name\n7,x\n", mtime=0),
    "gzip_cut_off": gzip.compress(b"id,name\n7,x\n" * 50, mtime=0)[:-12],
    "old_workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le"),
    "zlib": zlib.compress(b"id,name\n7,x\n"),
    "same_headers": b",".join([b"a"] * 200) + b"\n" + b",".join([b"1"] * 200) + b"\n",
}
DELIMITED: dict[str, bytes] = {
    "kinds": b"id,name,when,amount,ok\n1,Ana,2026-11-01,1.50,true\n2,Bob,2026-11-02T10:00:00Z,2,False\n",
    "quotes": b'a;b\n"x;y";"say ""hi"""\n"two\nlines";""\n;\n"";z\n',
    "crlf": b'a,b\r\n1,"x\r\ny"\r\n,\r\n3,z\r\n',
    "ragged": b"a,b,c\n1,2\n1,2,3,4\n\n5,,\n",
    "one_column": b"name\nx\n\ny\n",
    "times": b"a\tb\n2026-11-01 10:00:00\t10:00\n2026-11-01T10:00:00.123456\t23:59:59\n",
    "numbers": b"a|b|c|d\n007|1e5|12345678901234567890|0.1\n-0|+5|9223372036854775808|10.10\n",
    "trailing_separators": b"a;b;;\n1;2;;\n3;4;;\n",
    "without_last_line_end": "nome;data\nJos\u00e9;01/11/2026\nZo\u00eb;02/11/2026".encode(),
    "titles": b"Report of jobs\n;;\n\nid;name;when\n1;x;2026-11-01\n2;y;2026-11-02\n",
    "declared": b"sep=;\na;b\n1,5;2\n",
    "only_returns": b"a,b\r1,2\r3,4\r",
}
_TYPES = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def workbook(
    sheets: dict[str, str], *, styles: str = "", shared: str = "", properties: str = "", views: str = ""
) -> bytes:
    """Write a workbook of sheets by their names, each the XML of its rows."""
    names = "".join(
        f'<sheet name="{name}" sheetId="{nth}" r:id="rId{nth}"/>' for nth, name in enumerate(sheets, 1)
    )
    related = "".join(
        f'<Relationship Id="rId{nth}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{nth}.xml"/>'
        for nth in range(1, len(sheets) + 1)
    )
    parts = {
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" '
        f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_TYPES}" xmlns:r="{_RELATIONS}">{properties}{views}'
        f"<sheets>{names}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">{related}'
        f'<Relationship Id="rIdS" Type="{_RELATIONS}/styles" Target="styles.xml"/>'
        f'<Relationship Id="rIdT" Type="{_RELATIONS}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{_TYPES}">{styles}</styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{_TYPES}">{shared}</sst>',
    }
    for nth, rows in enumerate(sheets.values(), 1):
        parts[f"xl/worksheets/sheet{nth}.xml"] = (
            f'<worksheet xmlns="{_TYPES}"><dimension ref="A1:C3"/><sheetData>{rows}</sheetData></worksheet>'
        )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, xml in parts.items():
            # With a date of its own, so that the same seed is made each time.
            archive.writestr(zipfile.ZipInfo(name), f'<?xml version="1.0" encoding="UTF-8"?>\n{xml}')
    return packed.getvalue()


def _row(number: int, *cells: str) -> str:
    return f'<row r="{number}">{"".join(cells)}</row>'


def _text(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def _shared(place: str, nth: int) -> str:
    return f'<c r="{place}" t="s"><v>{nth}</v></c>'


def _number(place: str, text: str, style: int = 0) -> str:
    return f'<c r="{place}" s="{style}"><v>{text}</v></c>'


_STYLES = (
    '<numFmts count="3"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd hh:mm:ss.000"/>'
    '<numFmt numFmtId="165" formatCode="[h]:mm:ss"/><numFmt numFmtId="166" formatCode="[&lt;1]hh:mm;dd/mm/yyyy;@"/>'
    '</numFmts><cellXfs count="5"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/>'
    '<xf numFmtId="166"/></cellXfs>'
)
WORKBOOKS: dict[str, bytes] = {
    "kinds": workbook(
        {
            "Jobs": _row(1, _text("A1", "id"), _text("B1", "when"), _text("C1", "took"))
            + _row(2, _number("A2", "1"), _number("B2", "46327.5", 2), _number("C2", "1.25", 3))
            + _row(3, _number("A3", "2.5"), _number("B3", "46327", 1), '<c r="C3" t="b"><v>1</v></c>')
            + _row(4, '<c r="A4" t="e"><v>#N/A</v></c>', '<c r="B4" t="d"><v>2026-11-01T10:00:00</v></c>')
        },
        styles=_STYLES,
    ),
    "shared": workbook(
        {
            "Jobs": _row(1, _shared("A1", 0), _shared("B1", 1))
            + _row(2, _shared("A2", 2), '<c r="B2"><f>A2</f><v>7</v></c>')
            + _row(3, _shared("A3", 3), '<c r="B3" t="str"><f>A3</f></c>')
        },
        shared="<si><t>id</t></si><si><t>name</t></si><si><r><t>ri</t></r><r><t>ch</t></r></si>"
        '<si><t xml:space="preserve"> _x0041_ </t></si><si/>',
    ),
    "sheets": workbook(
        {
            name: _row(1, _text("A1", "id"), _text("B1", name))
            + _row(2, _number("A2", "1"), _text("B2", "x"))
            for name in ("b", "c", "d")
        },
        properties='<workbookPr date1904="1"/>',
        views='<bookViews><workbookView activeTab="1"/></bookViews>',
    ),
    "numbers": workbook(
        {
            "Jobs": _row(1, _text("A1", "n"))
            + "".join(
                _row(nth, _number(f"A{nth}", text, nth % 5))
                for nth, text in enumerate(
                    ("1e300", "12345678901234567890", "-0", "0.1", "1E-7", " 5 ", "abc", "60", "0.99999999"),
                    2,
                )
            )
        },
        styles=_STYLES,
    ),
}


def main() -> None:
    """Write the seeds of each target anew; those that a long run has added stay."""
    for target, made in (("sniffing", SNIFFING), ("delimited", DELIMITED), ("workbook", WORKBOOKS)):
        folder = SEEDS / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in made.items():
            (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
