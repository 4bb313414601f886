"""`pipefy-exports tables`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipefy_exports_dagster.cli.errors import cli_errors
from pipefy_exports_dagster.cli.output import echo_table
from pipefy_exports_dagster.cli.param_types import wait_option
from pipefy_exports_dagster.cli.settings import read_settings
from pipefy_exports_dagster.errors import LoadFailedError
from pipefy_exports_dagster.tables.stores import table_store

if TYPE_CHECKING:
    from pipefy_exports_dagster.tables.copying import CopiedTable


@click.command(context_settings={"max_content_width": 110})
@click.option(
    "--maintain",
    is_flag=True,
    help="Forget old snapshots of the lake, merge small files, and delete files that nothing needs any more.",
)
@click.option(
    "--older-than",
    "days",
    type=click.IntRange(1, 3650),
    default=7,
    show_default=True,
    metavar="DAYS",
    help="With --maintain: what is younger stays; a day at least, since loads and readers use it.",
)
@click.option("--copy-to", is_flag=True, help="Take the tables of a DuckDB file into the configured lake.")
@click.option(
    "--database",
    type=click.Path(path_type=Path, readable=False),
    show_default="PIPEFY_EXPORTS_DATABASE",
    help="With --copy-to: the DuckDB file.",
)
@wait_option("How long to wait for a load that writes to the same table.")
def tables(*, maintain: bool, days: int, copy_to: bool, database: Path | None, wait_s: float) -> None:
    """Look after tables in a lake: maintain it, or take a DuckDB file's tables into it.

    A table that the lake has already is counted and left as it is, so the copying can be interrupted and called again.
    It ends with an error if such a table has another number of rows than the file.
    """
    if maintain == copy_to:
        raise click.UsageError("give --maintain or --copy-to")
    with cli_errors(as_json=False, undone="") as interruption:
        config = read_settings().database_config()
        store = table_store(config)
        store.require_lake()
        if maintain:
            interruption.done = "a part of it was done"
            done = store.maintain(days=days, lock_timeout_s=wait_s)
            echo_table(
                ("what", "where", "count"), [(each.what, each.where, each.count) for each in done], empty=""
            )
            return
        from pipefy_exports_dagster.tables.copying import copy_tables

        interruption.done = "some tables were copied"
        source = database or config.database_path
        copied: list[CopiedTable] = []
        for table in copy_tables(source, store, lock_timeout_s=wait_s):
            interruption.committed = True
            copied.append(table)
        echo_table(
            ("table", "rows", "rows in the file", ""),
            [(table.table, table.rows, table.rows_in_file, _said_of(table)) for table in copied],
            empty="there is no table of ours in that file",
        )
        _require_the_same(copied, source, store.catalog)


def _said_of(table: "CopiedTable") -> str:
    if not table.was_there:
        return "copied"
    return "was there" if table.is_the_same else "was there with other rows, left as it is"


def _require_the_same(copied: Sequence["CopiedTable"], source: Path, catalog: str) -> None:
    """Fail where a table was there with another number of rows.

    Raises:
        LoadFailedError: The message names each table, and says what to do.
    """
    others = [table for table in copied if not table.is_the_same]
    if not others:
        return
    named = ", ".join(
        f"{table.table} ({table.rows} rows there, {table.rows_in_file} in {source})" for table in others
    )
    raise LoadFailedError(
        f"the lake had other rows than the file: {named}; they were left as they are. If exports were loaded into "
        f"the lake since, that is as it should be; else drop the table there (DROP TABLE {catalog}.{others[0].table}) "
        "and run the command again"
    )
