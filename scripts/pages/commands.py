"""Every command with its arguments and options, as its help says them."""

import inspect
import re
from collections.abc import Iterator

import click
from pages.markdown import code, table

from pipefy_exports_dagster.cli.main import main
from pipefy_exports_dagster.sandbox.faults import FAULTS
from pipefy_exports_dagster.sandbox.operations import Operation


def command_sections() -> str:
    return "\n\n".join(_section(f"pipefy-exports {name}", command) for name, command in commands())


def commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command, f"{name} is listed, and is no command"
        yield name, command


def faults_table() -> str:
    """Return what the sandbox can be told to do wrong."""
    rows = []
    for fault in FAULTS.values():
        everywhere = fault.operations == frozenset(Operation)
        operations = "any" if everywhere else ", ".join(op for op in Operation if op in fault.operations)
        argument = f"{fault.argument.meaning} ({fault.argument.default})" if fault.argument else ""
        rows.append([code(fault.name), operations, fault.description, argument])
    return table(("fault", "of", "what happens", "argument"), rows)


def _section(title: str, command: click.Command) -> str:
    """Return a command's help; click's own layout differs between its versions."""
    assert command.help, f"{title} has no help"
    parts = [f"### {title}", *map(_paragraph, inspect.cleandoc(command.help).split("\n\n"))]
    arguments = [param for param in command.params if isinstance(param, click.Argument)]
    options = [param for param in command.params if isinstance(param, click.Option)]
    if arguments:
        listed = ", ".join(code(param.human_readable_name) for param in arguments)
        parts.append(f"Takes {listed}.")
    if options:
        parts.append(table(("option", "default", "meaning"), [_row(option, command) for option in options]))
    return "\n\n".join(parts)


def _paragraph(text: str) -> str:
    if text.startswith("\b"):  # lines that click leaves as they are
        return "```text\n" + text.removeprefix("\b").strip("\n") + "\n```"
    return " ".join(text.split())


def _row(option: click.Option, command: click.Command) -> list[str]:
    names = " / ".join([*option.opts, *option.secondary_opts])
    takes = "" if option.is_flag else f" {_takes(option)}"
    return [code(names + takes), _default(option, command), option.help or ""]


def _takes(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return "|".join(map(str, option.type.choices))
    return option.metavar or re.sub(r" range$", "", option.type.name).upper()


def _default(option: click.Option, command: click.Command) -> str:
    shown = option.show_default
    if isinstance(shown, str):
        return shown
    if not (shown or command.context_settings.get("show_default")):
        return ""
    value = option.default  # a mark of click's own where there is none
    if isinstance(value, bool):
        return code(str(value).lower())
    return code(str(value)) if isinstance(value, str | int | float) else ""
