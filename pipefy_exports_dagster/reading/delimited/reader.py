import csv
from dataclasses import dataclass
from pathlib import Path

from pipefy_exports_dagster.read_options import ReadOptions
from pipefy_exports_dagster.reading.description import FileDescription
from pipefy_exports_dagster.reading.inference import SAMPLE_ROWS
from pipefy_exports_dagster.reading.names import column_names, storable_header
from pipefy_exports_dagster.reading.sniffing import unreadable
from pipefy_exports_dagster.reading.staging import Source, SourceColumn
from pipefy_exports_dagster.reading.text_types import (
    BOOLEAN_TEXT,
    DATES,
    NUMBERS,
    Candidate,
    formatted_dates,
    marked_numbers,
)
from pipefy_exports_dagster.sql import literal

from .dialect import detect_dialect
from .encoding import WINDOWS_1252, from_windows_1252, is_utf8, to_utf8
from .rewriting import rewrite
from .survey import Survey, survey

_SAMPLE_CHARACTERS = 262_144
_DEFAULT_MAX_LINE_BYTES = 2_000_000
# Numbers under these names identify; whether a leading zero occurs this month is chance.
_IDENTIFIERS = frozenset(
    {
        "cpf",
        "cnpj",
        "cep",
        "rg",
        "pis",
        "telefone",
        "celular",
        "fone",
        "phone",
        "mobile",
        "whatsapp",
        "zip",
        "zipcode",
    }
)


def open_delimited(path: Path, *, folder: Path, options: ReadOptions) -> Source:
    """Look at a delimited file, and say how DuckDB reads it as text and what each column may become.

    Raises:
        UnreadableFileError: It is no text, or not a table.
    """
    path, encoding = to_utf8(path, folder=folder)
    looked = _look(path, folder)
    if encoding is None:
        encoding = "utf-8"
        if not looked.survey.utf8 or not (looked.survey.regular or is_utf8(path)):
            encoding = WINDOWS_1252
            looked = _look(from_windows_1252(path, folder=folder), folder)
    path, delimiter, found = looked.path, looked.delimiter, looked.survey
    records, fields, longest, whole_lines = (
        found.records,
        found.fields,
        found.longest_record,
        not found.newline_in_quotes,
    )
    if not found.regular:
        rewritten = rewrite(path, folder=folder, delimiter=delimiter)
        path, records, fields = rewritten.path, rewritten.records, rewritten.fields
        longest, whole_lines = path.stat().st_size, False
    if not records:
        raise unreadable("text without a header", "every line is blank; export again")
    with path.open(encoding="utf-8", newline="") as file:
        headers = [storable_header(header) for header in next(csv.reader(file, delimiter=delimiter))]
    reading = _Reading(
        delimiter, fields, longest, parallel=whole_lines, crlf=found.regular and bool(found.crlf)
    )
    relation = reading.of(path, header=True)
    sample = f"(FROM {relation} LIMIT {SAMPLE_ROWS})"
    if found.regular and found.sample:
        sample_path = folder / "sample.csv"
        sample_path.write_bytes(b"".join(found.sample))
        sample = reading.of(sample_path, header=False)
    return Source(
        relation,
        sample,
        _columns(headers, options),
        records - 1,
        FileDescription("csv", encoding=encoding, delimiter=delimiter),
    )


@dataclass(frozen=True, slots=True)
class _Looked:
    """A UTF-8 file, and what was seen of it."""

    path: Path
    delimiter: str
    survey: Survey


def _look(path: Path, folder: Path) -> _Looked:
    # That all of it is UTF-8 is not settled yet, and no reason to stumble here.
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        sample = file.read(_SAMPLE_CHARACTERS)
        complete = not file.read(1)
    dialect = detect_dialect(sample, complete=complete)
    if dialect.declared:
        path = _without_first_line(path, folder)
    return _Looked(path, dialect.delimiter, survey(path, dialect.delimiter, sample_records=SAMPLE_ROWS))


@dataclass(frozen=True, slots=True)
class _Reading:
    """How DuckDB reads a regular file, every field as text."""

    delimiter: str
    fields: int
    longest_record: int
    parallel: bool
    crlf: bool

    def of(self, path: Path, *, header: bool) -> str:
        """SQL for the rows of a file."""
        listed = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(self.fields))
        line_end = r"\r\n" if self.crlf else r"\n"  # or DuckDB may take a return within quotes for one
        limit = ""
        if self.longest_record > _DEFAULT_MAX_LINE_BYTES:
            limit = (
                f", max_line_size = {self.longest_record + 16}, buffer_size = {2 * self.longest_record + 64}"
            )
        return (
            f"read_csv({literal(str(path))}, auto_detect = false, header = {str(header).lower()}, "
            f"delim = {literal(self.delimiter)}, quote = '\"', escape = '\"', columns = {{{listed}}}, "
            f"parallel = {str(self.parallel).lower()}, new_line = '{line_end}'{limit})"
        )


def _columns(headers: list[str], options: ReadOptions) -> tuple[SourceColumn, ...]:
    numbers = marked_numbers(options.decimal_mark) if options.decimal_mark else NUMBERS
    dates: tuple[Candidate, ...] = DATES
    if options.date_format:
        dates = (*formatted_dates(options.date_format), *DATES)
    columns = []
    for header, name in zip(headers, column_names(headers), strict=True):
        candidates = (BOOLEAN_TEXT, *numbers, *dates)
        if _IDENTIFIERS & set(name.split("_")):
            candidates = ()
        columns.append(SourceColumn(header, name, candidates=candidates))
    return tuple(columns)


def _without_first_line(path: Path, folder: Path) -> Path:
    target = folder / "undeclared.csv"
    with path.open("rb") as file, target.open("wb") as rest:
        file.readline()
        while chunk := file.read(1 << 20):
            rest.write(chunk)
    return target
