"""Tries out whether a lake's files can be written, read and deleted, as its loads and its maintenance do it."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipefy_exports_dagster.errors import StorageError
from pipefy_exports_dagster.tables.lake.lake_errors import lake_error
from pipefy_exports_dagster.text.sql import literal

if TYPE_CHECKING:
    import duckdb

_TRIAL = "trial"
"""What the lake is called that is in memory but for its one file."""


def write_and_delete(connection: "duckdb.DuckDBPyConnection", data_path: str, lake: object) -> None:
    """Write a file below a lake's data path, read it, and delete it.

    DuckDB deletes a file only where a lake no longer needs it. So it is that of a table of another lake, whose catalog
    is in memory.

    Args:
        connection: Extensions are loaded, and it has the object store's keys.
        data_path: The folder, which is there, or the bucket with a prefix.
        lake: The lake, for messages.

    Raises:
        PipefyExportsError: What the store or the folder refused.
    """
    folder = f"{data_path}/.doctor-{secrets.token_hex(8)}"
    try:
        with _refused(lake, f"a file could not be written and read below {data_path}"):
            connection.execute(
                f"ATTACH 'ducklake::memory:' AS {_TRIAL} "
                f"(DATA_PATH {literal(f'{folder}/')}, DATA_INLINING_ROW_LIMIT 0)"
            )
            connection.execute(f"CREATE TABLE {_TRIAL}.t AS SELECT 1 AS a; FROM {_TRIAL}.t").fetchall()
        with _refused(lake, f"a file could not be deleted below {folder}. Allow it, and delete that file"):
            connection.execute(f"DROP TABLE {_TRIAL}.t")
            connection.execute(f"CALL ducklake_expire_snapshots('{_TRIAL}', older_than => now())")
            connection.execute(f"CALL ducklake_cleanup_old_files('{_TRIAL}', cleanup_all => true)")
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # of an object store there is no folder


@contextmanager
def _refused(lake: object, undone: str) -> Iterator[None]:
    import duckdb

    try:
        yield
    except (duckdb.Error, OSError) as error:
        raise lake_error(error, lake, otherwise=StorageError, undone=undone) from None
