"""`pipefy-exports demo`: six partitions from a local Pipefy through Dagster into DuckDB, their months, then SQL."""

import time
from collections.abc import Sequence
from pathlib import Path

import dagster as dg
from rich.console import Console
from rich.live import Live
from rich.table import Table

from pipefy_exports_dagster.cli.demo.answers import QUESTIONS, answer
from pipefy_exports_dagster.cli.demo.checked import evaluate_due_checks, newest_results
from pipefy_exports_dagster.cli.demo.environment import sandbox_data_dir, sandbox_environment
from pipefy_exports_dagster.cli.demo.first_month import with_first_month
from pipefy_exports_dagster.cli.demo.loaded import LoadedPartition, loaded_partitions
from pipefy_exports_dagster.cli.demo.next_steps import next_steps
from pipefy_exports_dagster.cli.demo.partition_runs import PartitionRun, ended_with_this, start_run
from pipefy_exports_dagster.cli.rebuild_history import rebuild
from pipefy_exports_dagster.clock import SystemClock
from pipefy_exports_dagster.config.environment import config_from_environment
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.exports import configured_exports
from pipefy_exports_dagster.periods import PeriodFilter
from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings
from pipefy_exports_dagster.tables.stores import table_store

REDRAW_S = 0.25
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


def run_demo(console: Console, *, data_dir: Path, has_credentials: bool) -> int:
    """Show the whole path once, on made-up data.

    Args:
        console: Where to show it.
        data_dir: The project's data folder; everything goes into `sandbox` in it.
        has_credentials: Whether `dev` would open the account of `.env` and not the sandbox.

    Returns:
        An exit code: 0 if all six partitions are loaded.
    """
    data_dir = sandbox_data_dir(data_dir)
    with Sandbox(SandboxSettings()).running() as sandbox:
        console.print(
            f"A local Pipefy (the sandbox) answers at {sandbox.url}. Everything stays in {data_dir}."
        )
        environment = with_first_month(sandbox_environment(sandbox.url, data_dir))
        config = config_from_environment(environment)
        assets = [export.settings.name for export in configured_exports(config)]
        console.print("Dagster creates, awaits, loads and checks three period filters of two exports:\n")
        started = time.monotonic()
        with ended_with_this() as runs:
            for period in PeriodFilter:
                for asset in assets:
                    runs.append(start_run(asset, period.value, environment=environment, working_dir=data_dir))
            _watch(runs, console)
    failed = [run for run in runs if run.failed]
    for run in failed:
        console.print(
            f"\n[red]{run.partition} of {run.asset} failed[/red]; the whole log is {run.log_path}\n{run.trouble()}"
        )
    if failed:
        return 1
    console.print(f"\nAll loaded in {time.monotonic() - started:.0f} s.\n")
    home = Path(environment["DAGSTER_HOME"])
    picture = _show_loaded(console, loaded_partitions(home, assets), data_dir)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        _build_history(config, instance, console)
        _show_checks(config, instance, console)
    for question, query in QUESTIONS:
        console.print(f"\n[bold]{question}[/bold]\n[dim]{query}[/dim]")
        console.print(answer(table_store(config), query))
    console.print()
    for line in next_steps(config, picture, has_credentials=has_credentials):
        console.print(line, soft_wrap=True, markup=False)
    return 0


def _watch(runs: Sequence[PartitionRun], console: Console) -> None:
    """Show each partition's newest log line until all runs are over."""
    if not console.is_terminal:
        _watch_plainly(runs, console)
        return
    with Live(console=console, auto_refresh=False) as live:
        while not all(run.is_over for run in runs):
            live.update(_progress_table(runs), refresh=True)
            time.sleep(REDRAW_S)
        live.update(_progress_table(runs), refresh=True)


def _watch_plainly(runs: Sequence[PartitionRun], console: Console) -> None:
    """Print each change as a line, for a log file or CI."""
    shown: dict[int, str] = {}
    over = False
    while not over:
        over = all(run.is_over for run in runs)
        for number, run in enumerate(runs):
            text = _short(run.progress)
            if text and shown.get(number) != text:
                shown[number] = text
                console.print(f"  {run.partition:14} {run.asset:28} {text}", soft_wrap=True)
        time.sleep(REDRAW_S)


def _progress_table(runs: Sequence[PartitionRun]) -> Table:
    table = Table("partition", "asset", "now", box=None, pad_edge=False)
    spinner = SPINNER[int(time.monotonic() / REDRAW_S) % len(SPINNER)]
    for run in runs:
        mark = ("[red]✗[/red]" if run.failed else "[green]✓[/green]") if run.is_over else spinner
        table.add_row(run.partition, run.asset, f"{mark} {_short(run.progress or 'Dagster starts')}")
    return table


def _short(text: str) -> str:
    return text if len(text) <= 90 else text[:89] + "…"  # noqa: PLR2004 - one line of a terminal


def _build_history(config: PipefyExportsConfig, instance: dg.DagsterInstance, console: Console) -> None:
    """Build the months of every history from the files that are here now."""
    started = time.monotonic()
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


def _show_checks(config: PipefyExportsConfig, instance: dg.DagsterInstance, console: Console) -> None:
    """Say what the checks of all assets found."""
    clock = SystemClock()
    evaluate_due_checks(instance, config, clock)
    results = newest_results(instance, config, clock)
    wrong = [result for result in results if not result.passed]
    console.print(
        f"\nChecks of what was loaded and built: {len(results) - len(wrong)} of {len(results)} passed."
    )
    for result in wrong:
        console.print(f"  {result.check_name}: {result.description}", soft_wrap=True, markup=False)


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
