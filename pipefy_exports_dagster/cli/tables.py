"""`pipefy-exports tables`."""

from pathlib import Path

import click

from pipefy_exports_dagster.cli.errors import cli_errors
from pipefy_exports_dagster.cli.output import echo_table
from pipefy_exports_dagster.cli.param_types import wait_option
from pipefy_exports_dagster.cli.settings import read_settings
from pipefy_exports_dagster.tables.stores import table_store


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

    A table that the lake has already is left as it is, so the copying can be interrupted and called again.
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
        rows = []
        for copied in copy_tables(database or config.database_path, store, lock_timeout_s=wait_s):
            interruption.committed = True
            rows.append(
                (copied.table, copied.rows, "was there, left as it is" if copied.was_there else "copied")
            )
        echo_table(("table", "rows", ""), rows, empty="there is no table of ours in that file")
