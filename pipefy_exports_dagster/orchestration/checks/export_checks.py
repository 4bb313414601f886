"""The checks of an export asset: one step for all of them, after the asset's own.

They are no part of the asset's step, because a run that leaves the waiting to the sensor materializes nothing: Dagster
skips a step whose asset is skipped, and nothing is said. Each result is of one partition, so that
`current_month` does not speak for `last_month`.
"""

import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

import dagster as dg

from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.naming import schema_and_table
from pipefy_exports_dagster.errors import PipefyExportsError
from pipefy_exports_dagster.exports import ConfiguredExport, configured_exports
from pipefy_exports_dagster.orchestration.checks.columns import columns_unchanged
from pipefy_exports_dagster.orchestration.checks.due import Today, last_month_is_here
from pipefy_exports_dagster.orchestration.checks.finding import (
    LONGEST_WAIT_S,
    Check,
    CheckFinding,
    failed,
    warned,
)
from pipefy_exports_dagster.orchestration.checks.loads import Load, newest_loads
from pipefy_exports_dagster.orchestration.checks.rows import has_rows, keys_unique, rows_match_file
from pipefy_exports_dagster.orchestration.checks.whole_file import whole_file_loaded
from pipefy_exports_dagster.orchestration.checks.window import WindowCheck
from pipefy_exports_dagster.orchestration.events import materialized_partitions
from pipefy_exports_dagster.orchestration.ledger import Ledger
from pipefy_exports_dagster.orchestration.partitions import PERIODS
from pipefy_exports_dagster.orchestration.resources import ExportDatabaseResource, ResourceKeys
from pipefy_exports_dagster.periods import Period, PeriodFilter
from pipefy_exports_dagster.raw_files.configured import raw_file_store
from pipefy_exports_dagster.tables.slice_queries import SliceQueries, SliceRows

SHORTEST_WAIT_S = 1.0
"""For each further partition, where the first has waited so long already."""
AGAIN = "What was loaded is not touched by this; execute the checks again (Execute all)"
EVENT_PAUSES_S = (0.5, 1.0, 2.0, 4.0)
"""How long a materialization is waited for whose rows are in the table already."""


@dataclass(frozen=True, slots=True)
class LoadedSlice:
    """A slice in the open database, and what its checks judge it by."""

    export: ConfiguredExport
    partition: str
    organization_id: str
    queries: SliceQueries
    rows: SliceRows
    month: date
    """The first day of the month in which it was asked for."""


def _has_rows(loaded: LoadedSlice) -> CheckFinding:
    return has_rows(loaded.partition, loaded.rows, loaded.queries.rows_of_table())


def _rows_in_window(loaded: LoadedSlice) -> CheckFinding:
    period = Period(PeriodFilter(loaded.partition), loaded.month)
    window = WindowCheck(loaded.partition, loaded.queries, loaded.export, period, loaded.rows.rows)
    return window.finding(loaded.organization_id)


def _keys_unique(loaded: LoadedSlice) -> CheckFinding:
    show_values = loaded.export.reading.show_values
    return keys_unique(loaded.partition, loaded.queries, loaded.export.row_key, show_values=show_values)


OF_TABLE: Mapping[Check, Callable[[LoadedSlice], CheckFinding]] = {
    Check.HAS_ROWS: _has_rows,
    Check.ROWS_IN_WINDOW: _rows_in_window,
    Check.KEYS_UNIQUE: _keys_unique,
}
"""They ask the database."""
OF_LOAD: Mapping[Check, Callable[[str, list[Load]], CheckFinding]] = {
    Check.COLUMNS_UNCHANGED: columns_unchanged,
    Check.WHOLE_FILE_LOADED: whole_file_loaded,
}
"""They need no database: the load's materialization says what they ask."""


def export_checks(config: PipefyExportsConfig, clock: Clock) -> list[dg.AssetChecksDefinition]:
    """Return the checks of each configured export."""
    return [_checks_of(export, clock) for export in configured_exports(config)] if config.checks else []


def _checks_of(export: ConfiguredExport, clock: Clock) -> dg.AssetChecksDefinition:
    resources = ResourceKeys.of(export.config)

    @dg.multi_asset_check(
        name=f"{dg.AssetKey(export.asset_key).to_python_identifier()}_checks",
        description=f"Looks at what a load of {export.asset} left in the table.",
        specs=_specs(export),
        # Nothing has to be said where there is nothing to say, such as without a partition.
        can_subset=True,
        required_resource_keys={resources.database},
    )
    def checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        asset = dg.AssetKey(export.asset_key)
        export_database = resources.database_of(context.op_execution_context.resources)
        wanted = {Check(key.name) for key in context.selected_asset_check_keys}
        step = _Step(context, export, export_database, clock, asset)
        for check, partition, finding in step.findings(wanted):
            if context.has_partition_key:
                yield finding.result(asset, check)
            else:
                # A run of "Execute all" has no partition, and Dagster cannot make its event of a result then.
                event: Any = finding.evaluation(asset, check, partition)  # taken, but not in the annotation
                context.op_execution_context.log_event(event)

    return checks


def _specs(export: ConfiguredExport) -> list[dg.AssetCheckSpec]:
    checks = [*_of_table(export), *OF_LOAD]
    with warnings.catch_warnings():
        # Checks by partition are called a preview; without them a partition's result would stand for all.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        specs = [
            dg.AssetCheckSpec(
                check.value,
                asset=dg.AssetKey(export.asset_key),
                description=check.description,
                partitions_def=PERIODS,
            )
            for check in checks
        ]
    if export.config.last_month_due_day is not None and export.is_scheduled:
        check = Check.LAST_MONTH_IS_HERE
        specs.append(
            dg.AssetCheckSpec(check.value, asset=dg.AssetKey(export.asset_key), description=check.description)
        )
    return specs


def _of_table(export: ConfiguredExport) -> list[Check]:
    found = [Check.ROWS_MATCH_FILE, *OF_TABLE]
    return found if export.row_key else [check for check in found if check is not Check.KEYS_UNIQUE]


@dataclass(frozen=True, slots=True)
class _Step:
    """One step. It does not fail, because that would fail a run whose rows are loaded."""

    context: dg.AssetCheckExecutionContext
    export: ConfiguredExport
    database: ExportDatabaseResource
    clock: Clock
    asset: dg.AssetKey
    started: float = field(default_factory=time.monotonic)

    def findings(self, wanted: set[Check]) -> Iterator[tuple[Check, str | None, CheckFinding]]:
        """Yield what the wanted checks found, and in which partition.

        It is the run's partition; for a run without one, as "Execute all" of the UI starts, each that was ever loaded.
        """
        if Check.LAST_MONTH_IS_HERE in wanted:
            yield Check.LAST_MONTH_IS_HERE, None, self._of_asset()
        of_slice = wanted - {Check.LAST_MONTH_IS_HERE}
        for partition in self._partitions() if of_slice else ():
            found = self._safely(of_slice, partial(self._of_slice, of_slice, partition))
            for text in dict.fromkeys(finding.text for finding in found.values() if not finding.passed):
                self.context.log.warning(text)
            for check, finding in found.items():
                yield check, partition, finding

    def _of_asset(self) -> CheckFinding:
        config, key = self.export.config, Check.LAST_MONTH_IS_HERE
        ledger = Ledger(self.context.instance, self.asset, PeriodFilter.LAST_MONTH.value)
        today = Today.of(self.clock.now(), config, config.last_month_due_day or 1)
        return self._safely({key}, lambda: {key: last_month_is_here(ledger, self.export.asset, today)})[key]

    def _partitions(self) -> list[str]:
        if self.context.has_partition_key:
            return [self.context.partition_key]
        loaded = materialized_partitions(self.context.instance, self.asset)
        return [period.value for period in PeriodFilter if period.value in loaded]

    def _safely(
        self, wanted: set[Check], find: Callable[[], Mapping[Check, CheckFinding]]
    ) -> Mapping[Check, CheckFinding]:
        try:
            return find()
        except Exception as error:  # noqa: BLE001 - whatever it is; its text may quote a value
            return dict.fromkeys(wanted, warned(f"not checked ({type(error).__name__}). {AGAIN}"))

    def _of_slice(self, wanted: set[Check], partition: str) -> dict[Check, CheckFinding]:
        loads = self._loads(partition)
        if not loads:
            text = f"{partition}: not checked, because it was never loaded. Materialize it first"
            return dict.fromkeys(wanted, warned(text))
        found = {} if wanted <= OF_LOAD.keys() else self._of_table(partition, loads, wanted - OF_LOAD.keys())
        return found | {check: find(partition, loads) for check, find in OF_LOAD.items() if check in wanted}

    def _of_table(self, partition: str, loads: list[Load], wanted: set[Check]) -> dict[Check, CheckFinding]:
        organization_id = loads[0].organization_id
        try:
            with self.database.reading(longest_wait_s=self._longest_wait_s()) as connection:
                schema, table = schema_and_table(self.export.asset)
                queries = SliceQueries.find(
                    connection, table, organization_id, schema=schema, _period_filter=partition
                )
                if queries is None:
                    text = (
                        f"{partition}: there is no table {self.export.asset}. Materialize the partition again"
                    )
                    return dict.fromkeys(wanted, failed(text))
                rows = queries.kept_rows()
                month = rows.requested_month or self._this_month
                loaded = LoadedSlice(self.export, partition, organization_id, queries, rows, month)
                found = {check: find(loaded) for check, find in OF_TABLE.items() if check in wanted}
        except PipefyExportsError as error:
            return dict.fromkeys(wanted, warned(f"{partition}: not checked. {error}. {AGAIN}"))
        if Check.ROWS_MATCH_FILE in wanted:
            store = raw_file_store(self.export.config)
            raw_files = store.partition(organization_id, self.export.asset, partition)
            load = self._load_of(partition, rows, loads)
            found[Check.ROWS_MATCH_FILE] = rows_match_file(partition, rows, load, raw_files)
        return found

    @property
    def _this_month(self) -> date:
        return self.clock.now().astimezone(self.export.config.zone).date().replace(day=1)

    def _longest_wait_s(self) -> float:
        left = LONGEST_WAIT_S - (time.monotonic() - self.started)
        return round(max(left, SHORTEST_WAIT_S), 1)

    def _loads(self, partition: str) -> list[Load]:
        return newest_loads(self.context.instance, self.asset, partition)

    def _load_of(self, partition: str, rows: SliceRows, loads: list[Load]) -> Load:
        """Return the load that the rows are from; one that commits just now is waited for a moment."""
        for pause_s in EVENT_PAUSES_S:
            if not rows.exports or loads[0].export_id in rows.exports:
                break
            self.clock.sleep(pause_s)
            loads = self._loads(partition)
        return loads[0]
