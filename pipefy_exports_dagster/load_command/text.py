"""Text from files, for a terminal: on one line, and without anything that a terminal would obey."""

import os
from pathlib import Path


def printable(text: str) -> str:
    """Return text with all that cannot be shown spelled out: a header may hold an escape sequence."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode()
        for char in text
    )


def one_line(text: str) -> str:
    """Return a message on one line."""
    return printable(" ".join(text.split()))


def file_name(path: Path) -> str:
    """Return a file's name as text that can be stored: on disk it may be any bytes."""
    return os.fsencode(path.name).decode(errors="replace")


def file_export_id(sha256: str) -> str:
    """Return what stands for an export's id: the same for the same bytes, so that loading twice is loading once."""
    return f"file-{sha256[:16]}"
