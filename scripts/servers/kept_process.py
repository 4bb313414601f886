"""A process that ends when its owner does, even where the owner is killed."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

PATIENCE_S = 120
"""So long may a process take to start or to end on a machine that is slow and busy."""
_KEEPER = Path(__file__).with_name("keeper.py")


class KeptProcess:
    """A command that runs, in a session of its own.

    Args:
        command: What to run.
        environment: All variables that it gets.
        folder: Its working directory.
        log: Where its output goes.
        user: Whom it runs as, where that is not this process's own user.
        goes_with_owner: A folder that is removed if this process is killed.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        log: Path,
        user: str | None = None,
        goes_with_owner: Path | None = None,
    ) -> None:
        arguments = [str(goes_with_owner or ""), str(PATIENCE_S), user or "", *command]
        with log.open("ab") as output:
            self._keeper = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_KEEPER), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                env=dict(environment),
                cwd=folder,
                start_new_session=True,
            )
        self.pid = int(self._keeper.stdout.readline() or 0) if self._keeper.stdout else 0

    @property
    def is_running(self) -> bool:
        return is_alive(self.pid)

    def end(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it by a signal, wait until it has ended, and kill what is left of its process group."""
        with contextlib.suppress(BrokenPipeError, ValueError):
            self._keeper.communicate(str(int(how)).encode())


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits for its keeper does not."""
    if not pid:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self").exists():
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
