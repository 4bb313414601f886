"""`pipefy-exports rebuild-history`: every month from the raw files, without Pipefy."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from pipefy_exports_dagster.cli.errors import cli_errors
from pipefy_exports_dagster.cli.progress_bar import progress_bar
from pipefy_exports_dagster.cli.settings import read_settings
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.naming import schema_and_table, table_in_sql
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.exports import ConfiguredExport, configured_exports
from pipefy_exports_dagster.history import Grade, HistoryBuilder, MonthAction, MonthResult, history_plan
from pipefy_exports_dagster.raw_files.archive import archived_organizations

if TYPE_CHECKING:
    import dagster as dg


@dataclass(slots=True)
class Rebuilt:
    """The months of one history of one organization."""

    table: str
    organization_id: str
    months: list[MonthResult] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def gaps(self) -> list[date]:
        """Months between the first and the last that are there."""
        there = [result.month for result in self.months if result.coverage]
        return [r.month for r in self.months if not r.coverage and there and there[0] < r.month < there[-1]]

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "table": self.table,
            "organization_id": self.organization_id,
            "months": [
                {
                    "month": f"{result.month:%Y-%m}",
                    "action": result.action.value,
                    "rows": result.coverage.rows,
                    "is_complete": result.coverage.grade is Grade.COMPLETE,
                    "export_id": result.coverage.export_id,
                }
                for result in self.months
                if result.coverage
            ],
            "gaps": [f"{month:%Y-%m}" for month in self.gaps],
            "warnings": self.warnings,
        }


@click.command()
@click.option("--history", "only", metavar="NAME", help="One history only, such as automation_jobs_history.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, and nothing else.")
def rebuild_history(*, only: str | None, as_json: bool) -> None:
    """Build every month of the history from the raw files, without asking Pipefy for anything.

    A month that the files hold no better than the table, or not any more, stays as it is. Dagster is told of
    each month, so that its UI agrees.
    """
    from pipefy_exports_dagster.cli.dagster_event import opened_instance

    with cli_errors(as_json=as_json) as interruption:
        settings = read_settings()
        with (
            opened_instance(settings.dagster_home, data_dir=settings.config.data_dir) as instance,
            progress_bar("months", quiet=as_json) as advance,
        ):

            def on_month(what: str, number: int, total: int) -> None:
                interruption.committed |= number > 1
                advance(what, number, total)

            rebuilt = rebuild(settings.configs, instance, only=only, on_month=on_month)
    if as_json:
        click.echo(json.dumps({"histories": [history.as_json() for history in rebuilt]}))
    else:
        _print(rebuilt)


def rebuild(
    configs: Sequence[PipefyExportsConfig],
    instance: "dg.DagsterInstance",
    *,
    only: str | None = None,
    on_month: Callable[[str, int, int], None] = lambda *_: None,
) -> list[Rebuilt]:
    """Build all months of all organizations that have raw files.

    Args:
        configs: Where the files and the databases are.
        instance: Is told of each month of the configured organizations.
        only: The name of one history; None for all.
        on_month: Called before each month with what is built, its number and how many there are.

    Raises:
        ConfigurationError: There is no such history, or it is not clear to which month rows belong.
        ConfigurationError: It is not clear to which month a file's rows belong.
        DatabaseLockedError: Another process held the database until the deadline.
        LoadFailedError: DuckDB refused; the month stays as it was.
        DiskFullError: No space was left; the month stays as it was.
    """
    histories = [export for config in configs if config.history for export in configured_exports(config)]
    exports = [export for export in histories if only in (None, export.history)]
    if not exports:
        names = ", ".join(export.history for export in histories)
        raise ConfigurationError(f"there is no history {only!r}; there are {names}")
    rebuilt = []
    for export in exports:
        organizations = archived_organizations(export.config.data_dir, export.asset)
        rebuilt += [_rebuild_one(export, id_, instance, on_month) for id_ in organizations]
    return rebuilt


def _rebuild_one(
    export: ConfiguredExport,
    organization_id: str,
    instance: "dg.DagsterInstance",
    on_month: Callable[[str, int, int], None],
) -> Rebuilt:
    from pipefy_exports_dagster.orchestration.history.metadata import month_materialization

    table = table_in_sql(*schema_and_table(export.history))
    rebuilt, config = Rebuilt(table, organization_id), export.config
    with HistoryBuilder(history_plan(export, organization_id), on_warning=rebuilt.warnings.append) as builder:
        months = [month for month in builder.months() if month >= config.history_start]
        for number, month in enumerate(months, 1):
            on_month(f"{export.history} {month:%Y-%m}", number, len(months))
            started = time.monotonic()
            result = builder.build(month)
            loading_s = time.monotonic() - started
            rebuilt.months.append(result)
            if result.coverage and config.organization_id in (None, organization_id):
                instance.report_runless_asset_event(
                    month_materialization(builder.plan, result, result.coverage, loading_s=loading_s)
                )
        builder.publish()
    return rebuilt


def _print(rebuilt: list[Rebuilt]) -> None:
    console = Console(highlight=False)
    if not rebuilt:
        console.print("There are no raw files to build a history from.")
    for history in rebuilt:
        table = Table("month", "rows", "", "export", title=f"{history.table}, {history.organization_id}")
        for result in history.months:
            if result.coverage:
                state = "complete" if result.coverage.grade is Grade.COMPLETE else "provisional"
                kept = ", kept" if result.action is MonthAction.KEPT else ""
                table.add_row(
                    f"{result.month:%Y-%m}",
                    f"{result.coverage.rows:,}",
                    state + kept,
                    result.coverage.export_id,
                )
            elif result.month in history.gaps:
                table.add_row(f"{result.month:%Y-%m}", "", "gap: no file covers it", "")
        console.print(table)
        for warning in history.warnings:
            console.print(f"warning: {warning}", markup=False)
