"""The text of a `.env` to fill in, made from the table of variables."""

import textwrap
from collections.abc import Mapping

from pipefy_exports_dagster.config.environment import meaning_of
from pipefy_exports_dagster.config.variables import VARIABLES, Variable


def env_lines(filled_in: Mapping[str, str]) -> list[str]:
    """Return a line for each variable that people set first, below its comment.

    Only what is to be filled in is set: `.env` wins over the environment, and should not do so with defaults.

    Args:
        filled_in: Values by variable, in place of the examples.
    """
    return [
        line for variable in VARIABLES if variable.example is not None for line in _entry(variable, filled_in)
    ]


def _entry(variable: Variable, filled_in: Mapping[str, str]) -> list[str]:
    note, value = variable.example_note, filled_in.get(variable.name)
    if variable.section and (not note or note.startswith(" ")):
        note = meaning_of(variable) + note
    # What goes on after a comment's "..." stands right below it.
    lines = textwrap.wrap(note, 118, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
    above = [*([] if note.startswith("...") else [""]), *lines] if note else []
    mark = "# " if value is None and variable.example else ""
    return [*above, f"{mark}{variable.name}={variable.example if value is None else value}"]
