# ruff: noqa: E501  files and cases read better in one line
"""The files that are measured, made once under data/bench."""

import csv
import random
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

Row = list[str | int | float | bool | datetime | None]

HEADER = ["ID", "Automação", "Pipe", "Status", "Data de Início", "Duração (s)", "Tentativas", "Erro", "Responsável", "Cartão", "Sucesso", "Custo"]  # fmt: skip
_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
_STYLES = (
    '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy-mm-dd hh:mm:ss"/></numFmts><fonts count="1"><font/></fonts>'
    '<fills count="1"><fill><patternFill/></fill></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0"/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def jobs(rows: int) -> Iterator[Row]:
    """Automation jobs: identifiers with leading zeros, a tenth of a megabyte of repeated names, times, blanks."""
    chance = random.Random(7)  # noqa: S311
    started = datetime(2026, 10, 1, tzinfo=UTC)
    for n in range(rows):
        yield [
            100_000 + n,
            f"Automação {n % 300}",
            chance.choice(["Compras", "Onboarding", "Suporte", "Vendas"]),
            chance.choice(["done", "failed", "running"]),
            started + timedelta(seconds=13 * n),
            round(chance.random() * 100, 3),
            chance.randint(0, 5),
            None if n % 5 else f"Timeout after {n} ms <retry> & stop",
            f"pessoa{n % 1000}@exemplo.com.br",
            f"{n:08d}",
            n % 3 == 0,
            chance.random(),
        ]


def wide(rows: int, columns: int = 200) -> Iterator[Row]:
    """A report with many of an organization's own fields, half of them blank."""
    chance = random.Random(8)  # noqa: S311
    for n in range(rows):
        yield [
            None if (n + c) % 2 else (n * c if c % 3 else f"resposta {chance.randint(0, 999)}")
            for c in range(columns)
        ]


def bench_files(folder: Path, *, large: bool) -> dict[str, Path]:
    """Make what is missing, and say where each is."""
    folder.mkdir(parents=True, exist_ok=True)
    sizes = {"200k": 200_000, **({"1M": 1_000_000} if large else {})}
    files = {}
    for name, rows in sizes.items():
        for kind, write in (("xlsx", _write_xlsx), ("csv", _write_csv)):
            path = files[f"{kind} {name}"] = folder / f"jobs-{name}.{kind}"
            if not path.exists():
                write(path, HEADER, jobs(rows))
    path = files["xlsx wide"] = folder / "wide.xlsx"
    if not path.exists():
        _write_xlsx(path, [f"Campo {n}" for n in range(200)], wide(20_000))
    return files


def tiny_files(folder: Path) -> dict[str, Path]:
    """Make a file of one row of each kind."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for kind, write in (("xlsx", _write_xlsx), ("csv", _write_csv)):
        path = files[f"tiny {kind}"] = folder / f"tiny.{kind}"
        write(path, HEADER, jobs(1))
    return files


def _write_csv(path: Path, header: list[str], rows: Iterator[Row]) -> None:
    unfinished = path.with_suffix(".part")
    with unfinished.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow(
                [f"{value:%Y-%m-%dT%H:%M:%S}" if isinstance(value, datetime) else value for value in row]
            )
    unfinished.rename(path)


def _write_xlsx(path: Path, header: list[str], rows: Iterator[Row]) -> None:
    """Write the XML that openpyxl's write-only mode writes, at ten times its speed."""
    columns = [_letters(n) for n in range(len(header))]
    unfinished = path.with_suffix(".part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>')  # fmt: skip
        archive.writestr("_rels/.rels", f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>')  # fmt: skip
        archive.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="{_RELATIONS}/styles" Target="styles.xml"/></Relationships>')  # fmt: skip
        archive.writestr("xl/workbook.xml", f'<workbook xmlns="{_SHEET}" xmlns:r="{_RELATIONS}"><sheets><sheet name="Jobs" sheetId="1" r:id="r1"/></sheets></workbook>')  # fmt: skip
        archive.writestr("xl/styles.xml", _STYLES)
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(f'<worksheet xmlns="{_SHEET}"><sheetData>'.encode())
            for number, row in enumerate(_with_header(header, rows), 1):
                cells = "".join(
                    _cell(value, f"{column}{number}") for column, value in zip(columns, row, strict=True)
                )
                sheet.write(f'<row r="{number}">{cells}</row>'.encode())
            sheet.write(b"</sheetData></worksheet>")
    unfinished.rename(path)


def _with_header(header: list[str], rows: Iterator[Row]) -> Iterator[Row]:
    yield list(header)
    yield from rows


def _cell(value: str | float | bool | datetime | None, reference: str) -> str:
    match value:
        case None:
            return ""
        case bool():
            return f'<c r="{reference}" t="b"><v>{int(value)}</v></c>'
        case str():
            return f'<c r="{reference}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
        case datetime():
            return f'<c r="{reference}" s="1" t="n"><v>{(value - _EPOCH) / timedelta(days=1):.16g}</v></c>'
        case _:
            return f'<c r="{reference}" t="n"><v>{value!r}</v></c>'


def _letters(column: int) -> str:
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text
