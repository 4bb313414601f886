"""`pipefy-exports demo`."""

import sys

import click
from rich.console import Console

from pipefy_exports_dagster.cli.demo.run import run_demo
from pipefy_exports_dagster.cli.settings import has_credentials
from pipefy_exports_dagster.config.dotenv import data_dir_of, environment_with_dotenv
from pipefy_exports_dagster.errors import PipefyExportsError

LOG_WIDTH = 120
"""Columns, where the output goes to a file or to CI: the usual 80 would cut the tables."""


@click.command()
def demo() -> None:
    """Load six partitions from a local Pipefy through Dagster into DuckDB, check them, and ask SQL of them.

    Needs no account. Everything stays in the folder sandbox of the data folder; running it again asks the
    local Pipefy for new exports and replaces the slices.
    """
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = LOG_WIDTH
    try:
        environment = environment_with_dotenv()
        given = has_credentials(environment)
        sys.exit(run_demo(console, data_dir=data_dir_of(environment), has_credentials=given))
    except PipefyExportsError as error:
        raise click.ClickException(str(error)) from None
