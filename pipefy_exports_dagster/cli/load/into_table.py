"""Any file into any table of any DuckDB file: no account, no Dagster, no archive.

The table has the lineage columns of every table of ours. Its slices are the files, by name, so that a file
that is loaded again replaces its own rows. It may always do so: the times say when it was loaded.
"""

import time
from datetime import UTC, datetime
from pathlib import Path

from pipefy_exports_dagster.cli.load.load_or_plan import Manner, load_or_plan
from pipefy_exports_dagster.cli.load.outcome import NO_ORGANIZATION, Outcome
from pipefy_exports_dagster.cli.paths import require_file
from pipefy_exports_dagster.cli.text import file_export_id, file_name
from pipefy_exports_dagster.raw_files.folder import sha256_of
from pipefy_exports_dagster.tables import Slice
from pipefy_exports_dagster.tables.database_file import DatabaseFile


def load_into_table(file: Path, *, table: str, database: Path, manner: Manner) -> Outcome:
    """Load a file into its slice of a table.

    Raises:
        PipefyExportsError: Nothing was changed; the message says why.
    """
    started = time.monotonic()
    require_file(file)
    now = datetime.now(UTC)
    slice_ = Slice(
        organization_id=NO_ORGANIZATION,
        period_filter=file_name(file),
        requested_month=now.date().replace(day=1),
        export_id=file_export_id(sha256_of(file)),
        exported_at=now,
    )
    database = database.expanduser().absolute()
    report = load_or_plan(
        file,
        store=DatabaseFile(database, read_copy=False),
        table=table,
        slice_=slice_,
        manner=manner,
        on_milestone=manner.on_milestone,
    )
    return Outcome(
        report=report,
        database=str(database),
        slice_=slice_,
        raw_file=None,
        dry_run=manner.dry_run,
        seconds=time.monotonic() - started,
        options=manner.options,
    )
