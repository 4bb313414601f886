"""What ends the command early: one line on stderr, an exit code, and with `--json` an object on stdout.

1 is an error of ours. Ctrl-C and SIGTERM end with 130 and 143, as shells expect. Usage errors are click's: 2.
"""

import errno
import json
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

import click

from pipefy_exports_dagster.cli.text import one_line
from pipefy_exports_dagster.errors import DiskFullError, LoadFailedError, PipefyExportsError

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(slots=True)
class Interruption:
    """Whether a signal ends the command, and whether anything was changed by then.

    `undone` is what did not happen where nothing was, `done` what did where something was.
    """

    undone: str = "nothing was loaded"
    done: str = "the rows were in the table already"
    number: int | None = None
    committed: bool = False

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal; those that follow must not disturb the cleaning up."""
        self.number = number
        for ending in ENDING_SIGNALS:
            signal.signal(ending, signal.SIG_IGN)
        raise KeyboardInterrupt

    @property
    def message(self) -> str:
        """What a person should know."""
        if self.committed:
            return f"interrupted when {self.done}; run the same command again to finish"
        return f"interrupted; {self.undone}" if self.undone else "interrupted"


@contextmanager
def cli_errors(*, as_json: bool, undone: str = "nothing was loaded") -> Iterator[Interruption]:
    """End the command with one line for every error that a person can cause, and for a signal.

    Anything else is a bug of ours, and keeps its traceback.

    Args:
        undone: What such a line says of the command's work; empty for one that changes nothing.
    """
    interruption = Interruption(undone)
    in_main_thread = threading.current_thread() is threading.main_thread()
    previous = {number: signal.signal(number, interruption) for number in ENDING_SIGNALS if in_main_thread}
    try:
        yield interruption
    except click.ClickException:
        raise
    except (Exception, KeyboardInterrupt) as error:
        # DuckDB makes a RuntimeError of the KeyboardInterrupt that ends its query.
        if interruption.number is not None:
            fail("Interrupted", interruption.message, exit_code=128 + interruption.number, as_json=as_json)
        ours = error_of_ours(error, undone)
        if ours is None:
            raise
        fail(type(ours).__name__, str(ours), exit_code=1, as_json=as_json)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def fail(class_: str, message: str, *, exit_code: int, as_json: bool) -> NoReturn:
    """Say what went wrong, and end."""
    if as_json:
        click.echo(json.dumps({"error": {"class": class_, "message": message}}))
    click.echo(f"Error: {one_line(message)}", err=True)
    sys.exit(exit_code)


def error_of_ours(error: BaseException, undone: str = "nothing was loaded") -> PipefyExportsError | None:
    """Return an error as one of ours, None if it is none that a person can cause."""
    if isinstance(error, PipefyExportsError):
        return error
    if not isinstance(error, OSError):
        return None
    where = f"{error.filename}: " if error.filename else ""
    reason = "; ".join(filter(None, (f"{where}{error.strerror or error}", undone)))
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFullError(f"{reason}; free some space and run the command again")
    return LoadFailedError(reason)
