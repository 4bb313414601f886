"""Types that the configuration pins: a value that does not fit fails the load."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import ConfigurationError, ValueDoesNotFitError
from pipefy_exports_dagster.text.sql import literal

from .names import position_of, snake_case
from .pinned_values import TextKind, pin
from .text_types import Candidate

if TYPE_CHECKING:
    import duckdb


def pinned_types(columns: Sequence[tuple[str, str]], options: ReadOptions) -> dict[int, str]:
    """Return the pinned types by the position of the column in the file.

    The exact header has priority, then the column's name. A key that matches no column then goes to the column whose
    header differs in spelling only.

    Args:
        columns: Name and header of each.
    """
    types = options.column_types
    by_name = {snake_case(key): type_ for key, type_ in types.items()}
    found = [types.get(header) or types.get(name) or by_name.get(name) for name, header in columns]
    pinned = {position: type_ for position, type_ in enumerate(found) if type_ is not None}
    known = {text for name, header in columns for text in (name, header)}
    for key, type_ in types.items():
        if key not in known and snake_case(key) not in known:
            position = position_of(key, columns)
            if position is not None:
                pinned.setdefault(position, type_)
    return pinned


def pinned_candidates(
    connection: "duckdb.DuckDBPyConnection",
    columns: Sequence[tuple[str, str]],
    options: ReadOptions,
    *,
    source_text: Callable[[int], TextKind],
) -> dict[int, Candidate]:
    """Return the candidate of each pinned column; columns with the same type and kind of text share one.

    Args:
        columns: Name and header of each.
        source_text: Returns the kind of text of the column at a position.

    Raises:
        ConfigurationError: DuckDB has no such type.
    """
    candidates: dict[tuple[str, TextKind], Candidate] = {}
    found = {}
    for position, wanted in pinned_types(columns, options).items():
        key = wanted, source_text(position)
        if key not in candidates:
            candidates[key] = pin(_resolved(connection, columns[position][0], wanted), options, key[1])
        found[position] = candidates[key]
    return found


def check_options(connection: "duckdb.DuckDBPyConnection", options: ReadOptions) -> None:
    """Try types and formats without a value, so that a setting that DuckDB rejects is never blamed on the file.

    `ReadOptions` has checked them against lists; this check is for other versions of DuckDB.

    Raises:
        ConfigurationError: DuckDB rejects one.
    """
    import duckdb

    first_of_type: dict[str, str] = {}
    for column, type_ in options.column_types.items():
        first_of_type.setdefault(type_, column)
    for type_, column in first_of_type.items():
        _resolved(connection, column, type_)
    if options.date_format is None:
        return
    try:
        format_ = literal(options.date_format)
        connection.execute(f"SELECT strftime(CAST(try_strptime('', {format_}) AS TIMESTAMP), {format_})")
    except duckdb.Error as error:
        raise ConfigurationError(
            f"`date_format` is {options.date_format!r}, which this version of DuckDB does not take: "
            f"{str(error).splitlines()[0]}"
        ) from error


def check_pinned(
    connection: "duckdb.DuckDBPyConnection",
    relation: str,
    pin: Candidate,
    *,
    position: int,
    header: str,
    text: str,
) -> None:
    """Make sure that every value of a column fits its pinned type.

    Args:
        text: SQL for the value's text.

    Raises:
        ValueDoesNotFitError: A value does not fit; the error names the first row.
    """
    unfit = connection.execute(
        f"SELECT nth, value FROM (SELECT row_number() OVER () AS nth, {text} AS value FROM {relation}) "
        f"WHERE value IS NOT NULL AND NOT coalesce({pin.fits('value')}, false) ORDER BY nth LIMIT 1"
    ).fetchone()
    if unfit:
        row, value = unfit
        shown = value if len(value) <= 100 else value[:100] + "…"  # noqa: PLR2004
        raise ValueDoesNotFitError(
            f"column {header!r} (number {position + 1}), data row {row}: {shown!r} does not fit {pin.type}, the type "
            "that the configuration pins; the table keeps its old rows. Change the pinned type, or the value in Pipefy",
            column=header,
            row=row,
            value=value,
        )


def _resolved(connection: "duckdb.DuckDBPyConnection", name: str, wanted: str) -> str:
    import duckdb

    try:
        row = connection.execute(f"SELECT typeof(CAST(NULL AS {wanted}))").fetchone()
    except duckdb.Error as error:
        message = f"`column_types` pins {name!r} as {wanted!r}, which this version of DuckDB does not take"
        raise ConfigurationError(message) from error
    return str(row[0]) if row else wanted
