"""Limits of the process that reads, which the kernel keeps: also while a library computes and no Python runs."""

import ctypes
import os
import resource
import signal
import sys
import threading

_PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""
_GRACE_S = 1


def die_with(parent: int) -> None:
    """End this process when its parent does; at once where that has happened already.

    On Linux the kernel does it, when the thread ends that started this process: `runner.py` waits in that thread.
    Elsewhere (macOS) a thread here waits for the end of standard input, which needs the interpreter.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(3)
    else:
        threading.Thread(target=_die_with_input, daemon=True).start()


def limit_cpu(seconds: float) -> None:
    """End this process when it has computed for so long, on all cores together; a second later without mercy.

    There are no core files: they would hold values of the file.
    """
    soft = max(1, round(seconds * (os.cpu_count() or 1)))
    hard = _at_most(soft + _GRACE_S, resource.getrlimit(resource.RLIMIT_CPU)[1])
    resource.setrlimit(resource.RLIMIT_CPU, (min(soft, hard), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _at_most(value: int, hard: int) -> int:
    return value if hard == resource.RLIM_INFINITY else min(value, hard)


def _die_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(3)
