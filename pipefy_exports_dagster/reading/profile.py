"""What the columns of a file hold, in a line each."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .column_types import canonical_text
from .staged import StagedTable
from .staged_query import rows_of, typed

if TYPE_CHECKING:
    import duckdb

LONGEST_VALUE = 32
MAX_COLUMNS = 32
"""How many columns are profiled, from the left: there is no room to show more."""
ROWS_COUNTED = 10_000
"""In how many rows different values are counted: to count them in all rows, or to estimate them (and be a tenth off),
takes longer than all the rest."""


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """A column in short.

    Args:
        filled: How many rows have a value.
        distinct: How many different values there are among the first `ROWS_COUNTED` rows.
        smallest: The smallest value as text, long ones cut short; None where there is none or it is not to be shown.
        largest: The largest, likewise.
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

    DuckDB's SUMMARIZE takes several times as long: it has quantiles and deviations as well.

    Args:
        show_values: Whether to look for the smallest and the largest value.
        where: SQL over the staged file for the rows that count; None for all.
    """
    columns = staged.columns[:MAX_COLUMNS]
    asked = []
    for position, column in enumerate(columns):
        asked.append(f"count(c{position})")
        for end in ("min", "max") if show_values else ():
            # The end of the values, then its text: of their texts it would be another.
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
