import csv
from pathlib import Path
from typing import TYPE_CHECKING

from pipefy_exports_dagster.errors import UnreadableFileError
from pipefy_exports_dagster.loading.names import column_names
from pipefy_exports_dagster.loading.options import ReadOptions
from pipefy_exports_dagster.loading.sniffing import unreadable
from pipefy_exports_dagster.loading.sql import literal
from pipefy_exports_dagster.loading.staging import Source, SourceColumn
from pipefy_exports_dagster.loading.text_types import (
    BOOLEAN_TEXT,
    DATES,
    NUMBERS,
    Candidate,
    formatted_dates,
    marked_numbers,
)

from .dialect import detect_dialect
from .encoding import to_utf8
from .rewriting import rewrite
from .survey import survey

if TYPE_CHECKING:
    import duckdb

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


def open_delimited(
    connection: "duckdb.DuckDBPyConnection", path: Path, *, folder: Path, options: ReadOptions
) -> Source:
    """Read a delimited file into DuckDB, all as text, and say what each column may become.

    Raises:
        UnreadableFileError: It is no text, or not a table.
    """
    path, encoding = to_utf8(path, folder=folder)
    with path.open(encoding="utf-8", newline="") as file:
        sample = file.read(_SAMPLE_CHARACTERS)
        complete = not file.read(1)
    dialect = detect_dialect(sample, complete=complete)
    if dialect.declared:
        path = _without_first_line(path, folder)
    found = survey(path, dialect.delimiter)
    records, fields, longest, whole_lines = (
        found.records,
        found.fields,
        found.longest_record,
        not found.newline_in_quotes,
    )
    if not found.regular:
        rewritten = rewrite(path, folder=folder, delimiter=dialect.delimiter)
        path, records, fields = rewritten.path, rewritten.records, rewritten.fields
        longest, whole_lines = path.stat().st_size, False
    if not records:
        raise unreadable("text without a header", "every line is blank; export again")
    with path.open(encoding="utf-8", newline="") as file:
        headers = next(csv.reader(file, delimiter=dialect.delimiter))
    rows = records - 1
    relation = _load(
        connection, path, dialect.delimiter, fields, longest=longest, parallel=whole_lines, rows=rows
    )
    columns = _columns(headers, options)
    return Source(relation, columns, rows, "csv", encoding=encoding, delimiter=dialect.delimiter)


def _load(
    connection: "duckdb.DuckDBPyConnection",
    path: Path,
    delimiter: str,
    fields: int,
    *,
    longest: int,
    parallel: bool,
    rows: int,
) -> str:
    """Make the file a table of texts, and see that DuckDB found the rows that were counted."""
    import duckdb

    listed = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(fields))
    line_limit = ""
    if longest > _DEFAULT_MAX_LINE_BYTES:
        line_limit = f", max_line_size = {longest + 16}, buffer_size = {2 * longest + 64}"
    read = (
        f"read_csv({literal(str(path))}, auto_detect = false, header = true, delim = {literal(delimiter)}, "
        f"quote = '\"', escape = '\"', columns = {{{listed}}}, parallel = {str(parallel).lower()}{line_limit})"
    )
    try:
        connection.execute(f"CREATE TEMP TABLE source AS SELECT * FROM {read}")
    except duckdb.InvalidInputException as error:
        raise UnreadableFileError(
            f"the file is not a table of {fields} columns: {str(error).splitlines()[0]}",
            detected="damaged CSV",
        ) from error
    counted = connection.execute("SELECT count(*) FROM source").fetchone()
    if counted is None or counted[0] != rows:
        raise UnreadableFileError(
            f"{rows} rows were counted in the file, but DuckDB read {counted[0] if counted else 0}; "
            "please report this file",
            detected="CSV that two readers understand differently",
        )
    return "source"


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
