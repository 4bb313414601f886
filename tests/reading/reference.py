# ruff: noqa: E501  files and cases read better in one line
"""What openpyxl and the csv module find in a file, as canonical text; the loader's own code is not used here."""

import csv
import gzip
import io
import re
import zipfile
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any

import openpyxl

MAX_EXACT_IN_DOUBLE, LARGEST_INTEGER = 2**53, 10**18

Table = tuple[list[str], list[list[str | None]]]

ENCODINGS = {"utf16_le": "utf-16", "utf16_be": "utf-16", "utf16_without_bom": "utf-16-le", "windows_1252": "cp1252", "late_latin1": "latin-1", "utf32": "utf-32"}  # fmt: skip
DELIMITERS = {"semicolon": ";", "tab": "\t", "bar": "|", "declared": ";", "brazilian_numbers": ";", "semicolon_and_commas": ";", "semicolon_unquoted_commas": ";"}  # fmt: skip


def reference(path: Path) -> Table:
    expected = path.parent / f"{path.stem}.expected.csv"
    if expected.exists():
        return csv_table(expected.read_bytes(), "utf-8", ",")
    content = path.read_bytes()
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            content = archive.read(next(name for name in archive.namelist() if not name.endswith("/")))
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    if content.startswith(b"PK\x03"):
        return workbook_table(content)
    return csv_table(content, ENCODINGS.get(path.stem, "utf-8-sig"), DELIMITERS.get(path.stem, ","))


def csv_table(content: bytes, encoding: str, delimiter: str) -> Table:
    text = content.decode(encoding)
    if text.startswith("sep="):
        text = text.split("\n", 1)[1]
    records = [record for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if record]
    width = max(len(record) for record in records)
    rows = [[value or None for value in record] + [None] * (width - len(record)) for record in records]
    return shaped([row for row in rows if any(row)])


def workbook_table(content: bytes) -> Table:
    book = openpyxl.load_workbook(io.BytesIO(content), data_only=True, rich_text=False)
    header: list[str] | None = None
    table: list[list[str | None]] = []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        rows = [[cell_text(cell) for cell in row] for row in sheet.iter_rows()]
        stored = [[cell.value is not None for cell in row] for row in sheet.iter_rows()]
        kept = [row for row, there in zip(rows, stored, strict=True) if any(there)]
        if not kept:
            continue
        own_header = [value or "" for value in kept[0]]
        while own_header and not own_header[-1]:
            own_header.pop()
        if header is None:
            header = own_header
            table = kept
        elif own_header == header:
            table += kept[1:]
    return shaped(table)


def shaped(rows: list[list[str | None]]) -> Table:
    """Split off the header; a column without header and values is none."""
    width = max(len(row) for row in rows)
    rows = [row + [None] * (width - len(row)) for row in rows]
    kept = [n for n in range(width) if any(row[n] for row in rows)]
    header, *rest = [[row[n] for n in kept] for row in rows]
    return [value or "" for value in header], rest


def cell_text(cell: Any) -> str | None:
    if cell.data_type == "e":
        return None
    return canonical(cell.value)


def canonical(value: Any) -> str | None:
    match value:
        case None | "":
            return None
        case bool():
            return "true" if value else "false"
        case float():
            return float_text(value)
        case datetime():
            text = value.isoformat(sep=" ")
            return text.rstrip("0") if "." in text else text
        case date():
            return value.isoformat()
        case time():
            return canonical(
                timedelta(
                    hours=value.hour,
                    minutes=value.minute,
                    seconds=value.second,
                    microseconds=value.microsecond,
                )
            )
        case timedelta():
            hours, rest = divmod(value, timedelta(hours=1))
            minutes, rest = divmod(rest, timedelta(minutes=1))
            text = f"{hours:02d}:{minutes:02d}:{rest.total_seconds():09.6f}"
            return text.rstrip("0").rstrip(".")
        case _:
            return str(value)


def float_text(value: float) -> str:
    """An exponent is a spelling: a large integer is written as one."""
    exact = Decimal(repr(value)) if isfinite(value) else Decimal(0)
    if MAX_EXACT_IN_DOUBLE <= abs(exact) < LARGEST_INTEGER and exact == exact.to_integral_value():
        return str(int(exact))
    return repr(value).removesuffix(".0")


def comparable(text: str | None, type_: str) -> Any:
    """Level what is no difference in value: numbers in number columns, midnights, times of one instant."""
    if text is None:
        return None
    if type_ in ("BIGINT", "DOUBLE") or type_.startswith("DECIMAL"):
        return float(text) if type_ == "DOUBLE" else _number(text)
    if type_ == "BOOLEAN":
        return text.lower()
    if type_ == "TIMESTAMP WITH TIME ZONE":
        return datetime.fromisoformat(text + ("" if text.endswith("Z") or len(text) > 22 else ":00"))
    text = re.sub(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d.*)$", r"\1 \2", text) if type_ == "TIMESTAMP" else text
    return re.sub(r"^(\d{4}-\d\d-\d\d) 00:00:00$", r"\1", text)


def _number(text: str) -> Any:
    return Decimal(text)
