import json
import os
import select
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pipefy_exports_dagster
from pipefy_exports_dagster import errors
from pipefy_exports_dagster.errors import LoadFailedError, PipefyExportsError, UnreadableFileError

from .options import ReadOptions
from .staged import StagedTable

_POLL_S = 0.05
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def read_table_file(path: Path, *, folder: Path, options: ReadOptions | None = None) -> StagedTable:
    """Read a file of any kind into a typed Parquet file, in a process of its own.

    Readers of other people's files can abort the interpreter, fill the memory or never end; this
    process only watches.

    Args:
        folder: Scratch folder for the result; the caller removes it when the rows are loaded.

    Raises:
        UnreadableFileError: The file is not a table, or its reader died or passed a limit.
        ValueDoesNotFitError: A value does not fit the pinned type of its column.
        DiskFullError: No space was left in the folder.
    """
    options = options or ReadOptions()
    if not path.is_file():
        raise LoadFailedError(f"{path} does not exist or is not a file")
    request = {
        "path": str(path.absolute()),
        "options": {**asdict(options), "column_types": dict(options.column_types)},
    }
    (folder / "request.json").write_text(json.dumps(request))
    with (folder / "stderr.txt").open("wb") as stderr:
        process = subprocess.Popen(  # noqa: S603  our own interpreter and module
            [sys.executable, "-P", "-m", "pipefy_exports_dagster.loading.child", str(folder.absolute())],
            # The pipes are for their closing: the child's input when we die, its output when it dies.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=_environment(),
        )
    try:
        _watch(process, options)
        return _result(process.wait(), folder)
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


def _environment() -> dict[str, str]:
    """Let the child find this package, however this process found it."""
    home = str(Path(pipefy_exports_dagster.__file__).parent.parent)
    paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def _watch(process: subprocess.Popen[bytes], options: ReadOptions) -> None:
    """Wait for the child to end; end it when it passes a limit."""
    deadline = time.monotonic() + options.max_seconds
    while not select.select([process.stdout], [], [], _POLL_S)[0]:
        if time.monotonic() > deadline:
            raise UnreadableFileError(
                f"reading the file took longer than {options.max_seconds:g} s and was stopped; if it is that large, "
                "raise `max_seconds`",
                detected="a file that takes too long to read",
            )
        if _resident_bytes(process.pid) > options.max_memory_bytes:
            raise UnreadableFileError(
                f"reading the file took more than {options.max_memory_bytes:,} bytes of memory and was stopped; if it is "
                "that large, raise `max_memory_bytes`",
                detected="a file that needs too much memory",
            )


def _resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except FileNotFoundError:
        return _resident_bytes_by_ps(pid)
    except (OSError, IndexError):
        return 0


def _resident_bytes_by_ps(pid: int) -> int:
    """Ask `ps` where there is no /proc (macOS)."""
    asked = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607
    return int(asked.stdout.strip() or 0) * 1024


def _result(exit_code: int, folder: Path) -> StagedTable:
    try:
        result = json.loads((folder / "result.json").read_text())
    except FileNotFoundError:
        said = (folder / "stderr.txt").read_text(errors="replace").strip().splitlines()
        how = f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
        raise UnreadableFileError(
            f"the process that read the file died ({how}{': ' + said[-1][:200] if said else ''}); please report this file",
            detected="a file that its reader dies of",
        ) from None
    if "error" in result:
        raise _error(result["error"])
    return StagedTable.from_json(result["staged"])


def _error(described: dict) -> PipefyExportsError:
    class_: type[PipefyExportsError] = getattr(errors, described["class"], LoadFailedError)
    return class_(described["message"], **described["facts"])
