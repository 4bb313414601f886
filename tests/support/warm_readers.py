"""Reading processes without the imports, which are most of what it costs to read a small file.

A process waits that has imported what the reader needs (`reader_nursery`). Each reader is forked from it, and runs the
reader's own `main` with the environment, the pipes and the limits that the runner gives it. Only how it was started
differs, so tests of the reader itself start it as a run does, and so does every process that a test starts.
"""

import atexit
import contextlib
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import pytest

from pipefy_exports_dagster.reading import runner

_START = runner._started
_READ_LATER = frozenset({"HOME", "PATH", "TMPDIR", "TZ"})
"""Variables that a process reads when it needs them; all others it reads at its start."""


@contextlib.contextmanager
def warm_readers() -> Iterator[None]:
    """Start readers this way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "_started", _started)
        yield


@contextlib.contextmanager
def cold_readers() -> Iterator[None]:
    """Start readers as a run does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "_started", _START)
        yield


def _started() -> Any:
    environment = runner._environment()
    if sys.platform != "linux" or not _nursery().is_as(environment):
        return _START()
    return _nursery().start(environment)


class _Nursery:
    """The process that waits, as the tests see it."""

    def __init__(self) -> None:
        self._environment = runner._environment()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    str(Path(__file__).with_name("reader_nursery.py")),
                    str(theirs.fileno()),
                ],
                env=self._environment,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._socket, self._lock = ours, threading.Lock()
        atexit.register(self._end)

    def is_as(self, environment: dict[str, str]) -> bool:
        return _read_at_start(environment) == _read_at_start(self._environment)

    def start(self, environment: dict[str, str]) -> "_Reader":
        pipes = [os.pipe() for _ in range(3)]
        (asked, ask), (answer, answered), (said, say) = pipes
        told, tell = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        request = {"environment": environment, "folder": str(Path.cwd()), "umask": _umask()}
        given = [asked, answered, say, tell.fileno()]
        with tell, self._lock:
            socket.send_fds(self._socket, [json.dumps(request).encode()], given)
        for descriptor in given[:3]:
            os.close(descriptor)
        return _Reader(told, ask, answer, said)

    def _end(self) -> None:
        self._socket.close()
        self._process.wait()


class _Reader:
    """What the runner uses of a `subprocess.Popen`."""

    def __init__(self, told: socket.socket, ask: int, answer: int, said: int) -> None:
        self._told = told
        self.stdin: IO[bytes] = os.fdopen(ask, "wb")
        self.stdout: IO[bytes] = os.fdopen(answer, "rb", buffering=0)
        self.stderr: IO[bytes] = os.fdopen(said, "rb", buffering=0)
        self.pid = int(told.recv(64))
        self.returncode: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for pipe in (self.stdout, self.stderr, self.stdin):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        self.wait()
        self._told.close()

    def kill(self) -> None:
        if self.returncode is None and not select.select([self._told], [], [], 0)[0]:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        if self.returncode is None:
            self.returncode = int(self._told.recv(64))
        return self.returncode


@functools.cache
def _nursery() -> _Nursery:
    return _Nursery()


def _read_at_start(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in _READ_LATER}


def _umask() -> int:
    """Return this process's umask, without changing it for a moment: other threads make files."""
    status = Path("/proc/self/status").read_text()
    [mask] = [line.split()[1] for line in status.splitlines() if line.startswith("Umask:")]
    return int(mask, 8)
