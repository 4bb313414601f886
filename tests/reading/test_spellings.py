# ruff: noqa: E501  XML reads better in one line
"""XML, ZIP and paths in legal but other spellings mean the same; what only looks alike means nothing."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.loader import Loader
from support.workbooks import MAIN, OFFICE, PACKAGE, STRICT_MAIN, STRICT_OFFICE, Book, one_sheet, rows

from pipefy_exports_dagster.errors import UnreadableFileError

X15 = "http://schemas.microsoft.com/office/spreadsheetml/2010/11/main"
MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"
DATES = [["data"], ['s="1"|44865']]
IN_1904 = "2026-11-01"
EXTENSIONS = {
    "a flag of another namespace": f'<extLst><ext uri="x" xmlns:x15="{X15}"><x15:workbookPr chartTrackingRefBase="1"/></ext></extLst>',
    "a flag in an extension, of the main namespace": f'<extLst><ext uri="x" xmlns:y="{MAIN}"><y:workbookPr date1904="0"/></ext></extLst>',
    "another default namespace": f'<extLst><ext uri="x"><workbookPr xmlns="{X15}" date1904="0"/></ext></extLst>',
    "a choice for other programs": (
        f'<mc:AlternateContent xmlns:mc="{MC}" xmlns:x15="{X15}"><mc:Choice Requires="x15">'
        '<workbookPr date1904="0"/></mc:Choice></mc:AlternateContent>'
    ),
}


@pytest.mark.parametrize("behind", EXTENSIONS.values(), ids=EXTENSIONS)
def test_what_only_looks_like_the_1904_flag_is_not_it(loader: Loader, behind: str) -> None:
    book = Book({"S": rows(*DATES)}, inside='<workbookPr date1904="1"/>', behind=behind)
    loader.load_here(book.write(loader.folder / "book.xlsx"))
    assert [str(day) for day in loader.column("data")] == [IN_1904]


@pytest.mark.parametrize("value", ["1", "true", " 1 "])
def test_the_1904_flag_is_a_boolean_of_xml(loader: Loader, value: str) -> None:
    book = Book({"S": rows(*DATES)}, inside=f'<workbookPr date1904="{value}"/>')
    loader.load_here(book.write(loader.folder / "book.xlsx"))
    assert [str(day) for day in loader.column("data")] == [IN_1904]


def test_what_a_fallback_says_counts(loader: Loader) -> None:
    inside = (
        f'<mc:AlternateContent xmlns:mc="{MC}"><mc:Choice Requires="z"><workbookPr date1904="0"/></mc:Choice>'
        '<mc:Fallback><workbookPr date1904="1"/></mc:Fallback></mc:AlternateContent>'
    )
    loader.load_here(Book({"S": rows(*DATES)}, inside=inside).write(loader.folder / "book.xlsx"))
    assert [str(day) for day in loader.column("data")] == [IN_1904]


def test_a_sheet_of_an_extension_is_no_sheet(loader: Loader) -> None:
    ghost = f'<extLst><ext uri="x" xmlns:x15="{X15}"><x15:sheets><x15:sheet name="Ghost" r:id="rId1"/></x15:sheets></ext></extLst>'
    book = Book({"S": rows(["a"], ["|1"])}, behind=ghost)
    report = loader.load_here(book.write(loader.folder / "book.xlsx"))
    assert [sheet.name for sheet in report.file.sheets_loaded] == ["S"]
    assert report.file.sheets_skipped == ()


FORMATS_ELSEWHERE = (
    f'<styleSheet xmlns="{MAIN}" xmlns:x14="{X15}"><extLst><ext><x14:cellXfs><x14:xf numFmtId="22"/></x14:cellXfs></ext></extLst>'
    '<numFmts><numFmt numFmtId="170" formatCode="yyyy-mm-dd"/></numFmts><dxfs><dxf><numFmt numFmtId="170" formatCode="0.00"/></dxf></dxfs>'
    '<cellStyleXfs><xf numFmtId="0"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs></styleSheet>'
)


def test_formats_count_at_their_place_only(loader: Loader) -> None:
    book = one_sheet(["a"], ['s="1"|46000'], changed={"xl/styles.xml": FORMATS_ELSEWHERE})  # type: ignore[arg-type]
    loader.load_here(book.write(loader.folder / "book.xlsx"))
    assert loader.types() == {"a": "DATE"}


CELLS = [["nome", "valor"], ["Ana", "|1.5"], ["Bia d'água &amp; cia", "|2.5"]]
TABLE = [["Ana", "1.5"], ["Bia d'água & cia", "2.5"]]


def _prefixed(xml: str, prefix: str = "x") -> str:
    import re

    return re.sub(r"<(/?)(\w)", rf"<\1{prefix}:\2", xml)


def sheet(content: str, *, attributes: str = f'xmlns="{MAIN}"', before: str = "", behind: str = "") -> str:
    return f"<worksheet {attributes}>{before}<sheetData>{content}</sheetData>{behind}</worksheet>"


PREFIXED = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{_prefixed(rows(*CELLS))}</x:sheetData></x:worksheet>'
SHEETS = {
    "plain": sheet(rows(*CELLS)),
    "prefixed": PREFIXED,
    "prefixed with a dot and a dash": PREFIXED.replace("x:", "ns-0.b:").replace(":x=", ":ns-0.b="),
    "strict": sheet(rows(*CELLS), attributes=f'xmlns="{STRICT_MAIN}"'),
    "no namespace": sheet(rows(*CELLS), attributes=""),
    "a declaration with single quotes": "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n" + sheet(rows(*CELLS)),
    "a byte order mark": "\ufeff" + sheet(rows(*CELLS)),
    "single quotes": sheet(rows(*CELLS).replace('"', "'")),
    "blanks in tags": sheet(rows(*CELLS).replace("</c>", "</c >").replace("</row>", "</row\n>").replace("<v>", "<v\t>")),
    "blanks before the end of tags": sheet(rows(*CELLS).replace('">', '" >').replace('"/>', '" />')),
    "indented": sheet(rows(*CELLS).replace("<", "\n  <").replace("\n  </t", "</t").replace("\n  </v", "</v")),
    "windows line ends": sheet(rows(*CELLS).replace("<row", "\r\n<row").replace("<c", "\r\n\t<c")),
    "comments": sheet(rows(*CELLS).replace("<row", "<!-- <row> --><row").replace("<v>", "<!----><v>")),
    "comments in the middle of a text": sheet(rows(*CELLS).replace("Ana", "A<!-- na -->na")),
    "instructions": sheet(rows(*CELLS).replace("<row", "<?pi <row> ?><row")),
    "cdata": sheet(rows(*CELLS).replace("<t>Ana</t>", "<t><![CDATA[Ana]]></t>").replace("<v>1.5", "<v><![CDATA[1]]>.5")),
    "cdata with markup": sheet(rows(*CELLS).replace("Bia d'água &amp; cia", "<![CDATA[Bia d'água & cia]]>")),
    "numbered entities": sheet(rows(*CELLS).replace("'", "&#39;").replace("á", "&#xE1;").replace("A", "&#65;")),
    "entities for markup": sheet(rows(*CELLS).replace("d'", "d&apos;")),
    "other attributes first": sheet(rows(*CELLS).replace('<c r="A2" t="inlineStr">', '<c t="inlineStr" s="0" r="A2">')),
    "unknown attributes": sheet(rows(*CELLS).replace('<c r="B', '<c cm="1" r="B').replace("<row ", '<row ht="15.5" ')),
    "attributes of another namespace": sheet(
        rows(*CELLS).replace("<row ", '<row x14ac:dyDescent="0.25" '), attributes=f'xmlns="{MAIN}" xmlns:x14ac="{X15}"'
    ),
    "no references": sheet(rows(*CELLS).replace('r="A1" ', "").replace('r="B1" ', "").replace(' r="B2"', "").replace('r="A2" ', "")),
    "no row numbers": sheet("".join(part for part in rows(*CELLS).replace(' r="1"', "").replace(' r="2"', ""))),
    "absolute references": sheet(rows(*CELLS).replace('r="A2"', 'r="$A$2"')),
    "small letters": sheet(rows(*CELLS).replace('r="A2"', 'r="a2"').replace('r="B2"', 'r="b2"')),
    "empty elements": sheet(rows(*CELLS).replace("</row>", '<c r="Z9"/></row><row r="7"/>', 1).replace('r="Z9"', 'r="Z1"')),
    "preserved blanks": sheet(rows(*CELLS).replace("<t>", '<t xml:space="preserve">').replace("<v>", '<v xml:space="preserve">')),
    "rich text": sheet(rows(*CELLS).replace("<t>Ana</t>", "<r><t>A</t></r><r><rPr><b/></rPr><t>na</t></r>")),
    "a phonetic guide": sheet(rows(*CELLS).replace("<t>Ana</t>", '<t>Ana</t><rPh sb="0" eb="1"><t>ana</t></rPh>')),
    "a raw greater-than": sheet(rows(*CELLS), before='<sheetPr codeName="a>b"/>'),
    "rows of an extension": sheet(
        rows(*CELLS), before=f'<extLst><x:sheetData xmlns:x="{X15}"><x:row r="1"/></x:sheetData></extLst>'
    ),
    "a comment that looks like rows": sheet(rows(*CELLS), before="<!-- <sheetData> -->"),
    "rows behind the rows": sheet(rows(*CELLS), behind="<extLst><sheetData><row r='9'/></sheetData></extLst>"),
    "a value of an extension in a cell": sheet(
        rows(*CELLS).replace("<v>1.5</v>", f'<v>1.5</v><extLst><ext><x:v xmlns:x="{X15}">9</x:v></ext></extLst>')
    ),
    "a value of another default namespace": sheet(
        rows(*CELLS).replace("<v>1.5</v>", f'<v xmlns="{X15}">9</v><v>1.5</v>')
    ),
}  # fmt: skip


@pytest.mark.parametrize("xml", SHEETS.values(), ids=SHEETS)
def test_a_sheet_may_be_spelt_as_xml_has_it(loader: Loader, xml: str) -> None:
    book = Book({"S": xml}).write(loader.folder / "book.xlsx")
    report = loader.load_here(book)
    assert [column.header for column in report.columns] == ["nome", "valor"]
    assert loader.texts(["nome", "valor"]) == TABLE
    assert loader.types() == {"nome": "VARCHAR", "valor": "DOUBLE"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252"])
def test_parts_may_be_in_the_encodings_that_programs_write(loader: Loader, encoding: str) -> None:
    name = {
        "utf-8-sig": "UTF-8",
        "utf-16-le": "UTF-16",
        "latin-1": "ISO-8859-1",
        "cp1252": "windows-1252",
    }.get(encoding, encoding)
    parts = {
        part: (f'<?xml version="1.0" encoding="{name}"?>{content!s}').encode(encoding)
        for part, content in Book({"Relatório": rows(*CELLS)}).parts().items()
    }
    report = loader.load_here(_zipped(loader.folder / "book.xlsx", parts))
    assert [sheet.name for sheet in report.file.sheets_loaded] == ["Relatório"]
    assert loader.texts(["nome", "valor"]) == TABLE


SHARED = {
    "plain": "<si><t>nome</t></si><si><t>Ana</t></si>",
    "prefixed": f'<ns0:sst xmlns:ns0="{MAIN}"><ns0:si><ns0:t>nome</ns0:t></ns0:si><ns0:si><ns0:t>Ana</ns0:t></ns0:si></ns0:sst>',
    "strict": f'<sst xmlns="{STRICT_MAIN}"><si><t>nome</t></si><si><t>Ana</t></si></sst>',
    "single quotes": "<si><t xml:space='preserve'>nome</t></si><si><t>Ana</t></si>",
    "entities": "<si><t>n&#111;me</t></si><si><t>&#x41;na</t></si>",
    "cdata": "<si><t><![CDATA[nome]]></t></si><si><t><![CDATA[A]]>na</t></si>",
    "comments": "<!-- <si><t>no</t></si> --><si><t>no<!-- -->me</t></si><si><!----><t>Ana</t></si>",
    "blanks in tags": "<si >\n<t >nome</t >\n</si ><si\n><t>Ana</t></si\n>",
    "rich text": "<si><r><t>no</t></r><r><rPr><b/></rPr><t>me</t></r></si><si><t>Ana</t><phoneticPr fontId='1'/></si>",
    "a guide": "<si><t>nome</t></si><si><t>Ana</t><rPh sb='0' eb='1'><t>x</t></rPh></si>",
    "items of an extension": f'<sst xmlns="{MAIN}" xmlns:x="{X15}"><x:si><x:t>no</x:t></x:si><si><t>nome</t></si><si><t>Ana</t></si></sst>',
    "a list of extensions": f'<sst xmlns="{MAIN}"><si><t>nome</t></si><si><t>Ana</t></si><extLst><ext><si><t>no</t></si></ext></extLst></sst>',
    "an empty item": "<si><t>nome</t></si><si><t>Ana</t></si><si/><si><t/></si><si><t></t></si>",
}  # fmt: skip


@pytest.mark.parametrize("shared", SHARED.values(), ids=SHARED)
def test_shared_strings_may_be_spelt_as_xml_has_it(loader: Loader, shared: str) -> None:
    book = one_sheet(['t="s"|0'], ['t="s"|1'], shared=shared).write(loader.folder / "book.xlsx")
    loader.load_here(book)
    assert loader.texts(["nome"]) == [["Ana"]]


def test_shared_strings_of_which_some_are_odd_keep_their_numbers(loader: Loader) -> None:
    texts = [f"t{n}" if n % 7 else f"<r{n}&>" for n in range(40)]
    items = "".join(
        f"<si><r><t>{text[:1]}</t></r><r><t>{text[1:]}</t></r></si>"
        if n % 5 == 0
        else f"<si><t>{text}</t></si>"
        for n, text in enumerate(text.replace("&", "&amp;").replace("<", "&lt;") for text in texts)
    ).replace("<t>&</t></r><r><t>lt;", "<t>&lt;</t></r><r><t>")
    book = one_sheet(["a"], *([f't="s"|{n}'] for n in range(40)), shared=items).write(
        loader.folder / "b.xlsx"
    )
    loader.load_here(book)
    assert loader.texts(["a"]) == [[text] for text in texts]


TARGETS = {
    "relative": ("worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
    "absolute": ("/xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
    "from below": ("../xl/worksheets/./sheet1.xml", "xl/worksheets/sheet1.xml"),
    "backslashes": ("worksheets\\sheet1.xml", "xl\\worksheets\\sheet1.xml"),
    "another case": ("Worksheets/Sheet1.xml", "xl/worksheets/sheet1.XML"),
    "percent signs in the name": ("worksheets/Relat%C3%B3rio%201.xml", "xl/worksheets/Relatório 1.xml"),
    "percent signs in the archive": ("worksheets/Relatório 1.xml", "xl/worksheets/Relat%C3%B3rio%201.xml"),
    "a slash before": ("worksheets/sheet1.xml", "/xl/worksheets/sheet1.xml"),
    "blanks around": (" worksheets/sheet1.xml ", "xl/worksheets/sheet1.xml"),
}


@pytest.mark.parametrize(("target", "name"), TARGETS.values(), ids=TARGETS)
def test_a_parts_path_may_be_spelt_in_other_ways(loader: Loader, target: str, name: str) -> None:
    parts = Book({"S": rows(*CELLS)}, targets={"S": target}).parts()
    parts[name] = parts.pop("xl/worksheets/sheet1.xml")
    loader.load_here(_zipped(loader.folder / "book.xlsx", parts))
    assert loader.texts(["nome", "valor"]) == TABLE


def test_strict_workbooks_are_read(loader: Loader) -> None:
    book = Book({"S": rows(["data"], ['s="1"|46000'])}, main=STRICT_MAIN, office=STRICT_OFFICE)
    loader.load_here(book.write(loader.folder / "book.xlsx"))
    assert loader.types() == {"data": "DATE"}


MISSING = {
    "the only sheet": Book({"S": rows(*CELLS)}, changed={"xl/worksheets/sheet1.xml": None}),
    "one of two sheets": Book({"S": rows(*CELLS), "T": rows(*CELLS)}, changed={"xl/worksheets/sheet2.xml": None}),
    "a hidden sheet": Book(
        {"S": rows(*CELLS), "T": rows(*CELLS)}, states={"T": "hidden"}, changed={"xl/worksheets/sheet2.xml": None}
    ),
    "a sheet without a relation": Book(
        {"S": rows(*CELLS)},
        changed={"xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}"></Relationships>'},
    ),
    "the formats of dates": Book({"S": rows(*DATES)}, changed={"xl/styles.xml": None}),
    "the texts of cells": Book({"S": rows(["a"], ['t="s"|0'])}, shared="<si><t>x</t></si>", changed={"xl/sharedStrings.xml": None}),
}  # fmt: skip


@pytest.mark.parametrize("book", MISSING.values(), ids=MISSING)
def test_a_part_that_is_listed_and_missing_is_damage(loader: Loader, book: Book) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        loader.load_here(book.write(loader.folder / "book.xlsx"))
    assert caught.value.detected == "a damaged workbook"
    assert "download it again" in str(caught.value)


def test_parts_that_no_cell_needs_may_be_missing(loader: Loader) -> None:
    changed: dict[str, str | bytes | None] = {"xl/styles.xml": None, "xl/sharedStrings.xml": None}
    book = Book({"S": rows(*CELLS)}, shared="<si/>", changed=changed)
    loader.load_here(book.write(loader.folder / "book.xlsx"))
    assert loader.texts(["nome", "valor"]) == TABLE


def test_a_chart_among_the_sheets_is_no_damage(loader: Loader) -> None:
    parts = Book({"S": rows(*CELLS), "Chart": "<chartsheet/>"}).parts()
    relations = str(parts["xl/_rels/workbook.xml.rels"])
    parts["xl/_rels/workbook.xml.rels"] = relations.replace(
        f'Id="rId2" Type="{OFFICE}/worksheet"', f'Id="rId2" Type="{OFFICE}/chartsheet"'
    )
    report = loader.load_here(_zipped(loader.folder / "book.xlsx", parts))
    assert (report.rows, report.file.left_out) == (2, ())


def _zipped(path: Path, parts: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path
