"""Write typed rows as Parquet, and check while writing whether each value fits its type."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipefy_exports_dagster.errors import UnreadableFileError
from pipefy_exports_dagster.text.sql import literal

from .column_types import INTERVAL, VARCHAR, as_decimal, canonical_text
from .text_types import Candidate

if TYPE_CHECKING:
    import duckdb

# DuckDB's own row groups have 122,880 rows. An insert with several threads takes half the time if each group of the
# Parquet file fills 90 to 100 % of one, and three times the work if groups are a little larger. A file's groups exceed
# the requested size by up to one vector of 2,048 rows. If one thread inserts, small groups are written faster.
_LARGEST_ROW_GROUP = 58 * 2_048
_SMALLEST_ROW_GROUP = 2 * 2_048
_NOT_IN_PARQUET = ("HUGEINT", "UHUGEINT")  # Parquet would turn them into doubles
# Each text column reserves as much memory as its dictionary may take: by default a megabyte.
_DICTIONARY_BYTES = 100 << 20
# An abandoned dictionary is wasted work, and DuckDB abandons it by default after a fifth of the group's rows. Each
# column reserves memory for that many values.
_DICTIONARY_VALUES = 2_000
_DICTIONARY_SHARE = 5
ROWS_WORTH_THREADS = 4 * 122_880
"""From this number of rows on, several threads insert faster than one; below, they double the work and save no time."""


@dataclass(frozen=True, slots=True)
class ColumnToWrite:
    """A column `c<position>` of a source, and the type to write it with.

    Args:
        source_type: Its type in the source; text if there is a candidate.
        candidate: Converts its text; None to write the source's own value.
        verify: Whether a value may not fit; without a candidate, whether the column should have no value.
        changes_text: Whether the type changes a text, by a test of all rows; None if they were not tested.
    """

    position: int
    source_type: str
    type: str
    candidate: Candidate | None = None
    verify: bool = False
    changes_text: bool | None = None

    @property
    def may_change_text(self) -> bool:
        """Whether a value may fit although its canonical text differs from the text in the file."""
        if self.changes_text is not None or self.candidate is None:
            return bool(self.changes_text)
        return self.candidate.fits("t") != self.candidate.same_text("t")


@dataclass(frozen=True, slots=True)
class WrittenColumn:
    """The result of writing a column.

    Args:
        has_raw: Some value's canonical text differs from the text in the file; `r<i>` has the original text.
        type_rejected: Some value does not fit: the file has to be written again, with another type.
    """

    position: int
    type: str
    has_values: bool
    has_raw: bool
    type_rejected: bool


def write_staged_file(
    connection: "duckdb.DuckDBPyConnection",
    relation: str,
    columns: Sequence[ColumnToWrite],
    *,
    path: Path,
    rows: int,
) -> list[WrittenColumn]:
    """Write columns of a relation as `c0`, `c1`, ... of a Parquet file, with `r<i>` for texts that a type changes.

    Args:
        rows: The number of rows by an independent count.

    Raises:
        UnreadableFileError: DuckDB finds another number of rows.
    """
    values, checked = [], []
    for nth, column in enumerate(columns):
        text = source_text(column.position, column.source_type)
        values.append(f"{_value(column, text)} AS c{nth}")
        checked.append(f"c{nth}")
        if column.may_change_text:
            values.append(f"{_text_if_changed(column, text)} AS r{nth}")
            checked.append(f"r{nth}")
        if column.candidate and column.verify:
            values += [] if column.may_change_text else [f"{_misfit(column.candidate, text)} AS v{nth}"]
            checked.append(_misfit_of_changed(column.candidate, nth) if column.may_change_text else f"v{nth}")
    group = _row_group(rows)
    copied = connection.execute(
        f"COPY (SELECT {', '.join(checked)} FROM (SELECT {', '.join(values)} FROM {relation})) "
        f"TO {literal(str(path))} (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE {group}, "
        f"DICTIONARY_SIZE_LIMIT {min(_DICTIONARY_VALUES, group // _DICTIONARY_SHARE)}, "
        f"STRING_DICTIONARY_PAGE_SIZE_LIMIT {min(_DICTIONARY_BYTES // len(columns), 1 << 20)}, RETURN_STATS)"
    ).fetchone()
    assert copied is not None  # noqa: S101  a row for the one file
    _, count, _, _, statistics, *_ = copied
    if count != rows:
        raise UnreadableFileError(
            f"{rows} rows were counted in the file, but DuckDB read {count}; please report this file",
            detected="a file that two readers understand differently",
        )
    return [_seen(column, nth, statistics, rows) for nth, column in enumerate(columns)]


def source_text(position: int, source_type: str) -> str:
    """SQL for the text of a source's value: as it is in the file, or canonical."""
    if source_type == VARCHAR:
        return f"c{position}"
    typed = f"to_microseconds(c{position})" if source_type == INTERVAL else f"c{position}"
    return canonical_text(typed, source_type)


def _row_group(rows: int) -> int:
    return _LARGEST_ROW_GROUP if rows >= ROWS_WORTH_THREADS else max(rows // 4, _SMALLEST_ROW_GROUP)


def _value(column: ColumnToWrite, text: str) -> str:
    """SQL for a value in a form that Parquet stores exactly: an interval as microseconds, a huge integer as text."""
    if column.candidate is None:
        return f"c{column.position}"
    value = column.candidate.cast(text)
    if column.type == INTERVAL and column.source_type != INTERVAL:
        return f"CAST(epoch_us({value}) AS BIGINT)"
    if column.type in _NOT_IN_PARQUET:
        return f"CAST({value} AS VARCHAR)"
    # The digits of a DECIMAL are known only now, so its candidate returns the plain number.
    return f"CAST({value} AS {column.type})" if as_decimal(column.type) else value


def _text_if_changed(column: ColumnToWrite, text: str) -> str:
    """SQL for the file's text if it differs from the value's canonical text, as `staged` describes."""
    if column.candidate is None or column.changes_text:
        return text
    usual = f"WHEN {column.candidate.respelt(text)} THEN '' " if column.candidate.respelt else ""
    return f"CASE WHEN {column.candidate.same_text(text)} THEN NULL {usual}ELSE {text} END"


def _misfit(candidate: Candidate, text: str) -> str:
    # In a CASE, NULL counts as false, and a condition is evaluated only if those before it are not true.
    return f"CASE WHEN {text} IS NULL THEN false WHEN {candidate.fits(text)} THEN false ELSE true END"


def _misfit_of_changed(candidate: Candidate, nth: int) -> str:
    """SQL for whether a value does not fit; `r<nth>` already shows which texts are common notations."""
    unusual = f"nullif(r{nth}, '')" if candidate.respelt else f"r{nth}"
    return f"{_misfit(candidate, unusual)} AS v{nth}"


def _seen(column: ColumnToWrite, nth: int, statistics: dict[str, dict[str, str]], rows: int) -> WrittenColumn:
    def has_values(name: str) -> bool:
        return rows > 0 and int(statistics[f'"{name}"']["null_count"]) < rows

    if column.candidate is None:
        type_rejected = column.verify and has_values(f"c{nth}")
    else:
        type_rejected = column.verify and rows > 0 and statistics[f'"v{nth}"']["max"] == "1"
    return WrittenColumn(
        column.position,
        column.type,
        has_values=has_values(f"c{nth}"),
        has_raw=column.may_change_text and has_values(f"r{nth}"),
        type_rejected=type_rejected,
    )
