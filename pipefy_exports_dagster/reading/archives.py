"""What an archive that did not arrive whole makes of the libraries that unpack it."""

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
# Fields of an archive are places, lengths and names; damaged ones end in nearly any error there is.
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
    """Say of an archive that does not unpack that it is damaged; what is the machine's trouble stays what it is."""
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
    """Return what a library says: it may quote names of the archive."""
    return printable(str(error)[:_LONGEST_SAID])
