"""Types that the configuration pins: a value that does not fit fails the load."""

import re
from typing import TYPE_CHECKING

from pipefy_exports_dagster.errors import ConfigurationError, ValueDoesNotFitError
from pipefy_exports_dagster.read_options import ReadOptions

from .names import snake_case
from .pinned_values import TextKind, pin
from .text_types import Candidate

if TYPE_CHECKING:
    import duckdb

_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_ ]*(\(\s*\d+\s*(,\s*\d+\s*)?\))?")


class PinnedTypes:
    """The types that are pinned; one candidate for all columns of one kind that are pinned alike."""

    def __init__(self, connection: "duckdb.DuckDBPyConnection", options: ReadOptions) -> None:
        self._connection = connection
        self._options = options
        self._by_name = {snake_case(key): type_ for key, type_ in options.column_types.items()}
        self._candidates: dict[tuple[str, TextKind], Candidate] = {}

    def of(self, header: str, name: str, *, text: TextKind) -> Candidate | None:
        """Find the type that is pinned for a column, by its name or its original header.

        Raises:
            ConfigurationError: DuckDB has no such type.
        """
        given = self._options.column_types
        wanted = given.get(header) or given.get(name) or self._by_name.get(name)
        if wanted is None:
            return None
        if (wanted, text) not in self._candidates:
            type_ = _resolved(self._connection, name, wanted)
            self._candidates[wanted, text] = pin(type_, self._options, text)
        return self._candidates[wanted, text]


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
