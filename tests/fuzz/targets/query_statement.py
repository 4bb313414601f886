"""SQL of `pipefy-exports query`: refused in one line, or run, and no byte of the folder is another one."""

import atexit
import tempfile
import threading
from pathlib import Path

import duckdb

from fuzz.frame import mutated, require_one_line, seeds
from pipefy_exports_dagster.cli.query.reading import ReadOnlyDatabase, opened_for_reading, run_query
from pipefy_exports_dagster.cli.query.statements import one_that_reads
from pipefy_exports_dagster.errors import PipefyExportsError

LONGEST_S = 1.0
WORDS = tuple(
    f" {word} ".encode()
    for word in (
        *("SELECT", "FROM t", "EXPLAIN", "ANALYZE", "(FORMAT json)", "COPY t TO '{db}' (USE_TMP_FILE false)"),
        *(
            "DESCRIBE",
            "SUMMARIZE",
            "SHOW",
            "PIVOT t ON a USING sum(b)",
            "WITH x AS (",
            ")",
            ";",
            "--",
            "/*",
            "*/",
        ),
        *(
            "$$",
            "query($$",
            "read_text('{db}')",
            "'{db}'",
            "PREPARE p AS",
            "IMPORT DATABASE '{folder}'",
            "PRAGMA",
        ),
        *(
            "enable_profiling(format = 'json', save_location = '{db}')",
            "INSERT INTO t",
            "CREATE TABLE x AS",
            "SET",
        ),
    )
)

examples = mutated(seeds("query_statement"), words=WORDS)

_folder = tempfile.TemporaryDirectory(prefix="fuzz-query-")
atexit.register(_folder.cleanup)
_database = Path(_folder.name, "pipefy.duckdb")
with duckdb.connect(_database) as _connection:
    _connection.execute("CREATE TABLE t AS SELECT range AS a, range AS b FROM range(20)")


def _content() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in Path(_folder.name).rglob("*") if path.is_file()}


_before = _content()


def _interrupt(opened: ReadOnlyDatabase) -> None:
    # A query that is run again has another connection.
    opened.connection.interrupt()


def check(example: bytes) -> None:
    """Ask it as the command does; what runs long is interrupted, as by Ctrl-C."""
    text = example.decode(errors="surrogateescape")
    text = text.replace("{db}", str(_database)).replace("{folder}", _folder.name)
    try:
        statement = one_that_reads(text)
        with opened_for_reading(_database, max_memory=200_000_000) as opened:
            ending = threading.Timer(LONGEST_S, _interrupt, [opened])
            ending.start()
            try:
                for _ in zip(run_query(opened, statement, as_json=True).batches, range(3), strict=False):
                    pass
            finally:
                ending.cancel()
    except PipefyExportsError as error:
        require_one_line(error)
    assert _content() == _before, "the folder is another one"
