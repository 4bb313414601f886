"""DuckDB's errors as ours: what it refuses to open, and what it refuses to run."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pipefy_exports_dagster.errors import DatabaseLockedError, LoadFailedError, QueryRefusedError
from pipefy_exports_dagster.tables.database_errors import holder_pid, wal_refused
from pipefy_exports_dagster.text.quoting import printable

if TYPE_CHECKING:
    import duckdb

_STORAGE_VERSION = re.compile(
    r"version number (?P<written>\d+), but we can only read versions? (?:between )?(?P<oldest>\d+)"
)


def cannot_be_opened(error: "duckdb.Error", path: Path) -> Exception:
    """Return why DuckDB does not open a file, as an error of ours."""
    message = str(error)
    if "lock on file" in message:
        pid = holder_pid(message)
        return DatabaseLockedError(
            f"{path} is held by {f'process {pid}' if pid else 'another process'}, which may write to it; "
            "try again when it has ended, or query the read copy",
            holder_pid=pid,
        )
    if version := _STORAGE_VERSION.search(message):
        import duckdb

        writer = "an older" if int(version["written"]) < int(version["oldest"]) else "a newer"
        return LoadFailedError(
            f"{path} was written by {writer} DuckDB (storage version {version['written']}), and this is "
            f"{duckdb.__version__}: let no other write to it; rebuild it from the raw files with "
            "`pipefy-exports rebuild-history` and `pipefy-exports load`"
        )
    if wal := wal_refused(message, path):
        return wal
    if "not a valid DuckDB database file" in message or "Corrupt" in message:
        return LoadFailedError(
            f"{path} is no DuckDB database, or is damaged; move it away, and load the raw files again"
        )
    return LoadFailedError(f"{path} cannot be opened: {_first_paragraph(message)}")


def refused(error: "duckdb.Error | UnicodeDecodeError") -> Exception:
    """Return why DuckDB does not run a query, as an error of ours.

    DuckDB cuts what it quotes of a long text, within a character too, and what it said is then lost.
    """
    import duckdb

    if isinstance(error, UnicodeDecodeError):
        return QueryRefusedError(
            "DuckDB refuses the SQL, and does not say where; look for a character that is no SQL"
        )
    text = _first_paragraph(str(error))
    if isinstance(error, duckdb.OutOfMemoryException):
        return QueryRefusedError(
            "the query needs more memory, or temporary space, than there is; ask for less, or raise --max-memory"
        )
    if "disabled by configuration" in text or "has been disabled" in text:
        return QueryRefusedError(
            f"{text.partition(' - ')[0]}: this command reads the database and no other file, and writes none. "
            "Redirect its output instead of COPY, and use a DuckDB client to read other files"
        )
    unknown_table = text.startswith("Catalog Error: Table with name")
    return QueryRefusedError(f"{text} `SHOW TABLES` lists those that there are" if unknown_table else text)


def _first_paragraph(message: str) -> str:
    """Return DuckDB's message, which quotes the SQL, without the picture of the place, which needs more lines."""
    return printable(" ".join(re.split(r"\n\s*\n|\nLINE \d", message)[0].split()))
