"""The profile of a file's columns, one line each."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .column_types import canonical_text
from .staged import StagedTable
from .staged_query import rows_of, typed

if TYPE_CHECKING:
    import duckdb

LONGEST_VALUE = 32
MAX_COLUMNS = 32
"""How many columns are profiled, from the left: the UI has no room for more."""
ROWS_COUNTED = 10_000
"""In how many rows distinct values are counted. Counting in all rows, or estimating (which can be a tenth off), takes
longer than all the rest."""


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """The profile of a column.

    Args:
        filled: How many rows have a value.
        distinct: How many distinct values the first `ROWS_COUNTED` rows have.
        smallest: The smallest value as text, cut short; None if there is none or values must not be shown.
        largest: The largest value, likewise.
    """

    name: str
    type: str
    filled: int
    distinct: int
    smallest: str | None = None
    largest: str | None = None


def profile_columns(
    connection: "duckdb.DuckDBPyConnection",
    staged: StagedTable,
    *,
    show_values: bool = True,
    where: str | None = None,
) -> tuple[ColumnProfile, ...]:
    """Profile the columns of a staged file, the first `MAX_COLUMNS` of them.

    DuckDB's SUMMARIZE takes several times as long: it also computes quantiles and standard deviations.

    Args:
        show_values: Whether to compute the smallest and the largest value.
        where: SQL condition over the staged file for the rows that count; None for all.
    """
    columns = staged.columns[:MAX_COLUMNS]
    asked = []
    for position, column in enumerate(columns):
        asked.append(f"count(c{position})")
        for end in ("min", "max") if show_values else ():
            # First min or max of the values, then its text: min of the texts would be another value.
            text = canonical_text(typed(f"{end}(c{position})", column.type), column.type)
            asked.append(f"left({text}, {LONGEST_VALUE + 1})")
    of_rows = f"FROM {rows_of(staged)}" + (f" WHERE {where}" if where else "")
    facts = _one_row(connection, f"SELECT {', '.join(asked)} {of_rows}")
    listed = ", ".join(f"c{position}" for position in range(len(columns)))
    counts = ", ".join(f"count(DISTINCT c{position})" for position in range(len(columns)))
    distinct = _one_row(connection, f"SELECT {counts} FROM (SELECT {listed} {of_rows} LIMIT {ROWS_COUNTED})")
    per_column = len(facts) // len(columns)
    profiles = []
    for nth, column in enumerate(columns):
        filled, *ends = facts[nth * per_column : (nth + 1) * per_column]
        profiles.append(
            ColumnProfile(column.name, column.type, filled, distinct[nth], *map(_shortened, ends))
        )
    return tuple(profiles)


def _one_row(connection: "duckdb.DuckDBPyConnection", query: str) -> tuple[Any, ...]:
    row = connection.execute(query).fetchone()
    assert row is not None  # noqa: S101  an aggregate gives one row
    return tuple(row)


def _shortened(text: str | None) -> str | None:
    if text is None or len(text) <= LONGEST_VALUE:
        return text
    return text[: LONGEST_VALUE - 1] + "…"
