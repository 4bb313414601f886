"""A bar for a person who waits, where it is known how much there is to do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn


@contextmanager
def progress_bar(unit: str, *, quiet: bool = False) -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar on stderr, if that is a terminal.

    Args:
        unit: What is counted, such as `months`.
        quiet: Show nothing.

    Yields:
        A function to call before each part, with what it is, its number and how many there are.
    """
    console = Console(stderr=True)
    columns = [*Progress.get_default_columns()[:-1], MofNCompleteColumn(), TextColumn(unit)]
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("reading the archive", total=None)

        def advance(what: str, number: int, total: int) -> None:
            bar.update(task, description=what, completed=number - 1, total=total)

        yield advance
