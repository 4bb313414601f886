"""How wide a table may be, whatever kind of file it comes from."""

from pipefy_exports_dagster.errors import UnreadableFileError

MAX_TABLE_COLUMNS = 3_000
"""The most columns that a file may have. DuckDB takes a quarter of a megabyte for each when it commits, and time for
their comments that grows with the square of their number: 3 s here."""


def too_wide(columns: int, *, exact: bool = True) -> UnreadableFileError:
    """Make the error for a file that has more."""
    how_many = f"{'' if exact else 'at least '}{columns:,}"
    return UnreadableFileError(
        f"the file has {how_many} columns, more than the {MAX_TABLE_COLUMNS:,} that a table may have; export fewer "
        "fields",
        detected="a file of too many columns",
    )
