"""The process that waits, with all that a command imports, and is forked for each command: see `warm_commands`."""

import atexit
import importlib
import os
import runpy
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipefy_exports_dagster.cli.main import COMMANDS
from support.fork_server import serve

_IMPORTED = (
    "dagster._cli",
    "dagster._core.storage.event_log",
    "dagster._core.storage.sqlite_storage",
    "dagster_dg_cli.cli",
    "duckdb",
    "httpx",
    "pipefy_exports_dagster.orchestration.build",
    *(command.target.partition(":")[0] for command in COMMANDS.values()),
)
"""Commands import most of it when they are called."""


def main() -> None:
    """Wait on the socket that is named."""
    for module in _IMPORTED:
        importlib.import_module(module)
    serve(_run)


def _run(request: dict[str, Any]) -> None:
    """Run what the interpreter would be given, and end as it does."""
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False, buffering=1 if os.isatty(1) else -1)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False, buffering=1)
    sys.path[:0] = [folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder]
    status = 0
    try:
        _interpret(*request["arguments"])
    except SystemExit as ended:
        status = _status_of(ended.code)
    except BaseException:  # noqa: BLE001 - as the interpreter does
        traceback.print_exc()
        status = 1
    with suppress(Exception):
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            status = status or 120
    os._exit(status)


def _interpret(first: str, *rest: str) -> None:
    if first == "-m":
        module, *arguments = rest
        sys.argv = [module, *arguments]
        sys.path.insert(0, str(Path.cwd()))
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    elif first == "-c":
        code, *arguments = rest
        sys.argv = ["-c", *arguments]
        sys.path.insert(0, "")
        exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102 - a test's own
    else:
        sys.argv = [first, *rest]
        runpy.run_path(first, run_name="__main__")


def _status_of(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)  # noqa: T201 - as the interpreter does
    return 1
