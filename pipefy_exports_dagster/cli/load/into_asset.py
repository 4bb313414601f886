"""A file into a partition of an export asset, with all that a run leaves behind.

The copy in the archive gets its final name within the transaction, just before the commit: no row is in
the table whose file is not in the archive, and a file that cannot be loaded is not archived.
"""

import time
from pathlib import Path

from pipefy_exports_dagster.cli.dagster_event import opened_instance, report_materialization
from pipefy_exports_dagster.cli.load.load_or_plan import Manner, OnMilestone, OnStaged, load_or_plan
from pipefy_exports_dagster.cli.load.outcome import Outcome
from pipefy_exports_dagster.cli.load.provenance import (
    ProvenanceOverrides,
    content_of,
    copy_into,
    describe_provenance,
)
from pipefy_exports_dagster.cli.paths import require_file
from pipefy_exports_dagster.errors import SupersededExportError
from pipefy_exports_dagster.history.file_summary import FileSummary
from pipefy_exports_dagster.orchestration.events import Materialized
from pipefy_exports_dagster.orchestration.export_partition import ExportPartition
from pipefy_exports_dagster.orchestration.superseded import refuse_older_than_empty
from pipefy_exports_dagster.raw_files.folder import RawFile
from pipefy_exports_dagster.raw_files.sidecar import Sidecar
from pipefy_exports_dagster.reading.staged import StagedTable
from pipefy_exports_dagster.tables import LoadReport, Slice
from pipefy_exports_dagster.tables.load import ignore_staged
from pipefy_exports_dagster.tables.stores import table_store


def load_into_asset(
    file: Path,
    partition: ExportPartition,
    *,
    overrides: ProvenanceOverrides,
    manner: Manner,
    dagster_home: Path,
) -> Outcome:
    """Load a file into a partition: archive, table, and a materialization in Dagster's event log.

    Raises:
        SupersededExportError: The partition holds a newer export.
        PipefyExportsError: And the others; the message says whether anything was changed.
    """
    started = time.monotonic()
    config = partition.config
    require_file(file)
    store = table_store(config)
    store.require_usable()
    with (
        opened_instance(dagster_home, data_dir=config.data_dir) as instance,
        partition.lock(timeout_s=manner.wait_s, on_wait=lambda: manner.on_milestone("waiting")),
    ):
        manner.on_milestone("copying")
        partition.folder.create()
        part, content = copy_into(partition.folder, file)
        try:
            sidecar, notes = describe_provenance(file, content, partition=partition, overrides=overrides)
            kept: list[RawFile] = []

            def archive_before_commit(milestone: str) -> None:
                if milestone == "in_transaction":
                    kept.append(partition.folder.keep(part, sidecar))
                manner.on_milestone(milestone)

            summaries: list[FileSummary] = []

            def summarize(staged: StagedTable) -> None:
                summaries.append(partition.summarize_file(staged, sidecar.requested_month))

            report = _load(
                part,
                partition,
                sidecar,
                manner,
                archive_before_commit,
                held=partition.newest_materialization(instance),
                on_staged=summarize,
            )
        finally:
            part.unlink(missing_ok=True)
        manner.on_milestone("reporting")
        report_materialization(
            instance,
            kept[0],
            report,
            window=partition.window(sidecar.requested_month),
            database=store.catalog,
            loading_s=time.monotonic() - started,
            reading=manner.options,
            summary=summaries[0],
        )
    if report.read_copy_problem:
        notes = (*notes, report.read_copy_problem)
    return _outcome(partition, sidecar, report, started, manner, notes=notes, raw_file=kept[0].path)


def plan_into_asset(
    file: Path,
    partition: ExportPartition,
    *,
    overrides: ProvenanceOverrides,
    manner: Manner,
    dagster_home: Path,
) -> Outcome:
    """Say what `load_into_asset` would do, without writing anything.

    Raises:
        PipefyExportsError: Loading would end with this.
    """
    started = time.monotonic()
    require_file(file)
    sidecar, notes = describe_provenance(file, content_of(file), partition=partition, overrides=overrides)
    held = None
    if (dagster_home / "dagster.yaml").exists():  # opening another would make it
        with opened_instance(dagster_home, data_dir=partition.config.data_dir) as instance:
            held = partition.newest_materialization(instance)
    report = _load(file, partition, sidecar, manner, manner.on_milestone, held=held)
    return _outcome(partition, sidecar, report, started, manner, notes=notes, raw_file=None)


def _load(
    file: Path,
    partition: ExportPartition,
    sidecar: Sidecar,
    manner: Manner,
    on_milestone: OnMilestone,
    *,
    held: Materialized | None,
    on_staged: OnStaged = ignore_staged,
) -> LoadReport:
    try:
        refuse_older_than_empty(held, Slice.of(sidecar))
        return load_or_plan(
            file,
            store=table_store(partition.config),
            schema=partition.export.schema,
            table=partition.export.table,
            slice_=Slice.of(sidecar),
            manner=manner,
            on_milestone=on_milestone,
            on_staged=on_staged,
        )
    except SupersededExportError as error:
        raise SupersededExportError(
            f"{error}. If the file is newer than that, say when Pipefy made it: --requested-month and "
            "--exported-at; to look at an older one, load it beside with --table and --database"
        ) from None


def _outcome(
    partition: ExportPartition,
    sidecar: Sidecar,
    report: LoadReport,
    started: float,
    manner: Manner,
    *,
    notes: tuple[str, ...],
    raw_file: Path | None,
) -> Outcome:
    return Outcome(
        report=report,
        database=str(table_store(partition.config)),
        slice_=Slice.of(sidecar),
        raw_file=raw_file,
        dry_run=manner.dry_run,
        seconds=time.monotonic() - started,
        options=manner.options,
        notes=notes,
    )
