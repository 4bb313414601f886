"""What commands print: tables with lines in a terminal and plain columns elsewhere, or JSON."""

import contextlib
import io
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipefy_exports_dagster.text.quoting import printable, shown_json

GAP = "  "


def echo_json(value: Any) -> None:
    """Print one JSON value."""
    click.echo(shown_json(value, indent=2))


def echo_table(header: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """Print rows; what is None stays blank. Numbers are set to the right, and for people in groups of three.

    Args:
        header: The columns' names.
        rows: As many cells in each.
        empty: The sentence to print where there are no rows.
    """
    if not rows:
        click.echo(empty)
        return
    cells = [[_shown(cell, grouped=is_terminal()) for cell in row] for row in rows]
    numeric = [all(isinstance(row[i], int | float | None) for row in rows) for i in range(len(header))]
    if is_terminal():
        table = terminal_table(header, numeric)
        for row in cells:
            table.add_row(*map(Text, row))
        Console(highlight=False).print(table)
        return
    for line in plain_lines([header, *cells], numeric):
        click.echo(line)


def terminal_table(header: Sequence[str], to_the_right: Sequence[bool], *, widest: int = 0) -> Table:
    """Return a table without rows; long cells go on in the next line, a header not before it is so wide."""
    table = Table()
    for name, right in zip(header, to_the_right, strict=True):
        table.add_column(
            Text(name),
            justify="right" if right else "left",
            overflow="fold",
            min_width=min(len(name), widest) or None,
        )
    return table


def plain_lines(
    first: Sequence[Sequence[str]], to_the_right: Sequence[bool], rest: Iterable[Sequence[str]] = ()
) -> Iterator[str]:
    """Yield rows as lines with columns as wide as the first rows need; a wider cell pushes the rest of its line."""
    widths = [max(map(len, column)) for column in zip(*first, strict=True)]
    for row in chain(first, rest):
        padded = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, to_the_right, strict=True)
        )
        yield GAP.join(padded).rstrip()


def is_terminal() -> bool:
    """Whether a person looks at stdout, rather than a file or another program."""
    return sys.stdout.isatty()


@contextmanager
def readers_may_leave() -> Iterator[None]:
    """Let whoever reads stdout, such as `head`, stop reading: that is no error."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # not every terminal can show every text
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        with contextlib.suppress(OSError):
            # Else the interpreter fails once more when it flushes at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _shown(cell: object, *, grouped: bool) -> str:
    if cell is None:
        return ""
    is_count = isinstance(cell, int) and not isinstance(cell, bool)
    return f"{cell:,}" if grouped and is_count else printable(str(cell))
