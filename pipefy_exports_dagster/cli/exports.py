"""`pipefy-exports exports`."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from pipefy_exports_dagster.cli.errors import cli_errors
from pipefy_exports_dagster.cli.output import echo_json, echo_table, readers_may_leave
from pipefy_exports_dagster.cli.progress import Progress
from pipefy_exports_dagster.cli.settings import Settings, read_settings
from pipefy_exports_dagster.clock import SystemClock

if TYPE_CHECKING:
    from pipefy_exports_dagster.orchestration.daily_limits import DailyUse
    from pipefy_exports_dagster.orchestration.past_exports import PastExport


@click.command()
@click.option("--pending", "only_pending", is_flag=True, help="Only those that are not loaded yet.")
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=20,
    show_default=True,
    help="How many past exports, the newest first. Pending ones are always listed.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, and nothing else.")
def exports(*, only_pending: bool, limit: int, as_json: bool) -> None:
    """List the exports that were asked for, and what became of them, from Dagster's event log.

    \b
    pending     asked for, not loaded; the next run goes on with it
    loaded      its rows were put into the table
    abandoned   it failed at Pipefy, or its file cannot be read
    superseded  another was asked for before it was loaded

    Of exports whose number Pipefy limits, such as those of a pipe's reports, it says how many were asked for in the
    last 24 hours.
    """  # noqa: D301 - click wants the character itself
    with cli_errors(as_json=as_json, undone=""), readers_may_leave():
        settings = read_settings()
        with Progress() as progress:
            progress.show("reading the event log")
            found, uses = _from_event_log(settings, limit)
        if only_pending:
            found = [export for export in found if export.state.value == "pending"]
        if as_json:
            echo_json(
                {
                    "exports": [_as_json(export) for export in found],
                    "daily_limits": [asdict(use) for use in uses],
                }
            )
            return
        echo_table(
            ("asset", "partition", "export", "state", "requested (UTC)", "rows", "loaded (UTC)", ""),
            [
                (
                    export.asset,
                    export.partition,
                    export.export_id,
                    export.state.value,
                    _shown(export.requested_at),
                    export.loaded_rows,
                    _shown(export.loaded_at),
                    export.reason,
                )
                for export in found
            ],
            empty=f"No export of a configured asset is in the event log of {settings.dagster_home}."
            if not only_pending
            else "No export is pending.",
        )
        for use in uses:
            if use.asked:
                click.echo(f"{use}.", err=True)


def _from_event_log(settings: Settings, limit: int) -> "tuple[list[PastExport], list[DailyUse]]":
    if not settings.dagster_home.joinpath("dagster.yaml").exists():
        return [], []  # opening it would make it
    from pipefy_exports_dagster.cli.dagster_event import opened_instance
    from pipefy_exports_dagster.exports import configured_exports
    from pipefy_exports_dagster.orchestration.daily_limits import daily_uses, together
    from pipefy_exports_dagster.orchestration.past_exports import list_past_exports, newest_past_exports

    clock = SystemClock()
    found: list[PastExport] = []
    uses: list[DailyUse] = []
    with opened_instance(settings.dagster_home, data_dir=settings.config.data_dir) as instance:
        for config in settings.configs:
            exports = configured_exports(config)
            found += list_past_exports(instance, exports, config, now=clock.now(), limit=limit)
            uses += daily_uses(instance, exports, now=clock.now())
    return newest_past_exports(found, limit), together(uses)


def _as_json(export: "PastExport") -> dict[str, Any]:
    return {
        "asset": export.asset,
        "partition": export.partition,
        "export_id": export.export_id,
        "state": export.state.value,
        "requested_at": export.requested_at.isoformat(),
        "loaded_at": export.loaded_at.isoformat() if export.loaded_at else None,
        "loaded_rows": export.loaded_rows,
        "reason": export.reason or None,
        "run_id": export.run_id or None,
    }


def _shown(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}" if moment else ""
