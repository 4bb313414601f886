"""Limits of the reading process that the kernel enforces, even while a library computes and no Python code runs."""

import ctypes
import os
import signal
import sys
import threading

_PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""
_GRACE_S = 1


def die_with(parent: int) -> None:
    """End this process when its parent ends; at once if the parent has ended already.

    On Linux the kernel does it, when the thread that started this process ends: `runner.py` waits in that thread.
    Elsewhere (macOS) a thread of this process waits for the end of standard input, which needs the interpreter.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(3)
    else:
        threading.Thread(target=_die_with_input, daemon=True).start()


def limit_cpu(seconds: float) -> None:
    """End this process after `seconds` times the number of cores of CPU time; a second later with SIGKILL.

    The process writes no core file: it would hold values of the file.
    """
    import resource  # not on Windows

    soft = max(1, round(seconds * (os.cpu_count() or 1)))
    hard = _at_most(soft + _GRACE_S, resource.getrlimit(resource.RLIMIT_CPU)[1])
    resource.setrlimit(resource.RLIMIT_CPU, (min(soft, hard), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _at_most(value: int, hard: int) -> int:
    return value if hard < 0 else min(value, hard)  # RLIM_INFINITY is -1


def _die_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(3)
