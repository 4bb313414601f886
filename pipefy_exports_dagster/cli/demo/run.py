"""`pipefy-exports demo`: six partitions from a local Pipefy through Dagster into DuckDB, their months, then SQL."""

import time
from collections.abc import Sequence
from pathlib import Path

import dagster as dg
from rich.console import Console
from rich.live import Live
from rich.table import Table

from pipefy_exports_dagster.cli.demo.answers import QUESTIONS, answer
from pipefy_exports_dagster.cli.demo.environment import sandbox_data_dir, sandbox_environment
from pipefy_exports_dagster.cli.demo.loaded import LoadedPartition, loaded_partitions
from pipefy_exports_dagster.cli.demo.partition_runs import PartitionRun, start_run
from pipefy_exports_dagster.cli.rebuild_history import rebuild
from pipefy_exports_dagster.config.environment import config_from_environment
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.exports import configured_exports
from pipefy_exports_dagster.periods import PeriodFilter
from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings

REDRAW_S = 0.25
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


def run_demo(console: Console, *, data_dir: Path) -> int:
    """Show the whole path once, on made-up data.

    Args:
        console: Where to show it.
        data_dir: The project's data folder; everything goes into `sandbox` in it.

    Returns:
        An exit code: 0 if all six partitions are loaded.
    """
    data_dir = sandbox_data_dir(data_dir)
    with Sandbox(SandboxSettings()).running() as sandbox:
        # No step for checks: six more processes would make half of the demo's time. `dev` has them.
        environment = sandbox_environment(sandbox.url, data_dir) | {"PIPEFY_EXPORTS_CHECKS": "false"}
        config = config_from_environment(environment)
        assets = [export.settings.name for export in configured_exports(config)]
        console.print(
            f"A local Pipefy (the sandbox) answers at {sandbox.url}. Everything stays in {data_dir}."
        )
        console.print("Dagster creates, awaits and loads three period filters of two exports:\n")
        started = time.monotonic()
        runs = [
            start_run(period.value, assets, environment=environment, working_dir=data_dir)
            for period in PeriodFilter
        ]
        _watch(runs, assets, console)
    failed = [run for run in runs if run.failed]
    for run in failed:
        console.print(
            f"\n[red]{run.partition} failed[/red]; the whole log is {run.log_path}\n{run.trouble()}"
        )
    if failed:
        return 1
    console.print(f"\nAll loaded in {time.monotonic() - started:.0f} s.\n")
    home = Path(environment["DAGSTER_HOME"])
    picture = _show_loaded(console, loaded_partitions(home, assets), data_dir)
    _build_history(config, home, console)
    for question, query in QUESTIONS:
        console.print(f"\n[bold]{question}[/bold]\n[dim]{query}[/dim]")
        console.print(answer(config.database_path, query))
    console.print(
        f"\nRows per day:  {picture}  (also on each partition's page of the UI)\n"
        f"Query it:      duckdb {config.database_path}  (or any DuckDB client)\n"
        "See it in the Dagster UI:  make dev  (without credentials in .env it opens this sandbox's data)\n"
        "Your own account:          cp .env.example .env, fill it in, make dev",
        soft_wrap=True,
    )
    return 0


def _watch(runs: Sequence[PartitionRun], assets: Sequence[str], console: Console) -> None:
    """Show each partition's newest log line until all runs are over."""
    if not console.is_terminal:
        _watch_plainly(runs, assets, console)
        return
    with Live(console=console, auto_refresh=False) as live:
        while not all(run.is_over for run in runs):
            live.update(_progress_table(runs, assets), refresh=True)
            time.sleep(REDRAW_S)
        live.update(_progress_table(runs, assets), refresh=True)


def _watch_plainly(runs: Sequence[PartitionRun], assets: Sequence[str], console: Console) -> None:
    """Print each change as a line, for a log file or CI."""
    shown: dict[tuple[str, str], str] = {}
    over = False
    while not over:
        over = all(run.is_over for run in runs)
        for run in runs:
            for asset in assets:
                text = _short(run.progress.get(asset, ""))
                if text and shown.get((run.partition, asset)) != text:
                    shown[run.partition, asset] = text
                    console.print(f"  {run.partition:14} {asset:28} {text}", soft_wrap=True)
        time.sleep(REDRAW_S)


def _progress_table(runs: Sequence[PartitionRun], assets: Sequence[str]) -> Table:
    table = Table("partition", "asset", "now", box=None, pad_edge=False)
    spinner = SPINNER[int(time.monotonic() / REDRAW_S) % len(SPINNER)]
    for run in runs:
        for asset in assets:
            mark = ("[red]✗[/red]" if run.failed else "[green]✓[/green]") if run.is_over else spinner
            table.add_row(run.partition, asset, f"{mark} {_short(run.progress.get(asset, 'Dagster starts'))}")
    return table


def _short(text: str) -> str:
    return text if len(text) <= 90 else text[:89] + "…"  # noqa: PLR2004 - one line of a terminal


def _build_history(config: PipefyExportsConfig, home: Path, console: Console) -> None:
    """Build the months of every history from the files that are here now."""
    started = time.monotonic()
    with dg.DagsterInstance.from_config(str(home)) as instance:
        histories = rebuild([config], instance)
    built = ", ".join(
        f"{sum(1 for month in history.months if month.coverage)} months of {history.table}"
        for history in histories
    )
    console.print(
        f"\nFrom the same files, {built} in {time.monotonic() - started:.0f} s: what Pipefy forgets after three "
        "months.",
        soft_wrap=True,
    )


def _show_loaded(console: Console, partitions: Sequence[LoadedPartition], data_dir: Path) -> Path:
    """Show what is loaded; return where the picture of the first partition is, which is written there."""
    table = Table("table", "_period_filter", title="Loaded", title_justify="left")
    for heading in ("rows", "file bytes", "waited s", "downloaded s", "loaded s"):
        table.add_column(heading, justify="right")
    for loaded in partitions:
        table.add_row(
            loaded.table,
            loaded.partition,
            f"{loaded.rows:,}",
            f"{loaded.file_bytes:,}",
            f"{loaded.waiting_s:.1f}",
            f"{loaded.downloading_s:.1f}",
            f"{loaded.loading_s:.1f}",
        )
    console.print(table)
    first = partitions[0]
    picture = data_dir / f"{first.table}-{first.partition}.svg"
    picture.write_text(first.picture or "", encoding="utf-8")
    return picture
