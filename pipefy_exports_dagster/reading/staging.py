"""From a source of columns in DuckDB to a typed Parquet file."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipefy_exports_dagster.errors import UnreadableFileError
from pipefy_exports_dagster.read_options import ReadOptions

from .column_types import VARCHAR
from .description import FileDescription
from .inference import Guess, TypedText, guess_types, settle_types
from .pinned_values import TextKind
from .pinning import check_pinned, pinned_candidate, pinned_types
from .preview import preview_rows
from .sniffing import unreadable
from .staged import StagedColumn, StagedTable
from .staged_file import ColumnToWrite, WrittenColumn, text_of, write_staged_file
from .text_types import DECIMAL, Candidate

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


@dataclass(frozen=True, slots=True)
class Source:
    """A file's rows as an SQL relation, and what its reader learned about it.

    Args:
        sample: SQL relation of some of the rows.
    """

    relation: str
    sample: str
    columns: tuple[SourceColumn, ...]
    rows: int
    file: FileDescription


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
        UnreadableFileError: Neither a header nor a row has a value, or DuckDB does not read the rows that were counted.
    """
    with _misreading_named(source):
        wanted = pinned_types([(column.name, column.header) for column in source.columns], options)
        pins = {
            position: pinned_candidate(
                connection,
                source.columns[position].name,
                type_,
                options,
                text=_text_kind(source, source.columns[position]),
            )
            for position, type_ in wanted.items()
        }
        path = folder / "staged.parquet"
        columns = _written(connection, source, pins, path)
    return StagedTable(
        path=path,
        rows=source.rows,
        columns=columns,
        file=source.file,
        preview=preview_rows(connection, path, columns),
        seconds_reading=time.monotonic() - started,
    )


def _written(
    connection: "duckdb.DuckDBPyConnection", source: Source, pins: Mapping[int, Candidate], path: Path
) -> tuple[StagedColumn, ...]:
    """Write the rows with the types that a sample suggests, and once more if a value does not fit one.

    Whether all fit is seen while they are written, so that nearly every file is read once.
    """
    typed = _first_guesses(connection, source, pins)
    left_out = _blank_columns(connection, source)
    while True:
        plan = [
            _to_write(position, column, typed.get(position), pins.get(position))
            for position, column in enumerate(source.columns)
            if position not in left_out
        ]
        if not plan:
            raise unreadable("text without a header", "every field of it is blank; export again")
        written = write_staged_file(connection, source.relation, plan, path=path, rows=source.rows)
        fallen = [column.position for column in written if column.fell]
        if not fallen:
            return tuple(_staged(source.columns[each.position], each, pins) for each in written)
        _refuse_misfits(
            connection, source, {position: pins[position] for position in fallen if position in pins}
        )
        others = {
            position: guess.others for position in fallen if isinstance(guess := typed.get(position), Guess)
        }
        typed |= settle_types(connection, source.relation, others)


def _first_guesses(
    connection: "duckdb.DuckDBPyConnection", source: Source, pins: Mapping[int, Candidate]
) -> dict[int, Guess | TypedText]:
    questions = {
        position: column.candidates
        for position, column in enumerate(source.columns)
        if column.type == VARCHAR and position not in pins
    }
    guesses = guess_types(connection, source.sample, questions)
    # How many digits a DECIMAL needs only all rows can tell.
    decimals = {
        position: (guess.candidate, *guess.others)
        for position, guess in guesses.items()
        if guess.candidate and guess.candidate.type == DECIMAL
    }
    return {**guesses, **settle_types(connection, source.relation, decimals)}


def _text_kind(source: Source, column: SourceColumn) -> TextKind:
    if column.type != VARCHAR:
        return TextKind.CANONICAL
    return TextKind.MIXED if source.file.kind == "xlsx" and not column.candidates else TextKind.WRITTEN


def _blank_columns(connection: "duckdb.DuckDBPyConnection", source: Source) -> set[int]:
    """Find columns with neither header nor value, such as a separator at the end of each line makes."""
    nameless = [position for position, column in enumerate(source.columns) if not column.header.strip()]
    if not nameless or source.file.kind == "xlsx":  # a workbook's have cells, if only of errors
        return set()
    counts = ", ".join(f"count(c{position})" for position in nameless)
    found = connection.execute(f"SELECT {counts} FROM {source.relation}").fetchone() or ()
    return {position for position, values in zip(nameless, found, strict=True) if not values}


def _to_write(
    position: int, column: SourceColumn, typed: Guess | TypedText | None, pin: Candidate | None
) -> ColumnToWrite:
    if pin:
        return ColumnToWrite(position, column.type, pin.type, pin, verify=True)
    match typed:
        case Guess(candidate=None):
            return ColumnToWrite(position, column.type, VARCHAR, verify=bool(typed.others))
        case Guess(candidate=Candidate() as candidate):
            return ColumnToWrite(position, column.type, candidate.type, candidate, verify=True)
        case TypedText():
            return ColumnToWrite(position, column.type, typed.type, typed.candidate)
    return ColumnToWrite(position, column.type, column.type)


def _staged(column: SourceColumn, written: WrittenColumn, pins: Mapping[int, Candidate]) -> StagedColumn:
    return StagedColumn(
        column.header,
        column.name,
        written.type,
        written.has_values,
        pinned=written.position in pins,
        has_raw=written.has_raw,
    )


def _refuse_misfits(
    connection: "duckdb.DuckDBPyConnection", source: Source, pins: Mapping[int, Candidate]
) -> None:
    """Name the first value that does not fit its pinned type.

    Raises:
        ValueDoesNotFitError: With its row.
    """
    for position, pin in pins.items():
        column = source.columns[position]
        check_pinned(
            connection,
            source.relation,
            pin,
            position=position,
            header=column.header,
            text=text_of(position, column.type),
        )


@contextmanager
def _misreading_named(source: Source) -> Iterator[None]:
    """Say of a file that DuckDB refuses what it is not."""
    import duckdb

    try:
        yield
    except duckdb.InvalidInputException as error:
        raise UnreadableFileError(
            f"the file is not a table of {len(source.columns)} columns: {str(error).splitlines()[0]}",
            detected=f"damaged {source.file.kind.upper()}",
        ) from error
