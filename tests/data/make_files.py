# ruff: noqa: E501  files and cases read better in one line
"""Write the awkward files beside this script: `python tests/data/make_files.py`.

What a library writes, it writes well; so most workbooks here are put together from XML by hand. `good/` holds
what must load, cell by cell; `bad/` what must be refused; where neither openpyxl nor the csv module can be the
reference, `good/<name>.expected.csv` is.
"""

import csv
import gzip
import io
import re
import sys
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from pathlib import Path

import openpyxl

HERE = Path(__file__).parent
EPOCH = (1980, 1, 1, 0, 0, 0)  # so that the same content makes the same bytes

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
STRICT_OFFICE = "http://purl.oclc.org/ooxml/officeDocument/relationships"
# Style 1 is a date, 2 a time stamp, 3 a duration, 4 a time of day, 5 a coloured number, 6 a built-in date.
FORMATS = ("yyyy-mm-dd", "yyyy\\-mm\\-dd hh:mm:ss", "[h]:mm:ss", "hh:mm:ss", '[Red]0.00" d"')


def styles(more: Sequence[str]) -> str:
    codes = (*FORMATS, *more)
    formats = "".join(
        f'<numFmt numFmtId="{164 + n}" formatCode="{code.replace(chr(34), "&quot;")}"/>'
        for n, code in enumerate(codes)
    )
    cells = '<xf numFmtId="0"/>' + "".join(
        f'<xf numFmtId="{164 + n}" applyNumberFormat="1"/>' for n in range(len(codes))
    )
    return (
        f'<styleSheet xmlns="{MAIN}"><numFmts count="{len(codes)}">{formats}</numFmts>'
        '<fonts count="1"><font/></fonts><fills count="1"><fill><patternFill/></fill></fills><borders count="1"><border/></borders>'
        f'<cellStyleXfs count="1"><xf numFmtId="0"/></cellStyleXfs><cellXfs>{cells}<xf numFmtId="14"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )


def workbook(
    name: str,
    sheets: dict[str, str | bytes],
    *,
    shared: Sequence[str] | bytes = (),
    states: Sequence[str] = (),
    formats: Sequence[str] = (),
    properties: str = "",
    main: str = MAIN,
    office: str = OFFICE,
    folder: str = "good",
) -> None:
    """Write a workbook from the XML of its sheets; a text without `<worksheet` is what is between the rows' tags.

    Args:
        formats: Number formats of more styles, from 6 on.
    """
    listed = "".join(
        f'<sheet name="{title}" sheetId="{n}" r:id="rId{n}" state="{states[n - 1] if states else "visible"}"/>'
        for n, title in enumerate(sheets, 1)
    )
    relations = "".join(
        f'<Relationship Id="rId{n}" Type="{office}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    relations += f'<Relationship Id="rId90" Type="{office}/styles" Target="/xl/styles.xml"/>'
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": (
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
            + "".join(
                f'<Override PartName="/xl/worksheets/sheet{n}.xml" '
                'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
                for n in range(1, len(sheets) + 1)
            )
            + '<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>'
            "</Types>"
        ),
        "_rels/.rels": f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><workbookPr {properties}/><sheets>{listed}</sheets></workbook>',
        "xl/styles.xml": styles(formats).replace(MAIN, main),
    }
    if shared:
        parts["[Content_Types].xml"] = str(parts["[Content_Types].xml"]).replace(
            "</Types>",
            '<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
            "</Types>",
        )
        relations += f'<Relationship Id="rId91" Type="{office}/sharedStrings" Target="sharedStrings.xml"/>'
        parts["xl/sharedStrings.xml"] = (
            shared
            if isinstance(shared, bytes)
            else f'<sst xmlns="{main}">{"".join(f"<si>{item}</si>" for item in shared)}</sst>'
        )
    parts["xl/_rels/workbook.xml.rels"] = (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{relations}</Relationships>'
    )
    for n, content in enumerate(sheets.values(), 1):
        whole = isinstance(content, bytes) or "worksheet" in content
        xml = (
            content if whole else f'<worksheet xmlns="{main}"><sheetData>{content!s}</sheetData></worksheet>'
        )
        parts[f"xl/worksheets/sheet{n}.xml"] = xml
    archive(HERE / folder / f"{name}.xlsx", parts)


def archive(path: Path, parts: Mapping[str, str | bytes]) -> None:
    with zipfile.ZipFile(path, "w") as file:
        for part, content in parts.items():
            info = zipfile.ZipInfo(part, EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(info, content)


def rows(*cells_of_rows: Sequence[str]) -> str:
    """Rows of cells; a cell is `t="..." s="..."|content` or plain text for an inline string, empty for none."""
    written = []
    for number, cells in enumerate(cells_of_rows, 1):
        inner = "".join(_cell(cell, f"{chr(64 + nth)}{number}") for nth, cell in enumerate(cells, 1) if cell)
        written.append(f'<row r="{number}">{inner}</row>')
    return "".join(written)


def _cell(cell: str, reference: str) -> str:
    if "|" not in cell:
        return f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{cell}</t></is></c>'
    attributes, content = cell.split("|", 1)
    return f'<c r="{reference}"{attributes and " " + attributes}>{content if "<" in content else f"<v>{content}</v>"}</c>'


def with_openpyxl(
    name: str, sheets: Mapping[str, Sequence[Sequence[object]]], *, hidden: Sequence[str] = ()
) -> None:
    """Write a workbook with openpyxl; zipped again, because it stamps the archive with the time."""
    book = openpyxl.Workbook()
    assert book.active is not None
    book.remove(book.active)
    for title, content in sheets.items():
        sheet = book.create_sheet(title)
        for row in content:
            sheet.append(row)
        if title in hidden:
            sheet.sheet_state = "hidden"
    book.properties.created = book.properties.modified = datetime(2026, 11, 22)  # noqa: DTZ001
    buffer = io.BytesIO()
    book.save(buffer)
    with zipfile.ZipFile(buffer) as written:
        # openpyxl stamps the moment of saving into this part, which would change the file with every run.
        parts = [part for part in written.namelist() if part != "docProps/core.xml"]
        archive(HERE / "good" / f"{name}.xlsx", {part: _without_core(written.read(part)) for part in parts})


def _without_core(content: bytes) -> bytes:
    """Drop the references to the part that is left out."""
    content = re.sub(rb'<Override[^>]*PartName="/docProps/core.xml"[^>]*/>', b"", content)
    return re.sub(rb'<Relationship [^>]*docProps/core.xml"[^>]*/>', b"", content)


def expected(name: str, content: list[list[str]]) -> None:
    with (HERE / "good" / f"{name}.expected.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(content)


def make_workbooks() -> None:
    moment = datetime(2026, 11, 1, 8, 30, 15)  # noqa: DTZ001
    with_openpyxl(
        "kinds",
        {
            "Jobs": [
                ["Inteiro", "Fração", "Texto", "Lógico", "Momento", "Dia", "Duração", "Hora", "Vazia"],
                *(
                    [
                        n,
                        n / 8,
                        f"linha {n}",
                        n % 2 == 0,
                        moment + timedelta(hours=n),
                        moment.date(),
                        timedelta(hours=20 * n, seconds=1),
                        time(10, n),
                        None,
                    ]
                    for n in range(5)
                ),
            ]
        },
    )
    with_openpyxl(
        "mixed_columns",
        {
            "Jobs": [
                [
                    "numbers and words",
                    "numbers and truth",
                    "dates and words",
                    "durations and numbers",
                    "fractions and words",
                ],
                *(
                    [word, truth, date, duration, fraction]
                    for word, truth, date, duration, fraction in zip(
                        [1, "N/A", 2, "NULL", "None", "NaN", "#N/A typed", 12.0],
                        [1, True, 2, False, 3.5, True, 7, 0],
                        [
                            moment,
                            "NaN",
                            moment.date(),
                            "",
                            moment + timedelta(milliseconds=5),
                            "n/d",
                            None,
                            moment,
                        ],
                        [
                            timedelta(hours=30),
                            1,
                            timedelta(minutes=1, milliseconds=20),
                            0.5,
                            None,
                            timedelta(0),
                            7,
                            8,
                        ],
                        [0.1, "x", 1 / 3, 123456789.123456789, 1e-7, 1e21, 2.5, 1e300],
                        strict=True,
                    )
                ),
            ]
        },
    )
    with_openpyxl(
        "late_text", {"Jobs": [["n", "m"], *([n if n != 2100 else "late", n] for n in range(2500))]}
    )
    with_openpyxl(
        "leading_empty_rows", {"Jobs": [[], [], [None, "a", "b"], [None, 1, 2], [], [None, 3, None]]}
    )
    with_openpyxl(
        "sheets",
        {
            "First": [["id", "nome"], [1, "a"], [2, "b"]],
            "Other": [["something", "else"], [1, "x"]],
            "Second": [["id", "nome"], [3, "c"]],
            "Hidden": [["id", "nome"], [9, "z"]],
            "Empty": [],
        },
        hidden=["Hidden"],
    )
    with_openpyxl("header_only", {"Jobs": [["id", "nome"]]})
    with_openpyxl(
        "text_that_looks",
        {
            "Jobs": [
                ["code", "cpf", "spaces"],
                *(
                    [code, cpf, space]
                    for code, cpf, space in [
                        ("007", "12345678909", " 5"),
                        ("12", "00000000191", "  "),
                        ("1e5", "1", "x\ny"),
                    ]
                ),
            ]
        },
    )

    header = ["a", "b"]
    workbook(
        "wrong_dimension",
        {
            "S": f'<worksheet xmlns="{MAIN}"><dimension ref="A1:A1"/><sheetData>{rows(header, ["|1", "|2"], ["|3", "|4"])}</sheetData></worksheet>'
        },
    )
    workbook(
        "huge_dimension",
        {
            "S": f'<worksheet xmlns="{MAIN}"><dimension ref="A1:XFD1048576"/><sheetData>{rows(header, ["|1", "|2"])}</sheetData></worksheet>'
        },
    )
    workbook(
        "dates_1904",
        {"S": rows(header, ['s="1"|1', 's="2"|1462.25'], ['s="1"|45000', 's="2"|45000.5'])},
        properties='date1904="1"',
    )
    workbook("dates_early", {"S": rows(header, ['s="1"|1', 's="1"|61'], ['s="1"|59', 's="1"|2958465'])})
    workbook(
        "dates_impossible",
        {"S": rows(header, ['s="1"|-5', 's="1"|46000'], ['s="1"|46001', 's="1"|99999999'])},
    )
    expected("dates_impossible", [header, ["-5", "2025-12-09"], ["2025-12-10", "99999999"]])
    workbook(
        "durations",
        {
            "S": rows(
                header, ['s="3"|1.5', 's="4"|0.25'], ['s="3"|0.000011574074074', 's="4"|0.999988425925926']
            )
        },
    )
    workbook("coloured_number", {"S": rows(header, ['s="5"|1.5', "x"], ['s="5"|2', "y"])})
    workbook(
        "errors",
        {"S": rows(header, ['t="e"|#N/A', "|1"], ["|2", 't="e"|#DIV/0!'], ['t="e"|#REF!', 't="e"|#NAME?'])},
    )
    workbook(
        "formulas",
        {
            "S": rows(
                header,
                ["|<f>1+1</f><v>2</v>", 't="str"|<f>"a"&amp;"&lt;b"</f><v>a&lt;b</v>'],
                ['t="b"|<f>TRUE()</f><v>1</v>', 't="str"|<f>""</f><v></v>'],
            )
        },
    )
    workbook(
        "rich_text",
        {
            "S": rows(
                header,
                [
                    't="s"|0',
                    't="inlineStr"|<is><r><t>in</t></r><r><rPr><b/></rPr><t xml:space="preserve"> line</t></r></is>',
                ],
                ['t="s"|1', 't="s"|2'],
            )
        },
        shared=[
            "<r><t>ri</t></r><r><rPr><b/></rPr><t>ch</t></r>",
            "<t>plain &amp; &lt;simple&gt;</t>",
            "<t>漢字</t><rPh sb='0' eb='2'><t>かんじ</t></rPh>",
        ],
    )
    workbook(
        "shared_strings",
        {"S": rows(['t="s"|0', 't="s"|1'], ['t="s"|2', 't="s"|3'], ['t="s"|4', 't="s"|2'])},
        shared=["<t>a</t>", "<t>b</t>", "<t>x</t>", "<t/>", '<t xml:space="preserve"> y </t>'],
    )
    workbook(
        "entities",
        {
            "S": rows(
                header, ["&amp;amp; &lt;x&gt; &quot;q&quot; &apos;", "a&#10;b&#x41;"], ["&amp;lt;", "&#233;é"]
            )
        },
    )
    workbook("escapes", {"S": rows(header, ["line_x000D_end", "_x005F_x000D_"], ["_x0041_", "_xZZZZ_"])})
    expected("escapes", [header, ["line\rend", "_x000D_"], ["A", "_xZZZZ_"]])
    workbook(
        "cdata_and_comments",
        {
            "S": rows(header, ["<![CDATA[<raw> & ]]>", "x"], ["y", "z"]).replace(
                "</row>", "<!-- row --></row>", 1
            )
        },
    )
    workbook("greater_than", {"S": rows(header, ["a > b", "|1"], ["c", "|2"])})
    workbook(
        "long_numbers",
        {
            "S": rows(
                [*header, "c"],
                ["|123456789012345678", "|9007199254740993", "|0.1"],
                ["|12345678901234567890", "|1.5", "|0.30000000000000004"],
                ["|5", "|2", "|1E-7"],
            )
        },
    )
    workbook("floats_that_are_whole", {"S": rows(header, ["|1.0", "|1E3"], ["|2.00", "|5"])})
    workbook(
        "no_references",
        {
            "S": '<row><c t="inlineStr"><is><t>a</t></is></c><c t="inlineStr"><is><t>b</t></is></c></row><row><c><v>1</v></c><c/></row><row><c/><c><v>2</v></c></row>'
        },
    )
    workbook(
        "other_spelling",
        {
            "S": "<row r='1'><c t='inlineStr' r='A1'><is><t>a</t></is></c><c t='inlineStr' r='B1'><is><t>b</t></is></c></row>\n <row r='2' >\n<c  r='A2' ><v >1</v ></c>\n<c s='1' r='B2'><v>46000</v></c> </row >"
        },
    )
    workbook(
        "styled_blanks",
        {
            "S": rows(header, ["|1", "|2"])
            + '<row r="3"><c r="A3" s="1"/><c r="B3" s="1"/></row><row r="4" ht="15"/><row r="5"><c r="A5"><v></v></c><c r="B5"><v>3</v></c></row>'
        },
    )
    workbook(
        "last_cell", {"S": '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>alone</t></is></c></row>'}
    )
    expected("last_cell", [["alone"]])
    workbook(
        "far_apart",
        {
            "S": '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="XFD1" t="inlineStr"><is><t>z</t></is></c></row><row r="1048576"><c r="A1048576"><v>1</v></c><c r="XFD1048576"><v>2</v></c></row>'
        },
    )
    expected("far_apart", [["a", "z"], ["1", "2"]])
    prefixed = (
        rows(header, ["|1", "x"], ["|2", "y"])
        .replace("</", "</x:")
        .replace("<", "<x:")
        .replace("<x:/x:", "</x:")
    )
    workbook(
        "prefixed",
        {"S": f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{prefixed}</x:sheetData></x:worksheet>'},
    )
    workbook(
        "utf16_xml",
        {
            "S": (
                '<?xml version="1.0" encoding="UTF-16"?>'
                f'<worksheet xmlns="{MAIN}"><sheetData>{rows(header, ["é", "|1"])}</sheetData></worksheet>'
            ).encode("utf-16")
        },
    )
    expected("utf16_xml", [header, ["é", "1"]])
    make_unusual_workbooks(header)
    strict = rows(header, ["|1", 't="d" s="1"|2026-11-22'], ["|2", 't="d" s="1"|2026-11-23'])
    workbook("strict", {"S": strict}, main=STRICT_MAIN, office=STRICT_OFFICE)
    expected("strict", [header, ["1", "2026-11-22"], ["2", "2026-11-23"]])
    workbook(
        "duplicate_headers",
        {"S": rows(["Valor", "Valor", "", "valor_2", "_export_id"], ["|1", "|2", "|3", "|4", "|5"])},
    )


def make_unusual_workbooks(header: list[str]) -> None:
    """What no common program writes, and some do."""
    head = rows(header)
    workbook(
        "two_cells_in_one_place",
        {
            "S": head
            + '<row r="2"><c r="A2"><v>1</v></c><c r="A2"><v>2</v></c></row><row r="3"><c r="B3"><v>9</v></c></row>'
            + '<row r="4"><c r="A4"><v>3</v></c><c r="A4" t="b"><v>1</v></c><c r="B4"><v>8</v></c></row>'
        },
    )
    workbook(
        "header_twice_in_one_place",
        {"S": head.replace('<c r="B1"', '<c r="A1"') + '<row r="2"><c r="A2"><v>1</v></c></row>'},
    )
    workbook(
        "cells_out_of_order",
        {"S": head + '<row r="2"><c r="B2"><v>2</v></c><c r="A2"><v>1</v></c></row>'},
    )
    workbook(
        "fractions_of_seconds",
        {"S": rows([*header, "c"], ['s="6"|0.5000001', 's="7"|46000.500005787037', 's="8"|0.25'])},
        formats=("hh:mm:ss.000", "yyyy\\-mm\\-dd hh:mm:ss.000", "h:mm:ss,00"),
    )
    expected(
        "fractions_of_seconds", [[*header, "c"], ["12:00:00.00864", "2025-12-09 12:00:00.5", "06:00:00"]]
    )
    workbook(
        "durations_extreme",
        {
            "S": rows(
                header,
                ['s="3"|-1.5', 's="3"|1e300'],
                ['s="3"|-0.0625', 's="3"|1000000000'],
                ['s="3"|1', 's="3"|1'],
            )
        },
    )
    expected(
        "durations_extreme",
        [header, ["-36:00:00", "1e+300"], ["-01:30:00", "1000000000"], ["24:00:00", "24:00:00"]],
    )
    workbook(
        "dates_extreme",
        {
            "S": rows(
                [*header, "c"],
                ['s="1"|0', 's="2"|2958465.999999999', 's="1"|123456789012345679'],
                ['s="1"|60', "x", 's="1"|46000'],
            )
        },
    )
    expected(
        "dates_extreme",
        [
            [*header, "c"],
            ["1899-12-31", "2958465.999999999", "123456789012345679"],
            ["1900-02-28", "x", "2025-12-09"],
        ],
    )
    workbook(
        "truth_of_its_own", {"S": rows(header, ['t="b"|1', "|1"], ['t="b"|TRUE', "|1"], ['t="b"|0', "|1"])}
    )
    expected("truth_of_its_own", [header, ["true", "1"], ["TRUE", "1"], ["false", "1"]])
    workbook(
        "unknown_styles", {"S": rows(header, ['s="²"|1', f's="{"9" * 5000}"|2'], ['s="-1"|3', 's="999"|4'])}
    )
    expected("unknown_styles", [header, ["1", "2"], ["3", "4"]])
    workbook("huge_numbers", {"S": rows(header, ["|1e400", "|1e308"], ["|1", "|-1e308"])})
    expected("huge_numbers", [header, ["1e400", "1e+308"], ["1", "-1e+308"]])
    unknown = b'<?xml version="1.0" encoding="klingon"?><worksheet><sheetData>%b</sheetData></worksheet>'
    workbook("unknown_encoding", {"S": unknown % rows(header, ["é", "|1"]).encode()})
    expected("unknown_encoding", [header, ["é", "1"]])
    good = HERE / "good"
    workbook("workbook_in_utf8", {"S": rows(["é"])})
    with zipfile.ZipFile(good / "workbook_in_utf8.xlsx") as file:
        parts = {part: file.read(part) for part in file.namelist()}
    for encoding in (
        "klingon",
        "shift_jis",
    ):  # nobody's, and one that no workbook is in; it is UTF-8 all the same
        declared = f'<?xml version="1.0" encoding="{encoding}"?>'.encode()
        archive(
            good / f"workbook_in_{encoding}.xlsx",
            parts | {"xl/workbook.xml": declared + parts["xl/workbook.xml"]},
        )
        expected(f"workbook_in_{encoding}", [["é"]])
    by_number = rows(['t="s"|0', 't="s"|1'], ["|1", 't="s"|2'])
    declaration = '<?xml version="1.0" encoding="{}"?>'
    for name, sst in {
        "shared_prefixed": f'<x:sst xmlns:x="{MAIN}"><x:si><x:t>a</x:t></x:si><x:si><x:t>b</x:t></x:si><x:si><x:t>é</x:t></x:si></x:sst>'.encode(),
        "shared_utf16": f'{declaration.format("UTF-16")}<sst xmlns="{MAIN}"><si><t>a</t></si><si><t>b</t></si><si><t>é</t></si></sst>'.encode(
            "utf-16"
        ),
        "shared_latin1": f'{declaration.format("ISO-8859-1")}<sst xmlns="{MAIN}"><si><t>a</t></si><si><t>b</t></si><si><t>é</t></si></sst>'.encode(
            "latin-1"
        ),
    }.items():
        workbook(name, {"S": by_number}, shared=sst)
        expected(name, [header, ["1", "é"]])


def make_csv() -> None:
    good = HERE / "good"
    text = 'Código,Descrição,Valor\n007,"com, vírgula",1.5\n12,"duas\nlinhas ""x""",2\n,,\n'
    files: dict[str, bytes] = {
        "utf8": text.encode(),
        "utf8_bom": text.encode("utf-8-sig"),
        "utf16_le": b"\xff\xfe" + text.encode("utf-16-le"),
        "utf16_be": b"\xfe\xff" + text.encode("utf-16-be"),
        "utf16_without_bom": text.encode("utf-16-le"),
        "windows_1252": text.replace("duas", "€ duas").encode("cp1252"),
        "late_latin1": ("a,b\n" + "plain,text\n" * 7000 + "é,à\n").encode("latin-1"),
        "semicolon": text.replace(",", ";").replace("com; vírgula", "com; ponto").encode(),
        "tab": b"a\tb\n1\t2,5\n3\tx\n",
        "bar": b"a|b|c\n1|2,5|x\n3|4|y;z\n",
        "crlf": text.replace("\n", "\r\n").encode(),
        "mixed_line_ends": b"a,b\r\n1,2\n3,4\r\n",
        "old_mac": b"a,b\r1,2\r3,4\r",
        "no_last_line_end": b"a,b\n1,2\n3,4",
        "ragged": b"a,b,c\n1,2\n1,2,3,4\n5\n1,2,3\n",
        "trailing_delimiter": b"a,b,\n1,2,\n3,4,\n",
        "blank_lines": b"\n\na,b\n\n1,2\n\n3,4\n\n",
        "hashes": b"a,b\n# 1,2\n#,4\n",
        "stray_quotes": b'a,b\n5" pipe,x\n6" pipe,"y"z\n',
        "declared": b"sep=;\na;b\n1;2\n",
        "one_column": b'nome\nAna\n\n""\nBia\n',
        "duplicates": b"Nome,nome,NOME,,%\n1,2,3,4,5\n",
        "not_numbers": b"hex,inf,yes,under,plus,space,exp,long,zero\n0x1F,NaN,yes,1_000,+5, 5,1E5,12345678901234567890,007\n0x20,inf,t,2_000,+6,6 ,2E5,1,1\n",
        "numbers": b"int,double,decimal,negative,trailing\n1,1.5,1234567890.123456789,-5,1.50\n2,0.1,2.5,-0.5,2.00\n",
        "times": b"date,naive,zoned,mixed,brazilian\n2026-11-01,2026-11-01T10:00:00,2026-11-01T10:00:00-03:00,2026-11-01 10:00,03/04/2026\n2026-11-02,2026-11-01 11:00:00.5,2026-11-01T10:00:00Z,2026-11-01T10:00Z,13/04/2026\n",
        "truth": b"python,excel,mixed\nTrue,TRUE,true\nFalse,FALSE,False\n",
        "nothing": b"a,b\nNULL,N/A\nnull,None\n",
        "brazilian_numbers": b'a;b\n"1.234,56";1,5\n"2,00";2,75\n',
        "late_exception": (
            "n,d\n" + "".join(f"{n},2026-11-01\n" for n in range(3000)) + "x,2026-13-01\n"
        ).encode(),
        "nul_in_text": b"a,b\nx\x00y,1\nz,2\n",
        "header_pk": b"PK,name\n1,x\n",
        "header_par1": b"PAR1,PAR2\n1,x\n",
        "semicolon_and_commas": b'"id";"Nome, completo"\n"1";"Silva, Ana"\n"2";"Souza, Bia"\n',
        "semicolon_unquoted_commas": b"id;Nome, completo\n1;Silva, Ana\n2;Souza, Bia\n",
        "far_years": b"d,t,z\n0001-01-01,0000-01-01T00:00:00,0000-01-01T00:00:00Z\n9999-12-31,9999-12-31T23:59:59.999999,2026-11-01T10:00:00Z\n",
        "bom_in_the_middle": "a,b\n\ufeffx,1\ny\ufeff,2\n".encode(),
        "return_in_quotes": b'a,b\n"x\ry",1\n"x\r\ny",2\n',
        "utf32": "a,b\né,2\n".encode("utf-32"),
    }
    for name, content in files.items():
        (good / f"{name}.csv").write_bytes(content)
    (good / "gzipped.csv.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    archive(good / "zipped.zip", {"export.csv": text, "__MACOSX/._export.csv": "x"})
    archive(
        good / "zipped_gzip.zip",
        {"folder/": "", "folder/export.csv.gz": gzip.compress(text.encode(), mtime=0)},
    )
    archive(good / "zipped_workbook.zip", {"export.xlsx": (good / "kinds.xlsx").read_bytes()})


def make_bad() -> None:
    bad = HERE / "bad"
    sheet = (HERE / "good" / "late_text.xlsx").read_bytes()
    files: dict[str, bytes] = {
        "empty.csv": b"",
        "blank.csv": b"\n\n  \n",
        "page.xlsx": b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body></body></html>",
        "error.csv": b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>',
        "error.json": b'{"errors": [{"message": "not found"}]}',
        "message.csv": b"Internal Server Error",
        "truncated.xlsx": sheet[: len(sheet) // 2],
        "flipped.xlsx": sheet[:2000] + bytes(byte ^ 0x55 for byte in sheet[2000:2400]) + sheet[2400:],
        "old.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + b"\0" * 600
        + "Workbook".encode("utf-16-le")
        + b"\0" * 600,
        "encrypted.xlsx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + b"\0" * 600
        + "EncryptedPackage".encode("utf-16-le")
        + b"\0" * 600,
        "document.pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
        "unclosed_quote.csv": b'a,b\n1,2\n3,"never closed\n5,6\n7,8\n',
        "truncated.csv.gz": gzip.compress(b"a,b\n" + bytes(range(32, 127)) * 100, mtime=0)[:80],
        "binary.csv": bytes((n * 7919) % 256 for n in range(5000)),
    }
    for name, content in files.items():
        (bad / name).write_bytes(content)
    archive(bad / "two_files.zip", {"a.csv": "a,b\n1,2\n", "b.csv": "a,b\n1,2\n"})
    archive(bad / "document.docx", {"[Content_Types].xml": "<Types/>", "word/document.xml": "<x/>"})
    archive(
        bad / "sheet.ods",
        {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<x/>"},
    )
    archive(bad / "binary_workbook.xlsb", {"[Content_Types].xml": "<Types/>", "xl/workbook.bin": b"\0"})
    workbook("empty_sheet", {"S": ""}, folder="bad")
    workbook("all_hidden", {"S": rows(["a"], ["|1"])}, states=["hidden"], folder="bad")
    workbook("broken_xml", {"S": '<row r="1"><c r="A1"><v>1</c></row>'}, folder="bad")
    for name, index in {
        "shared_text_missing": "7",
        "shared_text_negative": "-1",
        "shared_text_unnumbered": "x",
    }.items():
        workbook(name, {"S": rows(["a"], ['t="s"|0'], [f't="s"|{index}'])}, shared=["<t>x</t>"], folder="bad")
    broken = (
        f'<?xml version="1.0" encoding="UTF-16"?><worksheet>{rows(["a"])}'.encode("utf-16-le") + b"\0\xd8"
    )
    workbook("broken_utf16", {"S": b"\xff\xfe" + broken}, folder="bad")
    not_utf8 = f'<worksheet xmlns="{MAIN}"><sheetData>{rows(["a"], ["é"])}</sheetData></worksheet>'.encode(
        "latin-1"
    )
    workbook("not_utf8", {"S": not_utf8}, folder="bad")
    workbook(
        "shared_not_utf8", {"S": rows(['t="s"|0'])}, shared=b"<sst><si><t>\xe9</t></si></sst>", folder="bad"
    )
    with zipfile.ZipFile(HERE / "good" / "zipped.zip") as file:
        directory = file.start_dir
    packed = bytearray((HERE / "good" / "zipped.zip").read_bytes())
    packed[8] = packed[directory + 10] = 9  # Deflate64, of which only the name is known here
    (bad / "deflate64.zip").write_bytes(packed)
    packed = bytearray((HERE / "good" / "zipped.zip").read_bytes())
    packed[6] |= 1
    packed[directory + 8] |= 1
    (bad / "encrypted.zip").write_bytes(packed)
    packed = bytearray((HERE / "good" / "zipped_gzip.zip").read_bytes())
    where = packed.rindex(b"export.csv.gz", 0, packed.index(b"PK\x01\x02"))
    packed[where : where + 1] = b"X"
    (bad / "two_names.zip").write_bytes(packed)
    workbook("doctype", {"S": rows(['t="s"|0'], ['t="s"|0'])}, shared=["<t>x</t>"], folder="bad")
    with zipfile.ZipFile(bad / "doctype.xlsx") as file:
        parts = {part: file.read(part) for part in file.namelist()}
    parts["xl/workbook.xml"] = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + parts["xl/workbook.xml"]
    archive(bad / "doctype.xlsx", parts)


def main() -> None:
    for folder in ("good", "bad"):
        (HERE / folder).mkdir(exist_ok=True)
        for path in (HERE / folder).iterdir():
            path.unlink()
    make_workbooks()
    make_csv()
    make_bad()
    sys.stdout.write(f"{len(list(HERE.glob('*/*')))} files\n")


if __name__ == "__main__":
    main()
