"""Reading processes without the imports, which are most of what it costs to read a small file.

A process waits that has imported what the reader needs (`reader_fork_server`). Each reader is forked from it, and runs
the reader's own `main` with the environment, the pipes and the limits that the runner gives it. Only how it was started
differs, so tests of the reader itself start it as a run does, and so does every process that a test starts.
"""

import contextlib
import functools
import os
import sys
from collections.abc import Iterator
from types import TracebackType
from typing import IO, Any, Self

import pytest

from pipefy_exports_dagster.reading import runner
from support.warm_processes import ForkServer, WarmProcess

_START = runner._started


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
    if sys.platform != "linux" or not _fork_server().is_as(environment):
        return _START()

    (asked, ask), (answer, answered), (said, say) = (os.pipe() for _ in range(3))
    process = _fork_server().start(environment, [asked, answered, say])
    for descriptor in (asked, answered, say):
        os.close(descriptor)
    return _Reader(process, ask, answer, said)


class _Reader:
    """What the runner uses of a `subprocess.Popen`."""

    def __init__(self, process: WarmProcess, ask: int, answer: int, said: int) -> None:
        self._process = process
        self.stdin: IO[bytes] = os.fdopen(ask, "wb")
        self.stdout: IO[bytes] = os.fdopen(answer, "rb", buffering=0)
        self.stderr: IO[bytes] = os.fdopen(said, "rb", buffering=0)
        self.pid = process.pid
        self.kill, self.wait = process.kill, process.wait

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for pipe in (self.stdout, self.stderr, self.stdin):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        self.wait()

    @property
    def returncode(self) -> int | None:
        return self._process.returncode


@functools.cache
def _fork_server() -> ForkServer:
    return ForkServer("reader_fork_server", runner._environment())
