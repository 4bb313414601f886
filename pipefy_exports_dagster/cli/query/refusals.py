"""DuckDB's errors as ours: what it refuses to run."""

from typing import TYPE_CHECKING

from pipefy_exports_dagster.errors import QueryRefusedError
from pipefy_exports_dagster.tables.database_errors import first_paragraph

if TYPE_CHECKING:
    import duckdb


def refused(error: "duckdb.Error | UnicodeDecodeError") -> Exception:
    """Return why DuckDB does not run a query, as an error of ours.

    DuckDB cuts what it quotes of a long text, within a character too, and what it said is then lost.
    """
    import duckdb

    if isinstance(error, UnicodeDecodeError):
        return QueryRefusedError(
            "DuckDB refuses the SQL, and does not say where; look for a character that is no SQL"
        )
    text = first_paragraph(str(error))
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
