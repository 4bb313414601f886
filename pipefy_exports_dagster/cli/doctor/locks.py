"""What keeps two runs from one partition: whether it works, and who holds what. Imports Dagster."""

from collections.abc import Iterator

import dagster as dg

from pipefy_exports_dagster.cli.doctor.finding import Finding, ok, report_error
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.errors import PipefyExportsError
from pipefy_exports_dagster.exports import configured_exports
from pipefy_exports_dagster.orchestration.partition_locks import (
    FilePartitionLocks,
    PartitionName,
    partition_locks_of,
)
from pipefy_exports_dagster.periods import PeriodFilter

CHECK = "locks"


def check_locks(config: PipefyExportsConfig, instance: dg.DagsterInstance) -> Iterator[Finding]:
    """Yield whether a lock can be taken and freed, and of locks that are no files who works on what, on any machine."""
    names = [
        PartitionName(config.organization_id or "", export.asset, period_filter.value)
        for export in configured_exports(config)
        for period_filter in PeriodFilter
    ]
    try:
        locks = partition_locks_of(config, instance)
        place = locks.try_out()
        held = {} if isinstance(locks, FilePartitionLocks) else locks.holders(names)
    except PipefyExportsError as error:
        yield report_error(CHECK, str(error))
        return
    except OSError as error:
        yield report_error(CHECK, f"a lock cannot be made in {config.data_dir} ({error.strerror})")
        return
    working = "; ".join(f"{holder} works on {name}" for name, holder in held.items())
    yield ok(CHECK, f"{place}{f': {working}' if working else ''}")
