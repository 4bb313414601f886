"""The errors for exceeded limits: one that can be raised, and one that cannot.

Each names the limit. After the first, the export stays pending, and loads when the limit is raised: the file may be
fine. The second says that the file is not a table.
"""

from pipefy_exports_dagster.errors import ReadLimitError, UnreadableFileError

from .refusals import unreadable

_PASSED = {
    "max_memory_bytes": "reading the file took more than {value:,} bytes of memory and was stopped",
    "max_seconds": "reading the file took longer than {value:g} s and was stopped",
    "max_unpacked_bytes": "the file unpacks to more than {value:,} bytes and was not read on",
}


def limit_reached(option: str, value: float) -> ReadLimitError:
    """Make the error for a limit of `ReadOptions`: `option` is its field."""
    return ReadLimitError(_PASSED[option].format(value=value), option=option)


def too_large_part(what: str, limit_bytes: int) -> UnreadableFileError:
    """Make the error for a limit that no setting raises.

    Args:
        what: The part that is too long for any table, with its article: `a row`.
    """
    return unreadable(
        f"a workbook with {what} of more than {limit_bytes:,} bytes",
        "no table has that; check the file before you trust it",
    )
