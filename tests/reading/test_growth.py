"""Hostile files that grow: four times the file takes about four times as long, not sixteen times.

What regular expressions do is in tests/patterns; here are the loops, and the libraries, that a file goes through.
"""

import contextlib
import gzip
import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fuzz.make_seeds import packed
from support.workbooks import MAIN, Book

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import UnreadableFileError
from pipefy_exports_dagster.reading.worker import read
from pipefy_exports_dagster.reading.xlsx.xml_tree import XmlTree

MOST_OFTEN = 9
TOO_SHORT_TO_TELL_S = 0.4
TRIES = 3
HEADER = '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'


def sheet(rows: str, **more: Any) -> bytes:
    return packed(Book({"Jobs": HEADER + rows}, **more))


def prefixed(rows: str) -> bytes:
    """Make a workbook whose sheet has a prefix before each name."""
    xml = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{rows}</x:sheetData></x:worksheet>'
    return packed(Book({"Jobs": xml}))


def cell(content: str, attributes: str = "") -> str:
    return f'<row r="2"><c r="A2"{attributes}>{content}</c></row>'


def each(written: str, count: int, step: int = 1) -> str:
    """Write something with each number, upwards or downwards."""
    return "".join(map(written.format, range(2, count + 2)[::step]))


def listed(count: int) -> str:
    """List the first sheet again and again."""
    sheets = each('<sheet name="s{}" r:id="rId1"/>', count)
    return f"<sheets>{sheets}</sheets>"


def archive_of(parts: int) -> bytes:
    content = io.BytesIO(sheet(""))
    with zipfile.ZipFile(content, "a") as archive:
        for nth in range(parts):
            archive.writestr(f"xl/media/{nth}.png", b"")
    return content.getvalue()


FILES: dict[str, tuple[int, Callable[[int], bytes]]] = {
    "text: marks on one letter of a header": (6_000, lambda n: ("a" + "\u0301\u0323" * n + ",b\n1,2\n").encode()),
    "text: one header many times": (700, lambda n: (",".join(["a"] * n) + "\n" + "," * (n - 1) + "\n1\n").encode()),
    "text: quotes": (50_000, lambda n: b"a,b\n1," + b'"' * n + b"\n"),
    "text: pairs of quotes above the header": (50_000, lambda n: b'"" ' * n + b"\na,b\n1,2\n"),
    "text: a quote that opens above the header": (50_000, lambda n: b'" ' + b'" "' * n + b"x\na,b\n1,2\n"),
    "text: blank lines above the header": (50_000, lambda n: b";\n" * n + b"a;b\n1;2\n"),
    "text: returns": (50_000, lambda n: b"a,b\n" + b"\r" * n),
    "text: separators": (50_000, lambda n: b"a,b\n" + b"," * n + b"\n"),
    # Of fewer characters a file is told to be no table at once.
    "text: a line of a sentence": (400_000, lambda n: b"x" * n + b" " * n + b"."),
    "text: digits and a letter": (20_000, lambda n: b"a,b\n1," + b"1" * n + b"x\n"),
    "text: a number of many digits": (100_000, lambda n: b"a,b\n1," + b"1" * n + b"." + b"1" * n + b"\n"),
    "text: a time of many digits": (100_000, lambda n: b"a,b\n1,2026-11-01T10:00:00." + b"1" * n + b"\n"),
    "text: in no encoding": (50_000, lambda n: b"a,b\n" + b"\xe9\x81\xc3 " * n + b",1\n"),
    "text: titles": (20_000, lambda n: b"1 " * n + b"\nid;name;when\n1;2;3\n4;5;6\n"),
    "page: comments and a tag": (10_000, lambda n: b"<!---->" * n + b"<a"),
    "page: a blank title": (16_000, lambda n: b"<html><title>" + b" " * n),
    "page: brackets": (16_000, lambda n: b"<" * n),
    "json: brackets": (16_000, lambda n: b"[" * n),
    "json: blanks": (100_000, lambda n: b"[" + b" " * n),
    "archive: many gzips": (20_000, lambda n: gzip.compress(b"", mtime=0) * n),
    "archive: many parts": (2_000, archive_of),
    "sheet: digits and a letter": (10_000, lambda n: sheet(cell(f"<v>{'1' * n}x</v>"))),
    "sheet: a number of many digits": (100_000, lambda n: sheet(cell(f"<v>{'9' * n}e-{n - 20}</v>"))),
    "sheet: a fraction of many digits": (100_000, lambda n: sheet(cell(f"<v>.{'9' * n}</v>"))),
    "sheet: blanks in a cell's tag": (20_000, lambda n: sheet(cell("<v>1</v>", " " * n))),
    "sheet: blanks in a row's tag": (20_000, lambda n: sheet(f'<row r="2"{" " * n}><c r="A2"><v>1</v></c></row>')),
    "sheet: blanks in many tags": (500, lambda n: sheet(f'<row r="2"{" " * 300}><c><v>1</v></c></row>' * n)),
    "sheet: unknown tags": (3_000, lambda n: sheet(cell("<v>1</v>" + "<x/>" * n))),
    "sheet: rows of unknown tags": (1_000, lambda n: sheet("<row><c><v>1</v><x></x></c></row>" * n)),
    "sheet: elements within elements": (5_000, lambda n: sheet(cell("<x>" * n + "</x>" * n))),
    "sheet: elements that end nothing": (5_000, lambda n: sheet(cell("<x>" * n))),
    "sheet: comments": (5_000, lambda n: sheet(cell("<v>1</v>" + "<!-- <v> -->" * n))),
    "sheet: instructions": (5_000, lambda n: sheet(cell("<v>1</v>" + "<?x y?>" * n))),
    "sheet: returns": (50_000, lambda n: sheet(cell("<v>1</v>" + "\r" * n))),
    "sheet: prefixes": (5_000, lambda n: prefixed("<x:row><x:c><x:v>1</x:v></x:c><!-- --></x:row>" * n)),
    "sheet: CDATA": (5_000, lambda n: sheet(cell("<v>" + "<![CDATA[1]]>" * n + "</v>"))),
    "sheet: comments that do not end": (5_000, lambda n: sheet(cell("<v>1</v>" + "<!--" * n))),
    "sheet: attributes": (2_000, lambda n: sheet(cell("<v>1</v>", each(' a{}="1"', n)))),
    "sheet: namespaces": (2_000, lambda n: sheet(cell("<v>1</v>", each(' xmlns:a{}="u"', n)))),
    "sheet: kinds of attributes": (2_000, lambda n: sheet(each('<row><c z="{}"><v>1</v></c></row>', n))),
    "sheet: styles": (1_000, lambda n: sheet(each('<row><c s="{}"><v>1</v></c></row>', n))),
    "sheet: cells in one place": (5_000, lambda n: sheet('<row r="2">' + '<c r="A2"><v>1</v></c>' * n + "</row>")),
    "sheet: rows of one number": (5_000, lambda n: sheet('<row r="2"><c r="A2"><v>1</v></c></row>' * n)),
    "sheet: rows from the last": (5_000, lambda n: sheet(each('<row r="{}"><c><v>1</v></c></row>', n, -1))),
    "sheet: empty rows": (20_000, lambda n: sheet('<row r="2"/>' * n + cell("<v>1</v>"))),
    "sheet: escapes": (20_000, lambda n: sheet(cell(f"<is><t>{'_x00' * n}</t></is>", ' t="inlineStr"'))),
    "sheet: references": (20_000, lambda n: sheet(cell(f"<is><t>{'&amp;' * n}</t></is>", ' t="inlineStr"'))),
    "sheet: rich text": (5_000, lambda n: sheet(cell(f"<is>{'<r><t>x</t></r>' * n}</is>", ' t="inlineStr"'))),
    "sheet: brackets of CDATA": (50_000, lambda n: sheet(cell(f"<v>{']' * n}</v>"))),
    "shared: texts": (5_000, lambda n: sheet(cell("<v>1</v>", ' t="s"'), shared="<si><t>x</t></si>" * n)),
    "shared: unknown tags": (3_000, lambda n: sheet(cell("<v>1</v>", ' t="s"'), shared="<si><t>x</t><x/></si>" * n)),
    "shared: comments": (5_000, lambda n: sheet(cell("<v>1</v>", ' t="s"'), shared="<si><t>x</t><!-- --></si>" * n)),
    "shared: blank ones": (5_000, lambda n: sheet('<row><c t="s"><v>1</v></c></row>' * n, shared="<si/>" * n)),
    "styles: brackets": (100_000, lambda n: sheet(cell("<v>1</v>", ' s="1"'), changed=formats("[" * n))),
    "styles: exponents": (20_000, lambda n: sheet(cell("<v>1</v>", ' s="1"'), changed=formats("E+" * n))),
    "styles: words": (20_000, lambda n: sheet(cell("<v>1</v>", ' s="1"'), changed=formats("yyyyx" * n))),
    "styles: sections": (20_000, lambda n: sheet(cell("<v>1</v>", ' s="1"'), changed=formats(";" * n))),
    "styles: formats": (2_000, lambda n: sheet(cell("<v>1</v>"), changed=formats(*["yyyy"] * n))),
    "workbook: sheets": (20, lambda n: packed(Book({f"s{m}": HEADER + cell("<v>1</v>") for m in range(n)}))),
    "workbook: one part many times": (50, lambda n: packed(Book({"s": HEADER}, behind=listed(n)))),
    "workbook: properties": (5_000, lambda n: sheet(cell("<v>1</v>"), inside="<workbookPr/>" * n)),
    "workbook: views": (5_000, lambda n: sheet(cell("<v>1</v>"), inside="<bookViews>" * n + "</bookViews>" * n)),
}  # fmt: skip


def formats(*codes: str) -> dict[str, str]:
    written = "".join(
        f'<numFmt numFmtId="{nth}" formatCode="{code}"/>' for nth, code in enumerate(codes, 164)
    )
    styles = f'<numFmts>{written}</numFmts><cellXfs><xf/><xf numFmtId="164"/></cellXfs>'
    return {"xl/styles.xml": f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>'}


def seconds(content: bytes, folder: Path) -> float:
    """Read a file in this process, whatever comes of it, and give the processor's time."""
    folder.mkdir(exist_ok=True)
    path = folder / "file"
    path.write_bytes(content)
    started = time.process_time()
    with contextlib.suppress(UnreadableFileError):
        read(path, folder=folder, options=ReadOptions(), started=time.monotonic())
    return time.process_time() - started


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_grows_takes_as_much_longer(name: str, tmp_path: Path) -> None:
    size, make = FILES[name]
    short, long = make(size), make(4 * size)
    for _ in range(TRIES):
        took = seconds(long, tmp_path / "long")
        if took < TOO_SHORT_TO_TELL_S or took < MOST_OFTEN * seconds(short, tmp_path / "short"):
            return
    pytest.fail(
        f"four times of it takes {took / seconds(short, tmp_path / 'short'):.0f} times as long: {took:.1f} s"
    )


@pytest.mark.parametrize(("start", "more"), [(b'<a b="', b"x"), (b"<a><!--", b"x")])
def test_a_tag_in_pieces_is_not_read_anew_without_end(start: bytes, more: bytes) -> None:
    """Older versions of expat begin again with each piece."""
    tree = XmlTree(lambda _path, _attributes: None)
    tree.feed(start)
    for _ in range(3):
        tree.feed(more * (4 << 20))
    with pytest.raises(UnreadableFileError, match="tag or comment of more than 16,777,216 bytes"):
        _feed(tree, more * (4 << 20), times=10)


def _feed(tree: XmlTree, piece: bytes, *, times: int) -> None:
    for _ in range(times):
        tree.feed(piece)


def test_a_text_in_pieces_may_be_as_long_as_it_is() -> None:
    tree = XmlTree(lambda _path, _attributes: None)
    tree.feed(b"<a>")
    _feed(tree, b"x" * (4 << 20), times=10)
    tree.feed(b"<![CDATA[")
    _feed(tree, b"x" * (4 << 20), times=10)
    tree.feed(b"]]></a>", final=True)
