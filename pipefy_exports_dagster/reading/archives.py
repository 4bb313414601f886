"""Errors of the libraries that unpack an archive, turned into one error that says that it is damaged."""

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipefy_exports_dagster.errors import UnreadableFileError
from pipefy_exports_dagster.text.quoting import printable

from .machine_errors import is_of_machine
from .refusals import unreadable

_LONGEST_SAID = 200
# Fields of an archive are offsets, lengths and names. Damaged ones can cause nearly any error.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    IndexError,
    KeyError,
    OverflowError,
    RuntimeError,
    ValueError,  # and UnicodeDecodeError
)


@contextmanager
def damage_named() -> Iterator[None]:
    """Turn errors of unpacking into one that says that the archive is damaged; errors of the machine pass unchanged."""
    try:
        yield
    except OSError as error:
        if is_of_machine(error):
            raise
        raise _damaged(error) from error
    except NotImplementedError as error:
        raise unreadable(
            "an archive that is packed in an unusual way",
            f"{_said(error)}; unpack it and load the file inside",
        ) from error
    except _DAMAGE as error:
        raise _damaged(error) from error


def opened_archive(path: Path) -> zipfile.ZipFile:
    """Open a ZIP archive, and read its directory.

    Raises:
        UnreadableFileError: It is damaged.
    """
    with damage_named():
        return zipfile.ZipFile(path)


def _damaged(error: Exception) -> UnreadableFileError:
    return unreadable(
        "a truncated or damaged archive", f"it did not arrive whole ({_said(error)}); download it again"
    )


def _said(error: Exception) -> str:
    """Return a library's message, printable and cut short: it may quote names from the archive."""
    return printable(str(error)[:_LONGEST_SAID])
