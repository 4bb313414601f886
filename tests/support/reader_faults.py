"""Trouble of the machine for the process that reads files, and for no other: limits, signals, refusals."""

from pathlib import Path

import pytest

_ONLY_THE_READER = """
import sys
if "pipefy_exports_dagster.reading.worker" in sys.orig_argv:
    {code}
"""
_LIMIT = "import resource; resource.setrlimit(resource.RLIMIT_{name}, ({value}, {value}))"
_SIGNAL = (
    "import os, signal, threading; "
    "timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.{name})); timer.daemon = True; timer.start()"
)
_REFUSAL = (
    "sys.addaudithook(lambda event, args: (_ for _ in ()).throw(OSError({number}, 'refused')) "
    "if event == 'open' and str(args[0]).endswith(('.csv', '.xlsx')) else None)"
)
_FAULT = _REFUSAL.replace("OSError({number}, 'refused')", "KeyError('a value of the file')")

READER_FAULTS = {
    "no memory": (_LIMIT.format(name="AS", value=300_000_000), "ReadLimitError", "memory"),
    "a limit of file sizes": (_LIMIT.format(name="FSIZE", value=100), "ReaderFailedError", "ulimit -f"),
    "a limit of open files": (_LIMIT.format(name="NOFILE", value=5), "ReaderFailedError", "ulimit -n"),
    "a limit of open files at its start": (
        _LIMIT.format(name="NOFILE", value=4),
        "ReaderFailedError",
        "ulimit -n",
    ),
    "killed": (_SIGNAL.format(name="SIGKILL"), "ReadLimitError", "was killed"),
    "segmentation fault": (_SIGNAL.format(name="SIGSEGV"), "ReaderFailedError", "signal 11"),
    "bus error": (_SIGNAL.format(name="SIGBUS"), "ReaderFailedError", "signal 7"),
    "aborted": (_SIGNAL.format(name="SIGABRT"), "ReaderFailedError", "signal 6"),
    "ended early": ("import os; os._exit(9)", "ReaderFailedError", "exit code 9"),
    "quota": (_REFUSAL.format(number="122"), "DiskFullError", "quota"),
    "disk error": (_REFUSAL.format(number="5"), "ReaderFailedError", "machine's log"),
    "read-only": (_REFUSAL.format(number="30"), "ReaderFailedError", "read-only"),
    "not permitted": (_REFUSAL.format(number="13"), "ReaderFailedError", "the right to"),
    "a fault of ours": (_FAULT, "ReaderFailedError", "KeyError in reading/"),
}
"""What befalls the process: Python that it runs first, the error's class, and what its message says."""


def inject(folder: Path, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each process that reads files from now on run some Python first."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_ONLY_THE_READER.format(code=code))
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=":")
