"""Tells Dagster of a file that was loaded by hand, in the words in which a run tells it of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from pipefy_exports_dagster.cli.instance import first_line, prepare_instance, storage_errors
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import LoadFailedError
from pipefy_exports_dagster.history.file_summary import FileSummary
from pipefy_exports_dagster.orchestration.events import FROM_FILE, RequestedExport
from pipefy_exports_dagster.orchestration.exporting import ExportedFile, Timings
from pipefy_exports_dagster.orchestration.ledger import Ledger
from pipefy_exports_dagster.orchestration.metadata.materialization import materialization_metadata
from pipefy_exports_dagster.periods import Window
from pipefy_exports_dagster.raw_files.folder import RawFile
from pipefy_exports_dagster.tables import LoadReport

SOURCE_FILE = "pipefy/source_file"
MAX_NAME_LENGTH = 200


@contextmanager
def opened_instance(home: Path, *, data_dir: Path) -> Iterator[dg.DagsterInstance]:
    """Open the Dagster instance, before anything is changed: what it cannot be told must not be loaded.

    Raises:
        ConfigurationError: It cannot be made or opened.
    """
    home = prepare_instance(home, data_dir=data_dir)
    with storage_errors(home):
        instance = dg.DagsterInstance.from_config(str(home))
    with instance:
        yield instance


def report_materialization(
    instance: dg.DagsterInstance,
    raw: RawFile,
    report: LoadReport,
    *,
    window: Window | None,
    database: str,
    loading_s: float,
    reading: ReadOptions,
    summary: FileSummary,
) -> None:
    """Log the materialization of the partition, so that UI, schedules and history know of it.

    Raises:
        LoadFailedError: The event log does not take it; the rows are in the table.
    """
    sidecar = raw.sidecar
    key = dg.AssetKey.from_user_string(sidecar.asset)
    requested = RequestedExport(
        export_id=sidecar.export_id,
        fingerprint=sidecar.fingerprint,
        request=sidecar.request,
        requested_at=sidecar.requested_at,
        requested_month=sidecar.requested_month,
        dialect=FROM_FILE,
    )
    try:
        metadata = materialization_metadata(
            ExportedFile(raw, requested, resumed=False, timings=Timings()),
            report,
            database=database,
            window=window,
            exports_created=Ledger(instance, key, sidecar.period_filter).requests_since_materialization(),
            loading_s=loading_s,
            reading=reading,
            summary=summary,
        )
        metadata[SOURCE_FILE] = str(sidecar.request["file_name"])[:MAX_NAME_LENGTH]
        instance.report_runless_asset_event(
            dg.AssetMaterialization(key, partition=sidecar.period_filter, metadata=metadata)
        )
    except Exception as error:
        raise LoadFailedError(
            f"the rows are in {report.table!r}, but Dagster could not be told: {first_line(error)}; "
            "run the same command again, it loads the same rows"
        ) from error
