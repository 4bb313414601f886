"""Write a source of columns in DuckDB as a typed Parquet file."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import UnreadableFileError

from .column_types import VARCHAR
from .description import FileDescription
from .inference import Guess, TypedText, guess_types, misfits, settle_types
from .pinned_values import TextKind
from .pinning import check_pinned, pinned_candidates
from .preview import preview_rows
from .refusals import unreadable
from .staged import StagedColumn, StagedTable
from .staged_file import ColumnToWrite, WrittenColumn, source_text, write_staged_file
from .text_types import DECIMAL, Candidate

if TYPE_CHECKING:
    import duckdb

_VERIFIED_COLUMNS = 100


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column as its reader returns it: `c<i>` of the source, typed, or text that may become typed.

    Args:
        type: DuckDB type. Durations are BIGINT microseconds with the type `INTERVAL` here, because Parquet's own
            interval would round them to milliseconds.
        candidates: Types that text may become, narrowest first; none if the column stays as it is.
    """

    header: str
    name: str
    type: str = VARCHAR
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A file's rows as an SQL relation, and what its reader found out about it.

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
        pins = pinned_candidates(
            connection,
            [(column.name, column.header) for column in source.columns],
            options,
            source_text=lambda position: _text_kind(source, source.columns[position]),
        )
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
    """Write the rows with the types that a sample suggests, and again if a value does not fit.

    The check runs while the rows are written, so nearly every file is read once. If there are many columns, it runs
    before, because DuckDB takes longer to plan a test for each column than to scan the rows a second time.
    """
    typed = _first_guesses(connection, source, pins)
    left = _questions_left(typed)
    verify = len(left) + len(pins) <= _VERIFIED_COLUMNS
    if not verify:
        typed |= settle_types(connection, source.relation, left)
        texts = {position: source_text(position, source.columns[position].type) for position in pins}
        unfit = misfits(connection, source.relation, pins, texts)
        _refuse_misfits(connection, source, {position: pins[position] for position in unfit})
    left_out = _blank_columns(connection, source)
    while True:
        plan = [
            _to_write(position, column, typed.get(position), pins.get(position), verify=verify)
            for position, column in enumerate(source.columns)
            if position not in left_out
        ]
        if not plan:
            raise unreadable("text without a header", "every field of it is blank; export again")
        written = write_staged_file(connection, source.relation, plan, path=path, rows=source.rows)
        fallen = [column.position for column in written if column.type_rejected]
        if not fallen:
            return tuple(_staged(source.columns[each.position], each, pins) for each in written)
        _refuse_misfits(
            connection, source, {position: pins[position] for position in fallen if position in pins}
        )
        others = {
            position: guess.others for position in fallen if isinstance(guess := typed.get(position), Guess)
        }
        typed |= settle_types(connection, source.relation, others)


def _questions_left(typed: Mapping[int, Guess | TypedText]) -> dict[int, tuple[Candidate, ...]]:
    return {
        position: guess.left for position, guess in typed.items() if isinstance(guess, Guess) and guess.left
    }


def _first_guesses(
    connection: "duckdb.DuckDBPyConnection", source: Source, pins: Mapping[int, Candidate]
) -> dict[int, Guess | TypedText]:
    questions = {
        position: column.candidates
        for position, column in enumerate(source.columns)
        if column.type == VARCHAR and position not in pins
    }
    guesses = guess_types(connection, source.sample, questions)
    # The number of digits of a DECIMAL depends on all rows.
    decimals = {
        position: guess.left
        for position, guess in guesses.items()
        if guess.candidate and guess.candidate.type == DECIMAL
    }
    return {**guesses, **settle_types(connection, source.relation, decimals)}


def _text_kind(source: Source, column: SourceColumn) -> TextKind:
    if column.type != VARCHAR:
        return TextKind.CANONICAL
    return TextKind.MIXED if source.file.kind == "xlsx" and not column.candidates else TextKind.WRITTEN


def _blank_columns(connection: "duckdb.DuckDBPyConnection", source: Source) -> set[int]:
    """Find columns with neither header nor value, as a separator at the end of each line creates."""
    nameless = [position for position, column in enumerate(source.columns) if not column.header.strip()]
    if not nameless or source.file.kind == "xlsx":  # in a workbook they have cells, if only of errors
        return set()
    counts = ", ".join(f"count(c{position})" for position in nameless)
    found = connection.execute(f"SELECT {counts} FROM {source.relation}").fetchone() or ()
    return {position for position, values in zip(nameless, found, strict=True) if not values}


def _to_write(
    position: int,
    column: SourceColumn,
    typed: Guess | TypedText | None,
    pin: Candidate | None,
    *,
    verify: bool,
) -> ColumnToWrite:
    if pin:
        # If a value of a pinned column does not fit, nothing is written.
        changes_text = None if verify else pin.fits("t") != pin.same_text("t")
        return ColumnToWrite(position, column.type, pin.type, pin, verify=verify, changes_text=changes_text)
    match typed:
        case Guess(candidate=None):
            return ColumnToWrite(position, column.type, VARCHAR, verify=bool(typed.others))
        case Guess(candidate=Candidate() as candidate):
            return ColumnToWrite(position, column.type, candidate.type, candidate, verify=True)
        case TypedText():
            return ColumnToWrite(
                position, column.type, typed.type, typed.candidate, changes_text=typed.changes_text
            )
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
    """Raise the error for the first value that does not fit its pinned type.

    Raises:
        ValueDoesNotFitError: Names the row.
    """
    for position, pin in pins.items():
        column = source.columns[position]
        check_pinned(
            connection,
            source.relation,
            pin,
            position=position,
            header=column.header,
            text=source_text(position, column.type),
        )


@contextmanager
def _misreading_named(source: Source) -> Iterator[None]:
    """Turn DuckDB's refusal of a file into an error of this package, without DuckDB's message."""
    import duckdb

    try:
        yield
    except duckdb.InvalidInputException as error:
        raise UnreadableFileError(
            f"the file looked like a table of {len(source.columns)} columns and {source.rows} rows, and cannot be read "
            "as one; please report this file",
            detected=f"damaged {source.file.kind.upper()}",
        ) from error
