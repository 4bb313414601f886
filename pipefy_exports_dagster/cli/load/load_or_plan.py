"""The load itself, or with `--dry-run` what it would do: the same reading, and then the table or a plan."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipefy_exports_dagster.cli.load.dry_run import plan_load
from pipefy_exports_dagster.cli.load.reading import read_file
from pipefy_exports_dagster.config.naming import MAIN
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.reading.redaction import redact_values
from pipefy_exports_dagster.reading.staged import StagedTable
from pipefy_exports_dagster.tables import LoadReport, Slice, replace_slice
from pipefy_exports_dagster.tables.load import ignore_staged
from pipefy_exports_dagster.tables.store import TableStore

OnMilestone = Callable[[str], None]
OnStaged = Callable[[StagedTable], None]


@dataclass(frozen=True, slots=True)
class Manner:
    """How the command was told to work.

    `pinned` are the columns whose types the command line gives. `wait_s` is how long to wait, in seconds,
    for another process that holds the partition or the database.
    """

    options: ReadOptions
    pinned: tuple[str, ...]
    wait_s: float
    dry_run: bool
    on_milestone: OnMilestone


def load_or_plan(
    file: Path,
    *,
    store: TableStore,
    table: str,
    slice_: Slice,
    schema: str = MAIN,
    manner: Manner,
    on_milestone: OnMilestone,
    on_staged: OnStaged = ignore_staged,
) -> LoadReport:
    """Load a file into a slice, or say what that would do.

    Raises:
        PipefyExportsError: As `load_file` does; nothing was changed.
    """
    store.require_usable()
    with _scratch_folder(store, dry_run=manner.dry_run) as folder:
        on_milestone("reading")
        staged = read_file(file, folder=folder, options=manner.options, pinned=manner.pinned)
        on_staged(staged)
        on_milestone("writing")
        with redact_values(hidden=not manner.options.show_values):
            if manner.dry_run:
                return plan_load(
                    staged,
                    database=store,
                    schema=schema,
                    table=table,
                    slice_=slice_,
                    lock_timeout_s=manner.wait_s,
                )
            return replace_slice(
                staged,
                database=store,
                schema=schema,
                table=table,
                slice_=slice_,
                lock_timeout_s=manner.wait_s,
                on_milestone=on_milestone,
            )


@contextmanager
def _scratch_folder(store: TableStore, *, dry_run: bool) -> Iterator[Path]:
    if dry_run:
        with tempfile.TemporaryDirectory(prefix="pipefy_exports_") as folder:
            yield Path(folder)
    else:
        with store.workspace() as folder_beside:
            yield folder_beside
