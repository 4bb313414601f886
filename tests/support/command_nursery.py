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

from nursery import serve


def _import_all() -> None:
    import duckdb  # noqa: F401
    import httpx  # noqa: F401

    from pipefy_exports_dagster.cli.main import COMMANDS

    for command in COMMANDS.values():  # each is imported when it is called
        importlib.import_module(command.target.partition(":")[0])


def _run(request: dict[str, Any]) -> None:
    """Run what the interpreter would be given, and end as it does."""
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False, buffering=1 if os.isatty(1) else -1)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False, buffering=1)
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


if __name__ == "__main__":
    del sys.path[0]  # this folder: no process has it
    _import_all()
    serve(_run)
