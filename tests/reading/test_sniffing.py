"""What a file is that is no table: what it says of itself, and what a person can do."""

import contextlib
import time
from pathlib import Path

import pytest

from pipefy_exports_dagster.errors import UnreadableFileError
from pipefy_exports_dagster.reading.markup import diagnose_markup
from pipefy_exports_dagster.reading.sniffing import FileKind, detect_kind

SPREADSHEET = """<?xml version="1.0"?>
<?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Worksheet ss:Name="Cards"><Table><Row><Cell><Data ss:Type="String">id</Data></Cell></Row></Table></Worksheet>
</Workbook>"""
SAVE = "save it as .xlsx or .csv"
ERROR, PAGE = "the file host answered with an error", "perhaps a log-in or an error"

CASES: dict[str, tuple[str | bytes, str, str]] = {
    "SpreadsheetML 2003": (SPREADSHEET, "an Excel 2003 workbook in XML", SAVE),
    "the same with a prefix": (
        '<?xml version="1.0"?><!-- x --><ss:Workbook xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"/>',
        "an Excel 2003 workbook in XML",
        SAVE,
    ),
    "a flat OpenDocument": (
        '<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"/>',
        "an OpenDocument file in XML",
        SAVE,
    ),
    "a Word document of 2003": (
        '<?xml version="1.0"?><?mso-application progid="Word.Document"?><w:wordDocument></w:wordDocument>',
        "an Office document in XML",
        SAVE,
    ),
    "a table in HTML": ("<table><tr><td>id</td></tr></table>", "an HTML table", SAVE),
    "a table as Excel saves it": (
        '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><body><table></table></body></html>',
        "an HTML table",
        SAVE,
    ),
    "a page with a table": (
        "<!DOCTYPE html><html><title>Cards</title><table></table></html>",
        "an HTML page with a table",
        "its title is 'Cards': export again; or, if it is the export, open it in a spreadsheet program",
    ),
    "a log-in": (
        '<html><head><TITLE lang="pt">\n Entrar </TITLE><body><form><table></table></form></html>',
        "an HTML page:",
        "its title is 'Entrar'; export again",
    ),
    "a piece of a page": ("\n <div>Session expired</div>", "an HTML page", PAGE),
    "a page after a comment": ("<!-- a > b --> <!----><HTML lang='pt'>x", "an HTML page", PAGE),
    "an error of a file host": (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>x</Message></Error>',
        "an XML document",
        f"{ERROR} (AccessDenied)",
    ),
    "an error in an envelope": (
        "<soap:Envelope><soap:Body></soap:Body></soap:Envelope>",
        "an XML document",
        ERROR,
    ),
    "a picture": ('<svg xmlns="http://www.w3.org/2000/svg"></svg>', "an SVG image", "as XLSX or CSV"),
    "other XML": ('<?xml version="1.0"?><rss version="2"><channel/></rss>', "an XML document", "is 'rss'"),
    "XML of which little came": ('<?xml version="1.0"?><!-- </x -->', "an XML document", "export again"),
    "an archive of another program": (b"7z\xbc\xaf\x27\x1c\x00\x04", "a 7z archive", "unpack it and load"),
    "Parquet": (b"PAR1\x15\x04\x15", "a Parquet file", "DuckDB opens it"),
}


def refusal(path: Path, content: str | bytes) -> UnreadableFileError:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UnreadableFileError) as caught:
        detect_kind(path)
    return caught.value


@pytest.mark.parametrize("case", CASES)
def test_what_is_no_table_is_named_and_what_to_do(case: str, tmp_path: Path) -> None:
    content, what, advice = CASES[case]
    said = str(refusal(tmp_path / "file", content))
    assert f"the file is not a table but {what}" in said
    assert advice in said
    assert (ERROR in said) == (ERROR in advice)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_the_encoding_of_a_workbook_in_xml_does_not_matter(encoding: str, tmp_path: Path) -> None:
    assert "an Excel 2003 workbook" in str(refusal(tmp_path / "file", SPREADSHEET.encode(encoding)))


def test_what_a_file_is_quotes_nothing_of_it(tmp_path: Path) -> None:
    """`show_values: false` keeps what it is, and leaves the rest out."""
    for text in ("<secret></secret>", "<html><title>secret</title>", "<Error><Code>secret</Code></Error>"):
        assert "secret" not in refusal(tmp_path / "file", text).detected


@pytest.mark.parametrize(
    "text",
    [
        "<5;>7\n1;2\n",
        "<a@example.com>,b\n1,2\n",
        "<,>\n1,2\n",
        "< b >;c\n1;2\n",
        "<b>,c\n1,2\n",
        "<!x>,c\n1,2\n",
    ],
)
def test_a_table_may_begin_with_a_bracket(text: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text(text)
    assert detect_kind(path) is FileKind.CSV


HOSTILE = {
    "comments": lambda size: "<!---->" * (size // 7) + "<a",
    "comments, never closed": lambda size: "<!--" * (size // 4),
    "comments and blanks": lambda size: "<!-- --> " * (size // 9) + "<",
    "declarations": lambda size: "<?x?>" * (size // 5) + "<",
    "blanks in a title": lambda size: "<html><title>" + " " * size,
    "titles": lambda size: "<html>" + "<title" * (size // 6),
    "titles that close elsewhere": lambda size: "<html>" + "<title>" * (size // 7) + "</titl",
    "codes": lambda size: "<x></x>" + "<Code>" * (size // 6),
    "a long name": lambda size: "<" + "a" * size + "></a>",
    "brackets": lambda size: "<" * size,
}


@pytest.mark.parametrize("case", HOSTILE)
def test_the_time_grows_as_the_text_does(case: str) -> None:
    def seconds(size: int) -> float:
        text = HOSTILE[case](size)
        best = 60.0
        for _ in range(5):
            started = time.process_time()
            diagnose_markup(text)
            best = min(best, time.process_time() - started)
        return best

    small, large = seconds(50_000), seconds(800_000)
    # Linear is 16 times, quadratic would be 256; below a millisecond the clock says little.
    assert large < 64 * max(small, 0.001), f"{small:.6f} s, then {large:.6f} s"


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_told_within_a_second(case: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text(HOSTILE[case](70_000))
    started = time.process_time()
    with contextlib.suppress(UnreadableFileError):
        detect_kind(tmp_path / "file")
    assert time.process_time() - started < 1
