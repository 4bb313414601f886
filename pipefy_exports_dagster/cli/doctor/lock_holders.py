"""Who holds a DuckDB file. DuckDB locks it with a POSIX record lock, and the system knows whose that is."""

import os
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

from pipefy_exports_dagster.locks.file_locks import program_of

# `struct flock`: type, whence, start, length, process; in the order of each system.
_FLOCK = {"linux": "hhqqi4x", "darwin": "qqihh"}


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has a database open; `name` is its program's, where the system says it."""

    pid: int
    writes: bool
    name: str = ""

    def __str__(self) -> str:
        return f"process {self.pid}{f' ({self.name})' if self.name else ''}"


def lock_holder(path: Path) -> Holder | None:
    """Return a process that keeps others from writing to a file; None where there is none, or nobody can say.

    Nothing is locked or opened for writing in order to know: that could get in the way of a load. Not to be called in
    a process that has the database open itself, whose own lock closing the file would take away.
    """
    layout = _FLOCK.get(sys.platform)
    if layout is None:
        return None
    import fcntl  # not on Windows

    wanted = {"l_type": fcntl.F_WRLCK, "l_whence": os.SEEK_SET, "l_start": 0, "l_len": 0, "l_pid": 0}
    names = (
        ("l_type", "l_whence", "l_start", "l_len", "l_pid")
        if sys.platform == "linux"
        else ("l_start", "l_len", "l_pid", "l_type", "l_whence")
    )
    with path.open("rb") as file:
        asked = struct.pack(layout, *(wanted[name] for name in names))
        answer = struct.unpack(layout, fcntl.fcntl(file, fcntl.F_GETLK, asked))
    found = dict(zip(names, answer, strict=True))
    if found["l_type"] == fcntl.F_UNLCK:
        return None
    return Holder(found["l_pid"], found["l_type"] == fcntl.F_WRLCK, program_of(found["l_pid"]))
