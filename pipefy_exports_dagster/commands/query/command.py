"""`pipefy-exports query`."""

import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipefy_exports_dagster.commands.output import readers_may_leave
from pipefy_exports_dagster.commands.query.formats import Format, print_rows
from pipefy_exports_dagster.commands.query.reading import opened_configured, opened_for_reading, run_query
from pipefy_exports_dagster.commands.settings import read_settings
from pipefy_exports_dagster.load_command.failures import ended_in_one_line
from pipefy_exports_dagster.load_command.progress import Progress

if TYPE_CHECKING:
    import duckdb


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
def query(*, sql: str, format_: str, database: Path | None) -> None:
    """Run one SQL query on the loaded tables, and print its rows.

    It only reads: no statement that changes anything is run, and no file but the database is opened or written.
    SQL of - is read from standard input. `SHOW TABLES` lists the tables, `DESCRIBE name` a table's columns.

    Rows are printed as they are found, so that a large result needs no memory. In a terminal a table ends after
    1,000 rows, and a row that is too wide is printed line by line.
    """
    text = sys.stdin.read() if sql == "-" else sql
    with (
        ended_in_one_line(as_json=False, undone=""),
        readers_may_leave(),
        opened_for_reading(database) if database else _opened_configured() as connection,
    ):
        with Progress() as progress:
            progress.stage("running the query")
            rows = run_query(connection, text, as_json=format_ == Format.JSON)
        print_rows(rows, Format(format_))


def _opened_configured() -> "AbstractContextManager[duckdb.DuckDBPyConnection]":
    config = read_settings().database_config()
    return opened_configured(
        config.database_path,
        read_copy=config.read_copy,
        on_note=lambda note: click.echo(f"Note: {note}", err=True),
    )
