"""A process that waits with everything imported, and is forked for each process that a test asks it for.

This is what runs in it; `warm_processes` is the tests' side. It says over a socket which process was forked, and how it
ended.
"""

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

_MOST_BYTES = 1 << 17


def serve(live: Callable[[dict[str, Any]], None]) -> None:
    """Fork a process for each request, until the other end of the socket that is named is closed.

    Args:
        live: Called in the process, with what was asked for; it has the environment, the pipes, the folder, the umask
            and the user that were given.
    """
    gc.freeze()
    requests = socket.socket(fileno=int(sys.argv[1]))
    awake, wake = os.pipe()
    for end in (awake, wake):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    living: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([requests.fileno(), awake], [], [])
        if awake in ready:
            os.read(awake, 4096)
            _tell_who_ended(living)
        if requests.fileno() not in ready:
            continue
        message, descriptors, _, _ = socket.recv_fds(requests, _MOST_BYTES, 4)
        if not message:
            os._exit(0)
        *pipes, tell = descriptors
        told = socket.socket(fileno=tell)
        if pid := os.fork():
            living[pid] = told
            told.send(str(pid).encode())
            for pipe in pipes:
                os.close(pipe)
        else:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(awake)
            os.close(wake)
            for inherited in (requests, told, *living.values()):
                inherited.close()
            request = json.loads(message)
            _become(request, pipes)
            live(request)


def _tell_who_ended(living: dict[int, socket.socket]) -> None:
    while living:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with living.pop(pid) as told, contextlib.suppress(BrokenPipeError):
            told.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(request: dict[str, Any], pipes: list[int]) -> None:
    """Take on what a new process is given."""
    for number, pipe in enumerate(pipes):
        os.dup2(pipe, number)
    for pipe in pipes:
        if pipe > 2:
            os.close(pipe)
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    os.setpgid(0, 0)  # as a shell starts a command: a signal to its group reaches nobody else
    os.umask(request["umask"])
    os.chdir(request["folder"])
    if request["user"]:
        os.setgroups([])
        os.setgid(request["group"])
        os.setuid(request["user"])
