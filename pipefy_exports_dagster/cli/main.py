"""`pipefy-exports`: each command is imported when it is run, so that none waits for another's imports."""

import importlib
import logging
from typing import NamedTuple

import click


class LazyCommand(NamedTuple):
    """Where a command is defined, and its line in the list of commands."""

    target: str
    summary: str


_HERE = "pipefy_exports_dagster"
COMMANDS = {
    "demo": LazyCommand(
        f"{_HERE}.cli.demo.demo:demo", "Load a local Pipefy's exports into DuckDB, and query them."
    ),
    "init": LazyCommand(f"{_HERE}.cli.init:init", "Write a .env to fill in."),
    "doctor": LazyCommand(
        f"{_HERE}.cli.doctor.doctor:doctor", "Check settings, credentials, reports and database."
    ),
    "organizations": LazyCommand(
        f"{_HERE}.cli.organizations:organizations", "List the organizations that the credentials see."
    ),
    "reports": LazyCommand(
        f"{_HERE}.cli.reports:reports", "List the saved reports, or show the columns of one."
    ),
    "pipes": LazyCommand(f"{_HERE}.cli.pipes:pipes", "List an organization's pipes."),
    "notify": LazyCommand(
        f"{_HERE}.cli.notify:notify", "List who is told of failures; with --test, send them a message."
    ),
    "dev": LazyCommand(f"{_HERE}.cli.dev:dev", "Run the Dagster UI, on your account or the sandbox."),
    "exports": LazyCommand(
        f"{_HERE}.cli.exports:exports", "List pending and past exports, from Dagster's event log."
    ),
    "query": LazyCommand(
        f"{_HERE}.cli.query.query:query", "Run SQL on the loaded tables, without changing anything."
    ),
    "load": LazyCommand(
        f"{_HERE}.cli.load.load:load",
        "Load a file that is here already, such as an export from an e-mail.",
    ),
    "rebuild-history": LazyCommand(
        f"{_HERE}.cli.rebuild_history:rebuild_history",
        "Build every month of the history from the raw files.",
    ),
    "prune": LazyCommand(f"{_HERE}.cli.prune:prune", "Delete raw files that nothing needs any more."),
    "tables": LazyCommand(
        f"{_HERE}.cli.tables:tables", "Maintain tables in a lake, or take a DuckDB file's into one."
    ),
    "instance": LazyCommand(
        f"{_HERE}.cli.instance:instance", "Prepare the Dagster instance, and print its folder."
    ),
    "sandbox": LazyCommand(f"{_HERE}.cli.sandbox:sandbox", "Run a local Pipefy with made-up data."),
}


class LazyGroup(click.Group):
    """A group whose list of commands needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Name the commands, in the order in which people need them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command that is to be run."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.summary) for name, command in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Keep an organization's Pipefy exports in DuckDB.

    Settings come from the environment and from the file .env in the working directory.

    Exit codes: 0 done; 1 an error, in one line; 2 wrong usage; 130 Ctrl-C.
    """
    # That a load waits for the database is for a run's log. A command shows its progress, and its errors in one line.
    logging.getLogger(f"{_HERE}.tables").addHandler(logging.NullHandler())
