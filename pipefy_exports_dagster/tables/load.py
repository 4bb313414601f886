from collections.abc import Callable
from pathlib import Path

from pipefy_exports_dagster.config.naming import MAIN
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.reading.redaction import redact_values
from pipefy_exports_dagster.reading.runner import read_table_file
from pipefy_exports_dagster.reading.staged import StagedTable

from .replacing import ignore, replace_slice
from .report import LoadReport
from .slice import Slice
from .store import TableStore
from .stores import store_at


def ignore_staged(_staged: StagedTable) -> None:
    """Ignore a staged file."""


def load_file(
    path: Path,
    *,
    database: Path | TableStore,
    schema: str = MAIN,
    table: str,
    slice_: Slice,
    options: ReadOptions | None = None,
    lock_timeout_s: float = 300.0,
    read_copy: bool = True,
    on_milestone: Callable[[str], None] = ignore,
    on_staged: Callable[[StagedTable], None] = ignore_staged,
) -> LoadReport:
    """Load a file of any kind into one slice of a table.

    The file is read and typed before the database is opened, so that the database is locked for the
    insert only.

    Args:
        database: The place of the table, or the path of a DuckDB file.
        schema: The schema of the table; created if it does not exist.
        lock_timeout_s: How long to wait while another process holds the database.
        read_copy: Whether to publish `<database>.read.duckdb` after the commit, where `database` is a path.
        on_milestone: Called with `reading`, `in_transaction` (just before the commit) and `committed`.
        on_staged: Called with the staged file, before the database is opened: its queries add to the time of the load,
            but do not hold the lock.

    Raises:
        UnreadableFileError: The file is not a table; the message says what it is instead.
        ValueDoesNotFitError: A value does not fit the pinned type of its column.
        SupersededExportError: The slice holds a newer export.
        DatabaseLockedError: Another process held the database until the deadline.
        LoadFailedError: DuckDB raised an error, or the inserted rows are not those of the file.
        DiskFullError: No space was left. In all of these cases the table is unchanged.
    """
    options = options or ReadOptions()
    on_milestone("reading")
    store = store_at(database, read_copy=read_copy)
    with store.workspace() as folder:
        staged = read_table_file(path, folder=folder, options=options)
        on_staged(staged)
        with redact_values(hidden=not options.show_values):
            return replace_slice(
                staged,
                database=store,
                schema=schema,
                table=table,
                slice_=slice_,
                lock_timeout_s=lock_timeout_s,
                on_milestone=on_milestone,
            )
