"""Errors without values of the file, for exports with personal data (`show_values: false`).

Error messages are stored in Dagster's event log, and more people can read it than the table.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from pipefy_exports_dagster.errors import (
    LoadFailedError,
    PipefyExportsError,
    UnreadableFileError,
    ValueDoesNotFitError,
)

HIDDEN = "not shown, as `show_values` is false"


@contextmanager
def redact_values(*, hidden: bool) -> Iterator[None]:
    """Raise this package's errors without anything that they may quote from the file."""
    try:
        yield
    except PipefyExportsError as error:
        if not hidden:
            raise
        raise without_values(error) from None


def without_values(error: PipefyExportsError) -> PipefyExportsError:
    """Return an error that says the same without quoting the file.

    Text of a file that is not a table is left out completely: it may be anything.
    """
    match error:
        case ValueDoesNotFitError():
            return ValueDoesNotFitError(
                f"column {error.column!r}, data row {error.row}: the value ({HIDDEN}) does not fit the type that the "
                "configuration pins; the table keeps its old rows. Change the pinned type, or the value in Pipefy",
                column=error.column,
                row=error.row,
                value=None,
            )
        case UnreadableFileError():
            return UnreadableFileError(
                f"the file is not a table but {error.detected} (what it says is {HIDDEN})",
                detected=error.detected,
            )
        case LoadFailedError() if error.without_values:
            return LoadFailedError(error.without_values)
        case _:
            return error
