"""Delimited text: a refusal of ours, or a table that holds what Python's csv module finds in it, value for value."""

import csv
import io
from itertools import zip_longest

from fuzz.files import files_of_tests, staged_here
from fuzz.frame import mutated, seeds
from pipefy_exports_dagster.reading.column_types import canonical_text, respelt_text
from pipefy_exports_dagster.reading.staged import StagedTable
from pipefy_exports_dagster.reading.staged_query import rows_of, staged_query, typed

Row = list[str]

_BYTE_ORDER_MARK = "\ufeff"
_SEPARATORS = " ;,\t|"
_WORDS = (
    b";", b",", b"\t", b"|", b"\n", b"\r", b"\r\n", b'"', b'""', b'"a""b"', b'";"', b'"\n"', b"\n\n", b";;\n",
    b"sep=;\n", b"true", b"False", b"12", b"-0", b"0.10", b"1e5", b"007", b"9223372036854775807",
    b"12345678901234567890.5",
    b"2026-11-01", b"2026-11-01T10:00:00Z", b"2026-02-30", b"10:00", b"NaN", b"inf", b"NULL", b"\xc3\xa9", b"\xe9",
    b"\xef\xbb\xbf", b"e\xcc\x81", b"\x1a", b"\xa0", b"\xe2\x80\xa8", b"\x85", b"\x0c",
)  # fmt: skip

examples = mutated([*seeds("delimited"), *files_of_tests(".csv", ".csv.gz")], words=_WORDS)


def check(example: bytes) -> None:
    """Read the text, and compare all that is in it."""
    with staged_here(example) as staged:
        if staged is None or staged.file.kind != "csv":
            return
        records = _records_of_csv_module(example, staged)
        if records is not None:
            _compare(records, staged)


def _records_of_csv_module(example: bytes, staged: StagedTable) -> list[Row] | None:
    """Return the records that have a value; None where the module says that it is no such text."""
    encoding, delimiter = staged.file.encoding, staged.file.delimiter
    assert encoding
    assert delimiter
    if example.startswith((b"\x1f\x8b", b"PK")) or encoding == "windows-1252":  # of which lines may be UTF-8
        return None
    text = example.decode(encoding).removeprefix(_BYTE_ORDER_MARK)
    csv.field_size_limit(1 << 30)
    try:
        return [
            record
            for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
            if any(record)
        ]
    except csv.Error:
        return None


def _compare(records: list[Row], staged: StagedTable) -> None:
    """See that the table is the last of the records, and that the others are what the description says."""
    rows = _texts(staged)
    header_at = len(records) - len(rows) - 1
    assert header_at >= 0, f"{len(rows)} rows of {len(records)} records"
    # Lines of separators and blanks above the header are left out, whatever the delimiter.
    above = [record for record in records[:header_at] if "".join(record).strip(_SEPARATORS)]
    declared = bool(above) and "sep=" in _said(above[0])
    assert len(above) - declared == len(staged.file.title_lines), above
    header, *body = records[header_at:]
    kept = _kept_columns(header, body)
    assert len(kept) == len(staged.columns), (kept, staged.columns)
    wanted_header = [_at(header, position).replace("\0", "") for position in kept]
    assert [column.header for column in staged.columns] == wanted_header
    for nth, (ours, record) in enumerate(zip(rows, body, strict=True)):
        theirs = [_at(record, position) or None for position in kept]
        assert ours == theirs, f"row {nth}: {ours!r}, and the csv module reads {theirs!r}"


def _said(record: Row) -> str:
    """Return a record as one text in lower case, which a declaration may be spread over."""
    return "".join(record).lower()


def _kept_columns(header: Row, body: list[Row]) -> list[int]:
    """Return the columns that have a header or a value: a separator at the end of each line makes none."""
    filled = zip_longest(header, *body, fillvalue="")
    return [
        nth for nth, (name, *values) in enumerate(filled) if name.replace("\0", "").strip() or any(values)
    ]


def _at(record: Row, position: int) -> str:
    return record[position] if position < len(record) else ""


def _texts(staged: StagedTable) -> list[list[str | None]]:
    """Return what the staged file says that the texts were."""
    expressions = []
    for nth, column in enumerate(staged.columns):
        canonical = canonical_text(typed(f"c{nth}", column.type), column.type)
        text = canonical
        if column.has_raw:
            respelt = respelt_text(canonical, column.type) or canonical
            text = (
                f"CASE WHEN r{nth} IS NULL THEN {canonical} WHEN r{nth} = '' THEN {respelt} ELSE r{nth} END"
            )
        expressions.append(text)
    with staged_query() as connection:
        found = connection.execute(f"SELECT {', '.join(expressions)} FROM {rows_of(staged)}").fetchall()
    return [list(row) for row in found]
