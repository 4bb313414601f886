"""`pipefy-exports init`."""

import os
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from pipefy_exports_dagster.cli.own_command import own_command
from pipefy_exports_dagster.clock import SystemClock
from pipefy_exports_dagster.config.env_template import env_lines
from pipefy_exports_dagster.config.variables import HISTORY_START
from pipefy_exports_dagster.files.private import OWNERS_FILE
from pipefy_exports_dagster.periods import first_month_in_reach, month_of

ZONE = ZoneInfo("UTC")
"""That of the `.env` that is written."""


@click.command()
def init() -> None:
    """Write a `.env` to fill in, into the working directory, for its owner only.

    The histories begin three months before today, as far as Pipefy reaches back. An existing .env is not touched.
    """
    path = Path.cwd() / ".env"
    text = env_text(first_month_in_reach(month_of(SystemClock().now(), ZONE)))
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNERS_FILE)
    except FileExistsError:
        raise click.ClickException(f"there is {path} already, and it was not touched; fill that in") from None
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    click.echo(
        f"{path} is there, readable by you only. Fill in credentials and PIPEFY_ORG_ID, then:\n"
        f"  {own_command('doctor')}\n"
        f"  {own_command('dev')}"
    )


def env_text(first_month: date) -> str:
    """Return the text of a `.env` to fill in."""
    head = "# Settings, read by pipefy-exports where this file is the .env of the working directory."
    return "\n".join([head, *env_lines({HISTORY_START: f"{first_month:%Y-%m}"})]) + "\n"
