"""Types that the configuration pins: a value that does not fit fails the load."""

import re
from typing import TYPE_CHECKING

from pipefy_exports_dagster.errors import ConfigurationError, ValueDoesNotFitError

from .column_types import VARCHAR, canonical_text
from .names import snake_case
from .options import ReadOptions
from .sql import literal
from .text_types import Candidate, plain_number

if TYPE_CHECKING:
    import duckdb

_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_ ]*(\(\s*\d+\s*(,\s*\d+\s*)?\))?")
_NUMERIC = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DECIMAL\(.*)")
_ZONE_AT_END = r".*[0-9] ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)"


def pinned_candidate(
    connection: "duckdb.DuckDBPyConnection", header: str, name: str, options: ReadOptions
) -> Candidate | None:
    """Find the type that is pinned for a column, by its name or its original header.

    Raises:
        ConfigurationError: DuckDB has no such type.
    """
    by_name = {snake_case(key): type_ for key, type_ in options.column_types.items()}
    wanted = options.column_types.get(header) or options.column_types.get(name) or by_name.get(name)
    return None if wanted is None else _pin(_resolved(connection, name, wanted), options)


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
        if not _TYPE.fullmatch(wanted.strip()):
            raise ConfigurationError(
                f"column {name!r} is pinned as {wanted!r}, which is not a type of DuckDB"
            )
        row = connection.execute(f"SELECT typeof(CAST(NULL AS {wanted}))").fetchone()
    except duckdb.Error as error:
        message = f"column {name!r} is pinned as {wanted!r}, which is not a type of DuckDB"
        raise ConfigurationError(message) from error
    return str(row[0]) if row else wanted


def _pin(type_: str, options: ReadOptions) -> Candidate:
    if type_ == VARCHAR:
        return Candidate(VARCHAR, lambda _text: "true", str, lambda _text: "true")
    if options.date_format and (type_ == "DATE" or type_.startswith("TIMESTAMP")):
        format_ = literal(options.date_format)

        def date(text: str) -> str:
            return f"coalesce(try_strptime({text}, {format_}), TRY_CAST({text} AS TIMESTAMP))"

        return Candidate(
            type_,
            lambda text: f"CAST({date(text)} AS {type_}) = {date(text)}",
            lambda text: f"CAST({date(text)} AS {type_})",
            lambda text: f"CAST(CAST({date(text)} AS {type_}) AS VARCHAR) = {text}",
        )

    def plain(text: str) -> str:
        return plain_number(text, options.decimal_mark) if options.decimal_mark else text

    def cast(text: str) -> str:
        return f"TRY_CAST({plain(text)} AS {type_})"

    def same_text(text: str) -> str:
        return f"{canonical_text(cast(text), type_)} = {text}"

    def fits(text: str) -> str:
        if _NUMERIC.fullmatch(type_):
            # A cast rounds 1.55 to fit DECIMAL(3,1), or 1.5 to fit BIGINT: the number must come back.
            exact = f"TRY_CAST({plain(text)} AS DECIMAL(38,15))"
            return f"(CAST({cast(text)} AS DECIMAL(38,15)) = {exact} OR {same_text(text)})"
        if type_ == "DATE":
            return f"CAST({cast(text)} AS TIMESTAMP) = TRY_CAST({text} AS TIMESTAMP)"
        if type_ == "TIMESTAMP":
            return f"({cast(text)} IS NOT NULL AND NOT regexp_full_match({text}, '{_ZONE_AT_END}'))"
        return f"{cast(text)} IS NOT NULL"

    return Candidate(type_, fits, cast, same_text)
