"""Errors of a reader that are not about the file: the machine, its limits, a setting, or a bug of this package.

Only a file that is certainly not a table is rejected. After any other error the export is kept, and the same file loads
when the problem that the message names is fixed.
"""

import errno
import os
import re
import traceback
from pathlib import Path
from typing import Any

from pipefy_exports_dagster.errors import DiskFullError, LoadFailedError, ReaderFailedError, ReadLimitError

KEPT = "the file and its export are kept: load it again when that is fixed"

_OF_A_STATEMENT = {
    "BinderException",
    "CatalogException",
    "NotImplementedException",
    "ParserException",
    "SyntaxException",
}
"""Errors that DuckDB raises about our SQL, never about a file's bytes: a setting or this package is at fault."""
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
_NO_MEMORY = ("bad_alloc", "bad allocation", "failed to map segment", os.strerror(errno.ENOMEM))
"""Messages of C++, the dynamic linker, and the C library."""
_OF_THE_MACHINE = {
    errno.EFBIG: "a limit of the size of files is in force (`ulimit -f`); raise it",
    errno.EMFILE: "a limit of open files is in force (`ulimit -n`); raise it",
    errno.ENFILE: "the machine has too many files open; end what holds them, or raise fs.file-max",
    errno.EIO: "a disk reports an error of input or output; check the machine's log",
    errno.EROFS: "a file system is read-only; make it writable, or set TMPDIR and the data folder to others",
    errno.EACCES: "a file or folder may not be used by this user; give it the right to",
    errno.EPERM: "a file or folder may not be used by this user; give it the right to",
    errno.EAGAIN: "a limit of processes or threads is in force (`ulimit -u`); raise it",
    errno.ENOENT: "a file is gone while it was read; look for what deletes temporary files",
    errno.ESTALE: "a network share went away while it was read; mount it again",
}
_UNABLE_TO_START_A_THREAD = "can't start new thread"
_PACKAGE = Path(__file__).parent.parent


def is_of_machine(error: BaseException) -> bool:
    """Whether the operating system refused something, such as another open file.

    Libraries also raise `OSError` for a damaged file: without a number, or for an offset before its beginning.
    """
    return isinstance(error, OSError) and error.errno not in {None, errno.EINVAL}


def described(error: BaseException) -> dict[str, Any]:
    """Describe an error that is not one of this package's as JSON, for the runner to raise."""
    said = str(error)
    number = error.errno if isinstance(error, OSError) else None
    if number in _NO_SPACE or any(os.strerror(full) in said for full in _NO_SPACE):
        return _as(DiskFullError, "no space left for reading the file, or a quota is used up")
    if type(error).__name__ == "OutOfMemoryException":  # DuckDB's, which may not have been imported
        return _as(
            ReadLimitError, "reading the file takes more memory than it may have", option="max_memory_bytes"
        )
    if isinstance(error, MemoryError) or any(words in said for words in _NO_MEMORY):
        return _as(
            ReadLimitError,
            "the machine gave the process that reads the file no more memory; free some, or raise the "
            "limit that it runs under, and the same file loads",
        )
    if _UNABLE_TO_START_A_THREAD in said:
        return of_machine(errno.EAGAIN)
    if number is None and type(error).__name__ in {"IOException", "OSError", "ImportError"}:
        # DuckDB, Arrow and the dynamic linker give the text of the error instead of its number.
        number = next((known for known in _OF_THE_MACHINE if os.strerror(known) in said), None)
    if number is not None:
        return of_machine(number)
    if type(error).__name__ in _OF_A_STATEMENT:
        refused = f"DuckDB refuses how the file is to be read ({type(error).__name__})"
        advice = "the export is kept; check the `reading` section of the configuration, or report this"
        return _as(
            LoadFailedError, f"{refused}: {said[:300]}; {advice}", without_values=f"{refused}; {advice}"
        )
    return _as(
        ReaderFailedError,
        f"the reader failed ({type(error).__name__}{_place(error)}), which does not show that the file is no table: "
        f"{KEPT}. Please report this",
    )


def described_end(said: str) -> dict[str, Any] | None:
    """Describe why a worker could not start, from its traceback; None if the traceback does not tell."""
    if any(words in said for words in ("MemoryError", *_NO_MEMORY)):
        return _as(
            ReadLimitError,
            "the machine gave the process that reads the file too little memory to start; free some, or raise the "
            "limit that it runs under, and the same file loads",
        )
    number = re.search(r"\[Errno (\d+)\]", said)
    return of_machine(int(number[1])) if number else None


def of_machine(number: int) -> dict[str, Any]:
    """Describe an error of the operating system by its number."""
    advice = _OF_THE_MACHINE.get(number, "check the machine's log")
    return _as(
        ReaderFailedError,
        f"the file could not be read on this machine ({os.strerror(number)}): {advice}; {KEPT}",
    )


def _as(class_: type[Exception], message: str, **facts: object) -> dict[str, Any]:
    return {"class": class_.__name__, "message": message, "facts": facts}


def _place(error: BaseException) -> str:
    """Return the innermost line of this package in the traceback, for a bug report. It holds no value of the file."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(_PACKAGE):
            return f" in {path.relative_to(_PACKAGE)}, line {frame.lineno}"
    return ""
