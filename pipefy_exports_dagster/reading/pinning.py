"""Types that the configuration pins: a value that does not fit fails the load."""

from typing import TYPE_CHECKING

from pipefy_exports_dagster.errors import ConfigurationError, ValueDoesNotFitError
from pipefy_exports_dagster.read_options import ReadOptions
from pipefy_exports_dagster.sql import literal

from .names import snake_case
from .pinned_values import TextKind, pin
from .text_types import Candidate

if TYPE_CHECKING:
    import duckdb


def pinned_candidate(
    connection: "duckdb.DuckDBPyConnection", header: str, name: str, options: ReadOptions, *, text: TextKind
) -> Candidate | None:
    """Find the type that is pinned for a column, by its name or its original header.

    Raises:
        ConfigurationError: DuckDB has no such type.
    """
    by_name = {snake_case(key): type_ for key, type_ in options.column_types.items()}
    wanted = options.column_types.get(header) or options.column_types.get(name) or by_name.get(name)
    return None if wanted is None else pin(_resolved(connection, name, wanted), options, text)


def check_options(connection: "duckdb.DuckDBPyConnection", options: ReadOptions) -> None:
    """Try types and formats on no value, so that what DuckDB does not take is never taken for the file's fault.

    `ReadOptions` has checked them by lists; this is for another version of DuckDB.

    Raises:
        ConfigurationError: DuckDB does not take one.
    """
    import duckdb

    for column, type_ in options.column_types.items():
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
        ValueDoesNotFitError: With the first row that does not.
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
