"""`pipefy-exports`: each command is imported when it is run, so that none waits for another's imports."""

import importlib
from typing import NamedTuple

import click


class LazyCommand(NamedTuple):
    """Where a command is defined, and its line in the list of commands."""

    target: str
    summary: str


COMMANDS = {
    "demo": LazyCommand(
        "pipefy_exports_dagster.demo.command:demo",
        "Load a local Pipefy's exports into DuckDB, and query them.",
    ),
    "dev": LazyCommand(
        "pipefy_exports_dagster.commands.dev:dev", "Run the Dagster UI, on your account or the sandbox."
    ),
    "load": LazyCommand(
        "pipefy_exports_dagster.load_command.command:load",
        "Load a file that is here already, such as an export from an e-mail.",
    ),
    "rebuild-history": LazyCommand(
        "pipefy_exports_dagster.commands.rebuild_history:rebuild_history",
        "Build every month of the history from the raw files.",
    ),
    "instance": LazyCommand(
        "pipefy_exports_dagster.instance:instance", "Prepare the Dagster instance, and print its folder."
    ),
    "sandbox": LazyCommand(
        "pipefy_exports_dagster.sandbox.command:sandbox", "Run a local Pipefy with made-up data."
    ),
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
    """Keep an organization's Pipefy exports in DuckDB."""
