"""The history assets: one table each, partitioned by calendar month, built from the raw files."""

import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

import dagster as dg
from pydantic import Field

from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.naming import schema_and_table
from pipefy_exports_dagster.errors import MonthNotCoveredError
from pipefy_exports_dagster.exports import ConfiguredExport, configured_exports
from pipefy_exports_dagster.history import Grade, HistoryBuilder, MonthAction, MonthResult, history_plan
from pipefy_exports_dagster.orchestration.checks.due import how_to_fill
from pipefy_exports_dagster.orchestration.checks.history_checks import history_findings
from pipefy_exports_dagster.orchestration.failures import failures_for_dagster, retry_policy
from pipefy_exports_dagster.orchestration.history.metadata import month_materialization
from pipefy_exports_dagster.orchestration.pipefy_tables import table_metadata
from pipefy_exports_dagster.periods import month_of
from pipefy_exports_dagster.pipefy.organization import require_organization_id
from pipefy_exports_dagster.tables.relations import MONTH_COLUMN

MONTH_FORMAT = "%Y-%m"
MONTHS = (
    "Each calendar month once, from the newest export that covers it, built from the raw files: Pipefy is not asked. "
    "A month is provisional (`_is_complete`) until an export covers all of it; it is never emptied."
)


class HistoryRunConfig(dg.Config):
    """What a run may ask for in the Launchpad."""

    only_covered: bool = Field(
        default=False,
        description="Leave out months that no export covers, also where that is all of them: for the sensor",
    )


def history_partitions(
    config: PipefyExportsConfig, *, ended_only: bool = False
) -> dg.MonthlyPartitionsDefinition:
    """Return the months of the organization, from the start of its history, with or without the current one."""
    return dg.MonthlyPartitionsDefinition(
        start_date=config.history_start.strftime(MONTH_FORMAT),
        fmt=MONTH_FORMAT,
        timezone=config.timezone,
        end_offset=0 if ended_only else 1,
    )


def history_assets(config: PipefyExportsConfig, clock: Clock) -> list[dg.AssetsDefinition]:
    """Return the history asset of each configured export."""
    partitions = history_partitions(config)
    with warnings.catch_warnings():
        # `backfill_policy` is called beta; without it a backfill would read a file once for each of its months.
        warnings.simplefilter("ignore", dg.BetaWarning)
        return [_history_asset(config, export, partitions, clock) for export in configured_exports(config)]


def _history_asset(
    config: PipefyExportsConfig,
    export: ConfiguredExport,
    partitions: dg.MonthlyPartitionsDefinition,
    clock: Clock,
) -> dg.AssetsDefinition:
    @dg.asset(
        key=dg.AssetKey(export.history_key),
        description=f"{export.asset} by calendar month: {export.type.history_rows}. {MONTHS}",
        partitions_def=partitions,
        # One run for all months of a backfill: a file that holds three of them is read once.
        backfill_policy=dg.BackfillPolicy.single_run(),
        # A period filter means other months with every month, so any may depend on any.
        deps=[dg.AssetDep(dg.AssetKey(export.asset_key), partition_mapping=dg.AllPartitionMapping())],
        # A month that nothing covers yields nothing, and stays a gap in the UI.
        output_required=False,
        group_name=config.group_name,
        kinds={"duckdb"},
        metadata=table_metadata(export, schema_and_table(export.history)[1], MONTH_COLUMN),
        owners=list(config.owners) or None,
        retry_policy=retry_policy(config),
    )
    def history(
        context: dg.AssetExecutionContext, config: HistoryRunConfig
    ) -> Iterator[dg.MaterializeResult]:
        with failures_for_dagster():
            run = _MonthsRun(context, export, clock, only_covered=config.only_covered)
            try:
                run.build()
            finally:
                run.log_checks()
        # Nothing, and as a generator: a returned None would materialize every month of the run, gaps as well.
        yield from ()

    return history


@dataclass(frozen=True, slots=True)
class _MonthsRun:
    """The months of one run. `built` says of those that are, whether they are complete."""

    context: dg.AssetExecutionContext
    export: ConfiguredExport
    clock: Clock
    only_covered: bool
    built: dict[date, bool] = field(default_factory=dict)

    def build(self) -> None:
        """Build the run's months, newest first, and say where the files end.

        Raises:
            MonthNotCoveredError: All months that were asked for are gaps. Where only some are, as in a backfill of a
                new installation, the run succeeds: a month that failed would stay red for ever where Pipefy does
                not reach back to it.
        """
        config = self.export.config
        plan = history_plan(self.export, require_organization_id(config.organization_id))
        gaps: list[date] = []
        with HistoryBuilder(plan, on_warning=self.context.log.warning) as builder:
            try:
                for key in sorted(self.context.partition_keys, reverse=True):
                    started = time.monotonic()
                    result = builder.build(month_of_key(key))
                    if result.coverage is None:
                        gaps.append(result.month)
                        continue
                    # Logged, not returned: what is returned would stand for every month of the run.
                    loading_s = time.monotonic() - started
                    self.context.log_event(
                        month_materialization(plan, result, result.coverage, loading_s=loading_s)
                    )
                    self.built[result.month] = result.coverage.grade is Grade.COMPLETE
                    self.context.log.info(_said(plan.asset, result))
            finally:
                builder.publish()
            if gaps:
                self._say_gaps(gaps, builder)

    def log_checks(self) -> None:
        """Log what the checks find: their own step is skipped after one that yields nothing."""
        if not self.export.config.checks:
            return
        found = history_findings(self.context.instance, self.export, self.clock, self.built)
        for check, finding in found.items():
            self.context.log_event(finding.evaluation(dg.AssetKey(self.export.history_key), check))

    def _say_gaps(self, gaps: list[date], builder: HistoryBuilder) -> None:
        listed = ", ".join(f"{month:%Y-%m}" for month in sorted(gaps)[:36])
        this_month = month_of(self.clock.now(), self.export.config.zone)
        message = (
            f"no export covers {listed} of {self.export.history}, nothing was changed there: {builder.reach()}. "
            f"{how_to_fill(gaps, self.export.asset, this_month)}"
        )
        if not self.only_covered and not self.built:
            raise MonthNotCoveredError(message)
        say = self.context.log.info if self.only_covered else self.context.log.warning
        say(message)


def month_of_key(key: str) -> date:
    """Return the first day of a partition's month."""
    return datetime.strptime(key, MONTH_FORMAT).date()  # noqa: DTZ007 - a month has no zone


def _said(asset: str, result: MonthResult) -> str:
    assert result.coverage is not None  # noqa: S101 - asked for months that are no gaps only
    coverage = result.coverage
    done = "kept" if result.action is MonthAction.KEPT else "loaded"
    return (
        f"{asset} {result.month:%Y-%m}: {done} {coverage.rows:,} rows of export {coverage.export_id!r} "
        f"({'complete' if coverage.grade is Grade.COMPLETE else 'provisional'})"
    )
