"""The checks of a history. They are about the whole table: each month is there once, and complete when it is over.

A history's step logs its months itself and yields nothing, so Dagster skips every step after it. Therefore the step
logs what its checks find as well; the checks' own step is for a person who executes them.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from types import MappingProxyType

import dagster as dg

from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.naming import schema_and_table
from pipefy_exports_dagster.errors import PipefyExportsError
from pipefy_exports_dagster.exports import ConfiguredExport, configured_exports
from pipefy_exports_dagster.orchestration.checks.due import Today, materialized_months, months_complete
from pipefy_exports_dagster.orchestration.checks.finding import LONGEST_WAIT_S, Check, CheckFinding, warned
from pipefy_exports_dagster.orchestration.checks.rows import keys_unique
from pipefy_exports_dagster.tables.slice_queries import SliceQueries
from pipefy_exports_dagster.tables.stores import table_store

DUE_DAY = 3
"""For a history whose export's own `last_month` is not expected on a day."""


def history_checks(config: PipefyExportsConfig, clock: Clock) -> list[dg.AssetChecksDefinition]:
    """Return the checks of the history of each configured export."""
    return [_checks_of(export, clock) for export in configured_exports(config)] if config.checks else []


def history_findings(
    instance: dg.DagsterInstance,
    export: ConfiguredExport,
    clock: Clock,
    built: Mapping[date, bool] = MappingProxyType({}),
) -> Mapping[Check, CheckFinding]:
    """Return what the checks of a history find. It raises nothing: its months are built all the same.

    Args:
        instance: Knows the months that were built before.
        export: The export of the history.
        clock: Tells the day to judge by.
        built: Months that are built but not in the event log yet, and whether they are complete.
    """
    found: dict[Check, CheckFinding] = {}
    for check in _checks(export):
        try:
            found[check] = OF_HISTORY[check](instance, export, clock, built)
        except PipefyExportsError as error:
            found[check] = warned(f"{export.history}: not checked. {error}")
        except Exception as error:  # noqa: BLE001 - whatever it is; its text may quote a value
            found[check] = warned(
                f"{export.history}: not checked ({type(error).__name__}); execute the check again"
            )
    return found


def months_finding(
    instance: dg.DagsterInstance,
    export: ConfiguredExport,
    clock: Clock,
    built: Mapping[date, bool] = MappingProxyType({}),
) -> CheckFinding:
    """Return what there is to say about the months of a history today."""
    config = export.config
    today = Today.of(clock.now(), config, config.last_month_due_day or DUE_DAY)
    held = materialized_months(instance, dg.AssetKey(export.history_key)) | dict(built)
    kept = {month: is_complete for month, is_complete in held.items() if month >= config.history_start}
    return months_complete(kept, export.history, export.asset, today)


def _checks_of(export: ConfiguredExport, clock: Clock) -> dg.AssetChecksDefinition:
    @dg.multi_asset_check(
        name=f"{dg.AssetKey(export.history_key).to_python_identifier()}_checks",
        description=f"Looks at what {export.history} holds.",
        specs=[
            dg.AssetCheckSpec(
                check.value, asset=dg.AssetKey(export.history_key), description=check.description
            )
            for check in _checks(export)
        ],
        can_subset=True,
    )
    def checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        wanted = {Check(key.name) for key in context.selected_asset_check_keys}
        for check, finding in history_findings(context.instance, export, clock).items():
            if check in wanted:
                yield finding.result(dg.AssetKey(export.history_key), check)

    return checks


def _checks(export: ConfiguredExport) -> list[Check]:
    return [check for check in OF_HISTORY if check is not Check.KEYS_UNIQUE or export.row_key]


def _keys_finding(
    _instance: dg.DagsterInstance, export: ConfiguredExport, _clock: Clock, _built: Mapping[date, bool]
) -> CheckFinding:
    config = export.config
    timeout_s = min(config.database_lock_timeout_s, LONGEST_WAIT_S)
    with table_store(config).open_to_read(lock_timeout_s=timeout_s) as connection:
        schema, table = schema_and_table(export.history)
        kept = SliceQueries.find(connection, table, config.organization_id or "", schema=schema)
        if kept is None:
            return warned(
                f"{export.history}: not checked, because there is no such table yet. Build a month first"
            )
        return keys_unique(export.history, kept, export.row_key, show_values=export.reading.show_values)


OF_HISTORY: Mapping[
    Check, Callable[[dg.DagsterInstance, ConfiguredExport, Clock, Mapping[date, bool]], CheckFinding]
] = {
    Check.MONTHS_COMPLETE: months_finding,
    Check.KEYS_UNIQUE: _keys_finding,
}
"""They are about the whole table of a history."""
