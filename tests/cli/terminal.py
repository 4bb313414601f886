"""A terminal of 80 columns, and what a person sees in it."""

import os
import pty
import re
import subprocess
import threading
from dataclasses import dataclass

from cli.shell import PIPEFY_EXPORTS, Shell
from support.waiting import PATIENCE_S

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
    with subprocess.Popen(
        [PIPEFY_EXPORTS, *arguments],
        env=shell.environment | {"COLUMNS": "80", "TERM": "xterm", "NO_COLOR": "1"},
        cwd=shell.project.root,
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=terminal if both else subprocess.PIPE,
    ) as process:
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
        errors = process.stderr.read() if process.stderr else b""
        exit_code = process.wait(PATIENCE_S)
        reader.join()
        os.close(controller)
    return Seen(exit_code, _STYLE.sub("", seen.decode()), errors.decode())
