"""The maximum number of columns of a table, for all kinds of files."""

from pipefy_exports_dagster.errors import UnreadableFileError

MAX_TABLE_COLUMNS = 3_000
"""The maximum number of columns of a file. DuckDB takes a quarter of a megabyte for each when it commits, and the time
for their comments grows with the square of their number: 3 s for this many."""


def too_wide(columns: int, *, exact: bool = True) -> UnreadableFileError:
    """Make the error for a file that has more columns."""
    how_many = f"{'' if exact else 'at least '}{columns:,}"
    return UnreadableFileError(
        f"the file has {how_many} columns, more than the {MAX_TABLE_COLUMNS:,} that a table may have; export fewer "
        "fields",
        detected="a file of too many columns",
    )
