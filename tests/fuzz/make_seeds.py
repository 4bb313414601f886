"""Writes the seeds of the targets that read files: `python -m fuzz.make_seeds` in tests/."""

import gzip
import io
import zipfile
import zlib
from pathlib import Path

from support.workbooks import MAIN, Book, one_sheet, rows

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
_JOBS = (
    ("id", "when", "took"),
    ("|1", 's="2"|46327.5', 's="3"|1.25'),
    ("|2.5", 's="1"|46327', 't="b"|1'),
    ('t="e"|#N/A', 't="d"|2026-11-01T10:00:00', 's="4"|0.5'),
)
_OF_SHARED_TEXTS = (
    ('t="s"|0', 't="s"|1'),
    ('t="s"|2', "|<f>A2</f><v>7</v>"),
    ('t="s"|3', 't="str"|<f>A3</f>'),
)
_NUMBERS = ("1e300", "12345678901234567890", "-0", "0.1", "1E-7", " 5 ", "abc", "60", "0.99999999")
WORKBOOKS: dict[str, Book] = {
    "kinds": one_sheet(*_JOBS),
    "shared": one_sheet(
        *_OF_SHARED_TEXTS,
        shared="<si><t>id</t></si><si><t>name</t></si><si><r><t>ri</t></r><r><t>ch</t></r></si>"
        '<si><t xml:space="preserve"> _x0041_ </t></si><si/>',
    ),
    "sheets": Book(
        {name: rows(("id", name), ("|1", "x")) for name in ("b", "c", "d")},
        inside='<workbookPr date1904="1"/><bookViews><workbookView activeTab="1"/></bookViews>',
        states={"d": "hidden"},
    ),
    "numbers": one_sheet(("n",), *((f's="{nth % 5}"|<v>{text}</v>',) for nth, text in enumerate(_NUMBERS))),
    "formats": Book(
        {"Jobs": rows(("n", "m"), ('s="1"|46327.5', 's="2"|0.5'))},
        changed={
            "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd '
            'hh:mm:ss.000"/><numFmt numFmtId="166" formatCode="[&lt;1]hh:mm;dd/mm/yyyy;@"/></numFmts><cellXfs>'
            '<xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="166"/></cellXfs></styleSheet>'
        },
    ),
}


def packed(book: Book) -> bytes:
    """Pack a workbook, without the time of the day: the same seed is made each time."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, part in book.parts().items():
            archive.writestr(zipfile.ZipInfo(name), part)
    return content.getvalue()


def main() -> None:
    """Write the seeds of each target again; those that a long run has added stay."""
    workbooks = {name: packed(book) for name, book in WORKBOOKS.items()}
    for target, made in (("sniffing", SNIFFING), ("delimited", DELIMITED), ("workbook", workbooks)):
        folder = SEEDS / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in made.items():
            (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
