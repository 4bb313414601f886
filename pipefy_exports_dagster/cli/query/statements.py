"""One statement that reads: decided from what DuckDB's parser makes of it, before any database is open."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipefy_exports_dagster.cli.query.refusals import refused
from pipefy_exports_dagster.errors import QueryRefusedError

if TYPE_CHECKING:
    import duckdb

CLOSED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    # Or a table's name may mean a variable of this program.
    "python_enable_replacements": False,
    "lock_configuration": True,
}
"""The configuration of a connection that has no file but its own, and no network."""

_QUERY = "SELECT"
_OF_THE_SESSION = frozenset(
    {
        "checkpoint",
        "disable_logging",
        "disable_profiling",
        "enable_logging",
        "enable_profiling",
        "force_checkpoint",
        "truncate_duckdb_logs",
        "write_log",
    }
)
"""Functions that read nothing, and write a log, a profile or the database, from within a SELECT."""
_OF_OTHER_SQL = frozenset({"query", "json_execute_serialized_sql"})
"""Functions whose text is SQL, which is parsed when they run."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement that reads.

    Attributes:
        sql: Its text.
        is_read_whole: Each function in it is known by its name; none runs other SQL.
        functions: The functions that it calls; None where DuckDB does not say.
    """

    sql: str
    is_read_whole: bool
    functions: frozenset[str] | None = None

    def refuse_functions(self, forbidden: frozenset[str]) -> None:
        """Refuse a statement that calls a function, or may call it.

        Raises:
            QueryRefusedError: It does.
        """
        if not forbidden:
            return
        called = self.functions or frozenset()
        if self.functions is None or called & _OF_OTHER_SQL:
            # Nobody says what is called: then no such name may be in the text, nor what builds or hides one.
            text = self.sql.lower()
            called |= {name for name in forbidden | _OF_OTHER_SQL if name in text}
            forbidden |= _OF_OTHER_SQL
        if refused_names := sorted(called & forbidden):
            raise QueryRefusedError(
                f"{refused_names[0]}() does more than read these tables, or may: this command only reads. Use a "
                "DuckDB client"
            )


def one_that_reads(sql: str) -> Statement:
    """Return what is one SELECT, or an EXPLAIN of one; refuse everything else.

    To DuckDB's parser FROM, VALUES, TABLE, WITH, DESCRIBE, SUMMARIZE, SHOW, UNPIVOT and the PRAGMAs that return a
    table are SELECTs. PIVOT is several statements, of which the last one is.

    Args:
        sql: Any text.

    Raises:
        QueryRefusedError: It is another statement, or several, or none, or DuckDB's parser refuses it.
    """
    import duckdb

    if "\0" in sql:
        # DuckDB would end there, and run what is before it.
        raise QueryRefusedError("the SQL holds a NUL character; take it out")
    try:
        sql.encode()
    except UnicodeEncodeError:
        raise QueryRefusedError("the SQL holds bytes that are no UTF-8; take them out") from None
    # Its parser expands some statements, such as IMPORT DATABASE by the files that it names. Here it has none.
    with duckdb.connect(config=CLOSED) as parser:
        kind = _kind(parser, sql)
        if kind == "EXPLAIN":
            inner = _explained(parser, sql)
            kind = _QUERY if inner == _QUERY else f"EXPLAIN of {inner}"
        if kind != _QUERY:
            raise QueryRefusedError(
                f"{kind} is no query: this command only reads. Use a DuckDB client to write"
            )
        names = _function_names(parser, sql)
    for name in names or ():
        if name in _OF_THE_SESSION:
            raise QueryRefusedError(f"{name}() reads nothing: this command only reads. Use a DuckDB client")
    return Statement(
        sql,
        is_read_whole=names is not None and not names & _OF_OTHER_SQL,
        functions=None if names is None else frozenset(names),
    )


def _kind(parser: "duckdb.DuckDBPyConnection", sql: str) -> str:
    """Return what one statement is to the parser: SELECT, EXPLAIN, COPY, ..."""
    import duckdb

    try:
        statements = parser.extract_statements(sql)
    except duckdb.PermissionException:
        return "IMPORT DATABASE"
    except (duckdb.Error, UnicodeDecodeError) as error:
        raise refused(error) from None
    if not statements:
        raise QueryRefusedError("there is no SQL; give a SELECT")
    # A PIVOT makes types of the values first, wherever in the statement it is. Nobody wrote those: they have no text.
    if any(each.query for each in statements[:-1]):
        written = [each for each in statements if each.query or each.type.name != "CREATE"]
        raise QueryRefusedError(f"these are {len(written)} statements; give one")
    kinds = [each.type.name.replace("_", " ") for each in statements]
    return kinds[-1] if set(kinds[:-1]) <= {"CREATE"} else " and ".join(dict.fromkeys(kinds))


def _explained(parser: "duckdb.DuckDBPyConnection", sql: str) -> str:
    """Return what follows EXPLAIN and its options: the first rest that is a statement, as no part of the options is."""
    import duckdb

    content = sql.encode()
    for offset, _ in duckdb.tokenize(sql)[1:]:
        with contextlib.suppress(QueryRefusedError):
            return _kind(parser, content[offset:].decode())
    return "nothing"


def _function_names(parser: "duckdb.DuckDBPyConnection", sql: str) -> "set[str] | None":
    """Return the functions that a statement calls, or None where DuckDB does not say: a PIVOT or PRAGMA."""
    parsed = parser.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()
    tree = json.loads(parsed[0]) if parsed else {"error": True}
    return None if tree["error"] else {name.lower() for name in _named(tree, "function_name")}


def _named(tree: Any, key: str) -> Iterator[str]:
    waiting = [tree]
    while waiting:
        match waiting.pop():
            case dict() as node:
                if isinstance(name := node.get(key), str):
                    yield name
                waiting.extend(node.values())
            case list() as nodes:
                waiting.extend(nodes)
