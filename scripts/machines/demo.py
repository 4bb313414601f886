"""`make demo-scale`: the demo on two workers, Postgres, an object store and DuckLake, from wheels, on this machine.

It ends by itself; with --keep it goes on until Ctrl-C, and all can be looked at in the UI.
"""

import argparse
import shutil
import sys
import time
from pathlib import Path

import dagster as dg
from rich.console import Console
from servers import ServerError

from machines import Installation, SharedServers
from machines.launches import Launch, launch
from pipefy_exports_dagster.cli.demo.answers import QUESTIONS, answer
from pipefy_exports_dagster.cli.demo.demo import LOG_WIDTH
from pipefy_exports_dagster.cli.demo.environment import sandbox_data_dir, sandbox_settings
from pipefy_exports_dagster.cli.rebuild_history import rebuild
from pipefy_exports_dagster.config.environment import config_from_environment
from pipefy_exports_dagster.exports import configured_exports
from pipefy_exports_dagster.periods import PeriodFilter
from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings
from pipefy_exports_dagster.tables.stores import table_store

WORKERS = ("worker-1", "worker-2")
REDRAW_S = 1.0


def main() -> int:
    """Run the demo, and return an exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="keep all of it until Ctrl-C")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = LOG_WIDTH
    root = sandbox_data_dir(Path("data").absolute()) / "scale"
    shutil.rmtree(root, ignore_errors=True)
    try:
        with SharedServers.running() as servers, Sandbox(SandboxSettings()).running() as sandbox:
            return _show(console, root, servers, sandbox.url, keep=arguments.keep)
    except ServerError as error:
        console.print(str(error), markup=False)
        return 1
    except KeyboardInterrupt:
        return 0


def _show(console: Console, root: Path, servers: SharedServers, url: str, *, keep: bool) -> int:
    console.print(
        f"A local Pipefy answers at {url}, Postgres on port {servers.postgres.port}, a broker on "
        f"{servers.broker.port}, an object store on {servers.store.port}.\n"
        f"Two workers, which share no folder, start in {root}.",
        soft_wrap=True,
    )
    installation = Installation(root, servers, workers=WORKERS, settings=sandbox_settings(url, root))
    with installation.running(), installation.instance() as instance:
        config = config_from_environment(installation.control.environment)
        assets = [export.settings.name for export in configured_exports(config)]
        console.print("Dagster's daemon gives three period filters of two exports to the workers:\n")
        started = time.monotonic()
        launches = [Launch(asset, period.value) for period in PeriodFilter for asset in assets]
        run_ids = launch(installation.url, launches)
        failed = _watch(console, instance, installation, dict(zip(run_ids, launches, strict=True)))
        if failed:
            console.print(
                f"\n{len(failed)} runs failed; what the workers said is in {root}/*/worker.log",
                soft_wrap=True,
            )
            return 1
        console.print(
            f"\nAll loaded in {time.monotonic() - started:.0f} s. The months of the histories are built ..."
        )
        rebuild([config], instance)
        for question, query in QUESTIONS:
            console.print(f"\n[bold]{question}[/bold]\n[dim]{query}[/dim]")
            console.print(answer(table_store(config), query))
        if keep:
            console.print(f"\nThe UI is at {installation.url}, until Ctrl-C ends all of it.")
            while True:
                time.sleep(3600)
        console.print(
            "\nAll servers end here. To look at it in the UI:  make demo-scale KEEP=1", soft_wrap=True
        )
    return 0


def _watch(
    console: Console, instance: dg.DagsterInstance, installation: Installation, launches: dict[str, Launch]
) -> list[dg.DagsterRun]:
    """Show each run's end, and which worker it was on; return those that failed."""
    said = set[str]()
    while True:
        runs = instance.get_runs(dg.RunsFilter(run_ids=list(launches)))
        for run in runs:
            if run.is_finished and run.run_id not in said:
                said.add(run.run_id)
                of = launches[run.run_id]
                console.print(
                    f"  {of.partition:14} {of.asset:28} {run.status.value:8} on {_worker_of(installation, run.run_id)}"
                )
        if len(said) == len(launches):
            return [run for run in runs if run.status is not dg.DagsterRunStatus.SUCCESS]
        time.sleep(REDRAW_S)


def _worker_of(installation: Installation, run_id: str) -> str:
    found = [name for name, machine in installation.workers.items() if run_id in machine.log("worker")]
    return ", ".join(found)


if __name__ == "__main__":
    sys.exit(main())
