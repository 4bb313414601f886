"""The process that waits, with all that a reader imports, and is forked for each reader: see `warm_readers`."""

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any

from pipefy_exports_dagster.reading import kernel_limits, worker

_MOST_BYTES = 1 << 17


def main() -> None:
    """Wait on the socket that is named."""
    _import_all()
    _serve(socket.socket(fileno=int(sys.argv[1])))


def _import_all() -> None:
    hidden = worker._NoPandas()
    sys.meta_path.insert(0, hidden)
    import duckdb  # noqa: F401
    import numpy as np  # noqa: F401
    import pyarrow.compute as pc  # noqa: F401
    import pyarrow.dataset as ds  # noqa: F401

    import pipefy_exports_dagster.reading.csv.reader
    import pipefy_exports_dagster.reading.staging
    import pipefy_exports_dagster.reading.unwrapping
    import pipefy_exports_dagster.reading.xlsx.reader  # noqa: F401

    sys.meta_path.remove(hidden)
    gc.freeze()


def _serve(requests: socket.socket) -> None:
    """Fork a reader for each request, and tell how it ended, until the other end is closed."""
    awake, wake = os.pipe()
    for end in (awake, wake):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    readers: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([requests.fileno(), awake], [], [])
        if awake in ready:
            os.read(awake, 4096)
            _tell_who_ended(readers)
        if requests.fileno() not in ready:
            continue
        message, descriptors, _, _ = socket.recv_fds(requests, _MOST_BYTES, 4)
        if not message:
            os._exit(0)
        *pipes, tell = descriptors
        told = socket.socket(fileno=tell)
        if pid := os.fork():
            readers[pid] = told
            told.send(str(pid).encode())
            for pipe in pipes:
                os.close(pipe)
        else:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for inherited in (requests, told, *readers.values()):
                inherited.close()
            _read(json.loads(message), pipes)


def _tell_who_ended(readers: dict[int, socket.socket]) -> None:
    while readers:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with readers.pop(pid) as told, contextlib.suppress(BrokenPipeError):
            told.send(str(os.waitstatus_to_exitcode(status)).encode())


def _read(request: dict[str, Any], pipes: list[int]) -> None:
    """Be a reader."""
    for number, pipe in enumerate(pipes):
        os.dup2(pipe, number)
        os.close(pipe)
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    os.umask(request["umask"])
    os.chdir(request["folder"])
    # Its parent is the process that waits, which ends with the tests.
    die_with, parent = kernel_limits.die_with, os.getppid()
    kernel_limits.die_with = lambda _: die_with(parent)  # type: ignore[assignment]
    worker.main()


if __name__ == "__main__":
    main()
