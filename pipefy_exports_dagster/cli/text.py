"""Text of the command line's own: messages on one line, and names of files, which on disk may be any bytes."""

import os
from pathlib import Path

from pipefy_exports_dagster.text.quoting import printable


def one_line(text: str) -> str:
    """Return a message on one line."""
    return printable(" ".join(text.split()))


def file_name(path: Path) -> str:
    """Return a file's name as text that can be stored: on disk it may be any bytes."""
    return os.fsencode(path.name).decode(errors="replace")


def file_export_id(sha256: str) -> str:
    """Return what stands for an export's id: the same for the same bytes, so that loading twice is loading once."""
    return f"file-{sha256[:16]}"
