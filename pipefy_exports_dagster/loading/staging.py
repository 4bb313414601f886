"""From a source of columns in DuckDB to a typed Parquet file."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .column_types import INTERVAL, VARCHAR, as_decimal, canonical_text
from .inference import TypedText, infer_types
from .options import ReadOptions
from .pinning import check_pinned, pinned_candidate
from .preview import preview_rows
from .sniffing import unreadable
from .sql import literal
from .staged import StagedColumn, StagedTable
from .text_types import Candidate

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column as its reader gives it: `c<i>` of the source, typed, or text that may become typed.

    Args:
        type: DuckDB type; durations are BIGINT microseconds that say `INTERVAL` here, because
            Parquet's own interval would round them to milliseconds.
        candidates: What text may become, narrowest first; none for what is to stay as it is.
    """

    header: str
    name: str
    type: str = VARCHAR
    candidates: tuple[Candidate, ...] = ()
    has_values: bool = True


@dataclass(frozen=True, slots=True)
class Source:
    """A file's rows as an SQL relation, and what its reader learned about it."""

    relation: str
    columns: tuple[SourceColumn, ...]
    rows: int
    file_kind: str
    encoding: str | None = None
    delimiter: str | None = None
    sheets_loaded: tuple[str, ...] = ()
    sheets_skipped: tuple[str, ...] = ()
    error_cells: int = 0


def stage(
    connection: "duckdb.DuckDBPyConnection",
    source: Source,
    *,
    folder: Path,
    options: ReadOptions,
    started: float,
) -> StagedTable:
    """Settle each column's type over all rows, and write the typed rows as Parquet.

    Raises:
        ValueDoesNotFitError: A value does not fit its column's pinned type.
        UnreadableFileError: Neither a header nor a row has a value.
    """
    pins = [pinned_candidate(connection, column.header, column.name, options) for column in source.columns]
    questions = {
        position: () if pin else column.candidates
        for position, (column, pin) in enumerate(zip(source.columns, pins, strict=True))
        if column.type == VARCHAR
    }
    inferred = infer_types(connection, source.relation, questions)
    columns: list[StagedColumn] = []
    selected: list[str] = []
    for position, (column, pin) in enumerate(zip(source.columns, pins, strict=True)):
        if pin is not None:
            text = _text(position, column)
            check_pinned(connection, source.relation, pin, position=position, header=column.header, text=text)
            staged, typed = _pinned(column, inferred.get(position), pin), pin.cast(text)
        else:
            staged, typed = _inferred(position, column, inferred.get(position))
        if not staged.has_values and not column.header.strip():
            continue  # a separator at the end of each line, not a column
        nth = len(columns)
        columns.append(staged)
        selected.append(f"{_storable(typed, staged, column)} AS c{nth}")
        if staged.has_raw:
            selected.append(f"{_text(position, column)} AS r{nth}")
    if not columns:
        raise unreadable("text without a header", "every field of it is blank; export again")
    path = folder / "staged.parquet"
    connection.execute(
        f"COPY (SELECT {', '.join(selected)} FROM {source.relation}) TO {literal(str(path))} "
        "(FORMAT parquet, COMPRESSION snappy)"
    )
    return StagedTable(
        path=path,
        rows=source.rows,
        columns=tuple(columns),
        file_kind=source.file_kind,
        encoding=source.encoding,
        delimiter=source.delimiter,
        sheets_loaded=source.sheets_loaded,
        sheets_skipped=source.sheets_skipped,
        error_cells=source.error_cells,
        preview=preview_rows(connection, path, columns),
        seconds_reading=time.monotonic() - started,
    )


def _inferred(position: int, column: SourceColumn, typed: TypedText | None) -> tuple[StagedColumn, str]:
    if typed is None:
        return StagedColumn(column.header, column.name, column.type, column.has_values), f"c{position}"
    staged = StagedColumn(column.header, column.name, typed.type, typed.has_values, has_raw=typed.has_raw)
    if typed.candidate is None:
        return staged, f"c{position}"
    cast = typed.candidate.cast(f"c{position}")
    # A DECIMAL's digits are known only now, so its candidate gives the plain number.
    return staged, f"CAST({cast} AS {typed.type})" if as_decimal(typed.type) else cast


def _pinned(column: SourceColumn, typed: TypedText | None, pin: Candidate) -> StagedColumn:
    has_values = typed.has_values if typed else column.has_values
    return StagedColumn(
        column.header, column.name, pin.type, has_values, pinned=True, has_raw=pin.type != VARCHAR
    )


def _text(position: int, column: SourceColumn) -> str:
    """SQL for the text of a value: as the file has it, or canonical."""
    if column.type == VARCHAR:
        return f"c{position}"
    typed = f"to_microseconds(c{position})" if column.type == INTERVAL else f"c{position}"
    return canonical_text(typed, column.type)


def _storable(typed: str, staged: StagedColumn, column: SourceColumn) -> str:
    """SQL for a value as Parquet keeps it whole: an interval becomes its microseconds."""
    if staged.type == INTERVAL and column.type != INTERVAL:
        return f"CAST(epoch_us({typed}) AS BIGINT)"
    return typed
