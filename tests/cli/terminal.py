"""A terminal of 80 columns, and what a person sees in it."""

import os
import pty
import re
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from cli.shell import Shell
from support.waiting import PATIENCE_S
from support.warm_commands import PIPEFY_EXPORTS, start_warm

_STYLE = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a command showed: `shown` in the terminal, without colours; `errors` is stderr, which is a pipe."""

    exit_code: int
    shown: str
    errors: str


def seen_in_terminal(shell: Shell, *arguments: str, both: bool = False) -> Seen:
    """Run a command in a terminal.

    Args:
        both: stderr is the terminal as well, as where nothing is redirected.
    """
    controller, terminal = pty.openpty()
    with Path(os.devnull).open("rb") as nothing, tempfile.TemporaryFile() as errors:
        process = start_warm(
            PIPEFY_EXPORTS,
            *arguments,
            environment=shell.environment | {"COLUMNS": "80", "TERM": "xterm", "NO_COLOR": "1"},
            folder=shell.project.root,
            pipes=[nothing.fileno(), terminal, terminal if both else errors.fileno()],
        )
        os.close(terminal)
        seen = bytearray()

        def read() -> None:
            while True:
                try:
                    seen.extend(os.read(controller, 1 << 16))
                except OSError:  # the other end is closed
                    return

        reader = threading.Thread(target=read)
        reader.start()
        try:
            exit_code = process.wait(PATIENCE_S)
        finally:
            process.kill()
        reader.join()
        os.close(controller)
        errors.seek(0)
        return Seen(exit_code, _STYLE.sub("", seen.decode()), errors.read().decode())
