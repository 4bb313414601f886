import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pipefy_exports_dagster
from pipefy_exports_dagster import errors
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import (
    LoadFailedError,
    PipefyExportsError,
    ReaderFailedError,
    ReadLimitError,
)
from pipefy_exports_dagster.files.posix import require_posix

from .limits import limit_reached
from .machine_errors import KEPT, described_end, of_machine
from .redaction import redact_values
from .staged import StagedTable

_POLL_S = 0.05
_NEEDED = frozenset(
    {
        "HOME",
        "LANG",
        "LANGUAGE",
        "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH",
        "PATH",
        "TMPDIR",
        "TZ",
        "VIRTUAL_ENV",
    }
)
_NEEDED_PREFIXES = ("LC_", "PYTHON")
"""Variables by which Python and its libraries are found, and that set how they write text and times."""


def read_table_file(path: Path, *, folder: Path, options: ReadOptions | None = None) -> StagedTable:
    """Read a file of any kind into a typed Parquet file, in a separate process.

    Reading untrusted files can abort the interpreter, fill the memory or never end; this process only watches.

    Args:
        folder: Scratch folder for the result; the caller removes it when the rows are loaded.

    Raises:
        UnreadableFileError: The file is not a table.
        ReadLimitError: A limit on memory, time or size was exceeded; the file may be fine.
        ConfigurationError: DuckDB rejects a setting for the file, such as a pinned type.
        ValueDoesNotFitError: A value does not fit the pinned type of its column.
        DiskFullError: No space was left in the folder.
        ReaderFailedError: The machine refused something, or the worker died; that says nothing about the file.
    """
    require_posix("reading a file")
    options = options or ReadOptions()
    if not path.is_file():
        raise LoadFailedError(f"{path} does not exist or is not a file")
    process = _started()
    with process:
        try:
            plain = asdict(replace(options, column_types=dict(options.column_types)))
            request = {"path": str(path.absolute()), "folder": str(folder.absolute()), "options": plain}
            _ask(process, request | {"parent": os.getpid()})
            # The caller loads the file next; the import takes no extra time while the worker starts.
            import duckdb  # noqa: F401

            answer, said = _watch(process, options)
        finally:
            process.kill()
    with redact_values(hidden=not options.show_values):
        staged = _result(answer, said, process.returncode, options)
    return staged if options.show_values else replace(staged, preview=())


def _started() -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "pipefy_exports_dagster.reading.worker"],
            # Pipes, not files: the worker must be able to report a full disk.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
        )
    except OSError as error:
        raise _error(of_machine(error.errno or 0)) from None


def _environment() -> dict[str, str]:
    """Return the worker's environment: what it needs to start, and no secret, since it reads untrusted bytes.

    The worker imports the same copy of this package as this process.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _NEEDED or name.startswith(_NEEDED_PREFIXES)
    }
    home = str(Path(pipefy_exports_dagster.__file__).parent.parent)
    paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
    # OpenBLAS, numpy's unused library for linear algebra, would start a thread for each core.
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"}


def _ask(process: subprocess.Popen[bytes], request: dict[str, Any]) -> None:
    assert process.stdin is not None  # noqa: S101  it is a pipe
    with contextlib.suppress(BrokenPipeError):  # the worker died at once; its stderr is read at the end
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()


def _watch(process: subprocess.Popen[bytes], options: ReadOptions) -> tuple[bytes, bytes]:
    """Collect the worker's stdout and stderr until it ends; raise when it exceeds a limit."""
    deadline = time.monotonic() + options.max_seconds
    heard = {"answer": bytearray(), "said": bytearray()}
    with selectors.DefaultSelector() as selector:
        for name, pipe in (("answer", process.stdout), ("said", process.stderr)):
            assert pipe is not None  # noqa: S101  it is a pipe
            selector.register(pipe, selectors.EVENT_READ, name)
        while selector.get_map():
            for key, _ in selector.select(_POLL_S):
                if chunk := os.read(key.fd, 1 << 16):
                    heard[key.data] += chunk
                else:
                    selector.unregister(key.fileobj)
            _check_limits(process.pid, options, deadline)
    process.wait()
    return bytes(heard["answer"]), bytes(heard["said"])


def _check_limits(pid: int, options: ReadOptions, deadline: float) -> None:
    if time.monotonic() > deadline:
        raise limit_reached("max_seconds", options.max_seconds)
    if _resident_bytes(pid) > options.max_memory_bytes:
        raise limit_reached("max_memory_bytes", options.max_memory_bytes)


def _resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except FileNotFoundError:
        return _resident_bytes_by_ps(pid)
    except (OSError, IndexError):
        return 0


def _resident_bytes_by_ps(pid: int) -> int:
    """Ask `ps` on systems without /proc (macOS)."""
    asked = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607
    return int(asked.stdout.strip() or 0) * 1024


def _result(answer: bytes, said: bytes, exit_code: int, options: ReadOptions) -> StagedTable:
    try:
        result = json.loads(answer)
    except ValueError:
        raise _died(exit_code, said, options) from None
    if "error" in result:
        raise _error(result["error"])
    return StagedTable.from_json(result["staged"])


def _died(exit_code: int, said: bytes, options: ReadOptions) -> PipefyExportsError:
    """Return why the worker gave no answer. A kill or a crash may have any cause, so the file is kept."""
    if exit_code == -signal.SIGXCPU:
        return limit_reached("max_seconds", options.max_seconds)
    if exit_code == -signal.SIGKILL:
        return ReadLimitError(
            "the process that read the file was killed, as the operating system does when memory runs out; "
            "free some, or raise the limit that it runs under, and the same file loads"
        )
    if at_its_start := described_end(said.decode(errors="replace")):
        return _error(at_its_start)
    how = f"signal {-exit_code}" if exit_code < 0 else f"exit code {exit_code}"
    return ReaderFailedError(
        f"the process that read the file died ({how}), which does not show that the file is no table: {KEPT}. "
        "If it dies again on another machine, please report this"
    )


def _error(described: dict) -> PipefyExportsError:
    class_: type[PipefyExportsError] = getattr(errors, described["class"], LoadFailedError)
    return class_(described["message"], **described["facts"])
