"""Write into number_formats.csv what other programs show under each format: `python tests/data/number_formats.py`.

Needs LibreOffice (`apt-get install --no-install-recommends libreoffice-calc`), and node with SheetJS (`npm install
xlsx` in some folder, and `NODE_PATH=<folder>/node_modules`). The tests need neither: they read the CSV file.

To add a format, add a row with its `code` (or with the `id` of a built-in one, and the locale it is read in), and
run this. Each is shown for three numbers: the morning and the evening of one day, and the morning of a later one.
Where the programs that take the code show the same kind of thing, that is what `number_kind` has to say; where not,
`decided` says it, and `why`.
"""

import csv
import json
import subprocess
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

TABLE = Path(__file__).with_suffix(".csv")
SERIALS = (41114.4375, 41114.8555, 43435.4375)  # 2012-07-24 10:30, 20:31:55.2, 2018-12-01 10:30
PROGRAMS = ("libreoffice", "sheetjs")
SHOWN = tuple(f"{program}_{number}" for program in PROGRAMS for number in ("morning", "evening", "later"))
COLUMNS = ("written_by", "id", "locale", "code", *SHOWN, "decided", "why")

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="Formats" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
    ),
}
# As shown, UTF-8, comma, all quoted where needed, in the language that the profile says.
_AS_SHOWN = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true"
_LOCALE = (
    '<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Setup/L10N">'
    '<prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>{}</value></prop></item></oor:items>'
)
_SHEETJS = """
const { SSF } = require("xlsx");
const { formats, serials } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const shown = (format, serial) => {
  try { return String(SSF.format(format, serial)); } catch (error) { return "error: " + (error.message || error); }
};
console.log(JSON.stringify(formats.map((format) => serials.map((serial) => shown(format, serial)))));
"""


def main() -> None:
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for locale in sorted({row["locale"] for row in rows}):
        of_locale = [row for row in rows if row["locale"] == locale]
        _fill(of_locale, "libreoffice", shown_by_libreoffice(of_locale, locale or "en-US"))
    _fill(rows, "sheetjs", shown_by_sheetjs(rows))
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def shown_by_libreoffice(rows: Sequence[Mapping[str, str]], locale: str) -> list[list[str]]:
    """Return what LibreOffice shows for each number, row by row."""
    with tempfile.TemporaryDirectory() as folder:
        workbook, profile = Path(folder) / "formats.xlsx", Path(folder) / "profile"
        with zipfile.ZipFile(workbook, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in _PARTS.items():
                archive.writestr(name, content)
            archive.writestr("xl/styles.xml", _styles(rows))
            archive.writestr("xl/worksheets/sheet1.xml", _sheet(len(rows)))
        (profile / "user").mkdir(parents=True)
        (profile / "user" / "registrymodifications.xcu").write_text(_LOCALE.format(locale), encoding="utf-8")
        command = ["soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless"]
        subprocess.run(
            [*command, "--convert-to", _AS_SHOWN, "--outdir", folder, str(workbook)],
            check=True,
            capture_output=True,
            timeout=300,
        )
        with workbook.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
            return [row[1:] for row in csv.reader(file)]


def shown_by_sheetjs(rows: Sequence[Mapping[str, str]]) -> list[list[str]]:
    """Return what SheetJS shows for each number, row by row; it knows no locales."""
    formats = [int(row["id"]) if row["id"] else row["code"] for row in rows]
    done = subprocess.run(
        ["node", "-e", _SHEETJS],
        input=json.dumps({"formats": formats, "serials": SERIALS}),
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    shown: list[list[str]] = json.loads(done.stdout)
    return shown


def _styles(rows: Sequence[Mapping[str, str]]) -> str:
    ids = [int(row["id"]) if row["id"] else 164 + nth for nth, row in enumerate(rows)]
    codes = "".join(
        f'<numFmt numFmtId="{id_}" formatCode={quoteattr(row["code"])}/>'
        for id_, row in zip(ids, rows, strict=True)
        if not row["id"]
    )
    cells = "".join(f'<xf numFmtId="{id_}" applyNumberFormat="1"/>' for id_ in (0, *ids))
    return (
        f'<styleSheet xmlns="{_MAIN}"><numFmts>{codes}</numFmts><fonts><font/></fonts>'
        '<fills><fill><patternFill patternType="none"/></fill></fills><borders><border/></borders>'
        f"<cellStyleXfs><xf/></cellStyleXfs><cellXfs>{cells}</cellXfs></styleSheet>"
    )


def _sheet(rows: int) -> str:
    """Return a sheet with the numbers under each format, after a first column that keeps rows from being left out."""
    lines = (
        f'<row r="{nth}"><c r="A{nth}"><v>{nth}</v></c>'
        + "".join(
            f'<c r="{column}{nth}" s="{nth}"><v>{serial}</v></c>'
            for column, serial in zip("BCD", SERIALS, strict=True)
        )
        + "</row>"
        for nth in range(1, rows + 1)
    )
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>'


def _fill(rows: Sequence[dict[str, str]], program: str, shown: Sequence[Sequence[str]]) -> None:
    columns = [column for column in SHOWN if column.startswith(program)]
    for row, texts in zip(rows, shown, strict=True):
        row.update(zip(columns, texts, strict=True))


if __name__ == "__main__":
    main()
