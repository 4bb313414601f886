import csv
import io
from dataclasses import dataclass
from pathlib import Path

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.reading.description import FileDescription
from pipefy_exports_dagster.reading.inference import SAMPLE_ROWS, sample_rows
from pipefy_exports_dagster.reading.names import column_names, storable_header
from pipefy_exports_dagster.reading.refusals import unreadable
from pipefy_exports_dagster.reading.staging import Source, SourceColumn
from pipefy_exports_dagster.reading.table_width import MAX_TABLE_COLUMNS, too_wide
from pipefy_exports_dagster.reading.text_types import (
    BOOLEAN_TEXT,
    DATES,
    NUMBERS,
    Candidate,
    formatted_dates,
    marked_numbers,
)
from pipefy_exports_dagster.text.sql import literal

from .beginning import Beginning, detect_beginning
from .encoding import WINDOWS_1252, from_windows_1252, is_utf8, to_utf8
from .rewriting import rewrite
from .survey import Survey, survey

_DEFAULT_MAX_LINE_BYTES = 2_000_000
# Numbers in columns of these names are identifiers; whether one has a leading zero this month is chance.
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
    """Survey a delimited file, and return how DuckDB reads it as text and which types each column may have.

    Raises:
        UnreadableFileError: It is not text, or not a table, or wider than a table may be.
    """
    path, encoding = to_utf8(path, folder=folder)
    looked = _look(path, folder)
    if encoding is None:
        encoding = "utf-8"
        if not looked.survey.utf8 or not (looked.survey.regular or is_utf8(path)):
            encoding = WINDOWS_1252
            looked = _look(from_windows_1252(path, folder=folder), folder)
    dialect = looked.beginning.dialect
    regular = _regular(looked, folder)
    if not regular.records:
        raise unreadable("text without a header", "every line is blank; export again")
    with regular.path.open(encoding="utf-8", newline="") as file:
        headers = [storable_header(header) for header in next(csv.reader(file, delimiter=dialect.delimiter))]
    return Source(
        regular.relation,
        regular.sample,
        _columns(headers, options),
        regular.records - 1,
        FileDescription(
            "csv",
            encoding=encoding,
            delimiter=dialect.delimiter,
            dropped_blank_rows=looked.beginning.dropped_blank_rows + regular.dropped,
            title_lines=dialect.titles,
        ),
    )


@dataclass(frozen=True, slots=True)
class _Looked:
    """A UTF-8 file, and the result of its survey."""

    beginning: Beginning
    survey: Survey


def _look(path: Path, folder: Path) -> _Looked:
    beginning = detect_beginning(path, folder=folder)
    delimiter = beginning.dialect.delimiter
    # Checked before any other work on thousands of fields.
    records = csv.reader(io.StringIO(beginning.sample, newline=""), delimiter=delimiter)
    header = next(records, [])
    while header and not header[-1]:
        header.pop()
    if len(header) > MAX_TABLE_COLUMNS:
        raise too_wide(len(header), exact=next(records, None) is not None)
    return _Looked(
        beginning, survey(beginning.path, delimiter, sample_records=sample_rows(max(len(header), 1)))
    )


@dataclass(frozen=True, slots=True)
class _Regular:
    """A file in the form that DuckDB reads.

    Args:
        relation: SQL for the rows that have a value.
        sample: SQL for some of them.
        records: Number of records with a value, including the header.
        dropped: Number of records without a value.
    """

    path: Path
    relation: str
    sample: str
    records: int
    dropped: int


def _regular(looked: _Looked, folder: Path) -> _Regular:
    path, delimiter, found = looked.beginning.path, looked.beginning.dialect.delimiter, looked.survey
    if not found.regular:
        new = rewrite(path, folder=folder, delimiter=delimiter)
        reading = _Reading(delimiter, new.fields, new.path.stat().st_size, parallel=False, crlf=False)
        relation = reading.of(new.path, header=True)
        return _Regular(
            new.path, relation, f"(FROM {relation} LIMIT {SAMPLE_ROWS})", new.records, new.dropped
        )
    reading = _Reading(
        delimiter,
        found.fields,
        found.longest_record,
        parallel=not found.newline_in_quotes,
        crlf=bool(found.crlf),
    )
    relation = reading.of(path, header=True)
    if found.dropped:
        listed = ", ".join(f"c{position}" for position in range(found.fields))
        relation = f"(FROM {relation} WHERE coalesce({listed}) IS NOT NULL)"
    sample = f"(FROM {relation} LIMIT {SAMPLE_ROWS})"
    if found.sample:
        sample_path = folder / "sample.csv"
        sample_path.write_bytes(b"".join(found.sample))
        sample = reading.of(sample_path, header=False)
    return _Regular(path, relation, sample, found.records, found.dropped)


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
        line_end = r"\r\n" if self.crlf else r"\n"  # or DuckDB may end a line at a return in quotes
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
