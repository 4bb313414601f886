"""A process that waits with everything imported, as the tests see it: what it is asked for is forked from it."""

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_READ_LATER = frozenset({"HOME", "PATH", "TMPDIR", "TZ"})
"""Variables that a process reads when it needs them; all others it may read at its start."""

_TESTS = str(Path(__file__).parents[1])
_START = "import sys; sys.path.insert(0, {tests!r}); from support import {module} as it; sys.path.pop(0); it.main()"


class ForkServer:
    """The process that waits.

    Args:
        module: Whose `main` runs in it, beside this module.
        environment: What it is started with.
    """

    def __init__(self, module: str, environment: Mapping[str, str]) -> None:
        self._environment = environment
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    _START.format(tests=str(Path(__file__).parents[1]), module=module),
                    str(theirs.fileno()),
                ],
                env=environment,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._socket, self._lock = ours, threading.Lock()
        atexit.register(self._end)

    def is_as(self, environment: Mapping[str, str], is_read_at_start: Callable[[str], bool] = bool) -> bool:
        """Whether what a process reads at its start is what this one was started with."""
        names = {
            name
            for name in environment.keys() | self._environment.keys()
            if name not in _READ_LATER and is_read_at_start(name)
        }
        return all(environment.get(name) == self._environment.get(name) for name in names)

    def start(
        self,
        environment: Mapping[str, str],
        pipes: Sequence[int],
        *,
        folder: Path | None = None,
        umask: int | None = None,
        user: int | None = None,
        group: int | None = None,
        arguments: Sequence[str] = (),
    ) -> "WarmProcess":
        """Fork a process, whose first three descriptors are these pipes; they stay open here."""
        told, tell = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        request = {
            "environment": dict(environment),
            "folder": str(folder or Path.cwd()),
            "umask": _umask() if umask is None else umask,
            "user": user,
            "group": group,
            "arguments": list(arguments),
        }
        with tell, self._lock:
            socket.send_fds(self._socket, [json.dumps(request).encode()], [*pipes, tell.fileno()])
        return WarmProcess(told)

    def _end(self) -> None:
        self._socket.close()
        self._process.wait()


class WarmProcess:
    """What is used of a `subprocess.Popen`."""

    def __init__(self, told: socket.socket) -> None:
        self._told = told
        self.pid = int(told.recv(64))
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self._told], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
            self.returncode = int(self._told.recv(64))
            self._told.close()
        return self.returncode


def _umask() -> int:
    """Return this process's umask, without changing it for a moment: other threads make files."""
    status = Path("/proc/self/status").read_text()
    [mask] = [line.split()[1] for line in status.splitlines() if line.startswith("Umask:")]
    return int(mask, 8)
