"""`pipefy-exports query`."""

import sys
from contextlib import AbstractContextManager
from pathlib import Path

import click

from pipefy_exports_dagster.cli.errors import cli_errors
from pipefy_exports_dagster.cli.output import readers_may_leave
from pipefy_exports_dagster.cli.param_types import Size
from pipefy_exports_dagster.cli.progress import Progress
from pipefy_exports_dagster.cli.query.formats import Format, print_rows
from pipefy_exports_dagster.cli.query.reading import (
    ReadOnlyDatabase,
    opened_configured,
    opened_for_reading,
    run_query,
)
from pipefy_exports_dagster.cli.query.statements import one_that_reads
from pipefy_exports_dagster.cli.settings import read_settings
from pipefy_exports_dagster.tables.stores import table_store


# Unknown options are let through, because SQL may begin with a comment: `-- ...`
@click.command(context_settings={"max_content_width": 110, "ignore_unknown_options": True})
@click.argument("sql")
@click.option(
    "--format",
    "format_",
    type=click.Choice([format_.value for format_ in Format]),
    default=Format.TABLE.value,
    show_default=True,
)
@click.option(
    "--database",
    type=click.Path(path_type=Path, readable=False),
    show_default="the read copy, or the database if that is newer",
    help="Another DuckDB file.",
)
@click.option(
    "--max-memory",
    type=Size(),
    show_default="four fifths of what the machine has",
    help="What the query may take of memory; past it, a sort or the like goes on in temporary files.",
)
def query(*, sql: str, format_: str, database: Path | None, max_memory: int | None) -> None:
    """Run one SQL query on the loaded tables, and print its rows.

    It only reads. The SQL is one SELECT (or FROM, WITH, VALUES, PIVOT, DESCRIBE, SUMMARIZE, SHOW), or an EXPLAIN of
    one; anything else is refused before the database is open. No other file is read, and none is written.
    SQL of - is read from standard input. `SHOW TABLES` lists the tables, `DESCRIBE name` a table's columns.

    Rows are printed as they are found, so that a large result needs no memory. In a terminal a table ends after
    1,000 rows, and a row that is too wide is printed line by line.
    """
    with cli_errors(as_json=False, undone=""), readers_may_leave():
        # Whatever does not read is refused before a database is open.
        statement = one_that_reads(sys.stdin.read() if sql == "-" else sql)
        with _opened(database, max_memory) as opened:
            with Progress() as progress:
                progress.show("running the query")
                rows = run_query(opened, statement, as_json=format_ == Format.JSON)
            print_rows(rows, Format(format_))


def _opened(database: Path | None, max_memory: int | None) -> AbstractContextManager[ReadOnlyDatabase]:
    if database:
        return opened_for_reading(database, max_memory=max_memory)
    return opened_configured(
        table_store(read_settings().database_config()),
        on_note=lambda note: click.echo(f"Note: {note}", err=True),
        max_memory=max_memory,
    )
