"""Two machines that share a Postgres, a broker and an object store only; web server, daemon and a local Pipefy."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import dagster as dg
from machines import Installation, SharedServers
from machines.launches import Launch, launch, start_sensor
from support.waiting import PATIENCE_S

from pipefy_exports_dagster.cli.demo.environment import sandbox_settings
from pipefy_exports_dagster.config.environment import config_from_environment
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.sandbox import PIPE_ID, PIPE_REPORT_ID, Sandbox, SandboxSettings
from pipefy_exports_dagster.tables.stores import table_store

STOPPING = "scale.stopping_definitions"
A, B = "a", "b"


class World:
    """The machines, the servers and the sandbox, and what a person does with them."""

    def __init__(
        self,
        root: Path,
        sandbox: Sandbox,
        servers: SharedServers,
        *,
        settings: Mapping[str, str],
        instance_settings: Mapping[str, Any],
        runs_at_once: int,
    ) -> None:
        self.root = root
        self.sandbox = sandbox
        self.servers = servers
        self.stops = root / "stops"
        self.stops.mkdir()
        self.installation = Installation(
            root,
            servers,
            workers=[A, B],
            definitions=STOPPING,
            instance_settings=instance_settings,
            runs_at_once=runs_at_once,
            settings=sandbox_settings(sandbox.url, root)
            | {
                "PIPEFY_PIPE_ID": PIPE_ID,
                "PIPEFY_PIPE_REPORT_ID": PIPE_REPORT_ID,
                "PIPEFY_EXPORTS_CHECKS": "false",
                "STOPS": str(self.stops),
            }
            | dict(settings),
        )

    @classmethod
    @contextmanager
    def running(
        cls,
        root: Path,
        *,
        settings: Mapping[str, str] | None = None,
        instance_settings: Mapping[str, Any] | None = None,
        runs_at_once: int = 4,
        workers: Sequence[str] = (A, B),
        **sandbox: Any,
    ) -> Iterator[Self]:
        """Start all of it, or of the workers those that are named; it is gone when the block ends."""
        root.mkdir(parents=True, exist_ok=True)
        small = {"jobs": 200, "cards": 60, "processing_seconds": 0.2}
        with (
            SharedServers.running() as servers,
            Sandbox(SandboxSettings(**(small | sandbox))).running() as pipefy,
        ):
            world = cls(
                root,
                pipefy,
                servers,
                settings=settings or {},
                instance_settings=instance_settings or {},
                runs_at_once=runs_at_once,
            )
            with world.installation.running(workers):
                yield world

    @property
    def exports(self) -> int:
        """How many exports Pipefy has created."""
        return self.sandbox.stats.exports.total()

    @property
    def config(self) -> PipefyExportsConfig:
        return config_from_environment(self.installation.control.environment)

    def launch(self, *launches: Launch) -> list[str]:
        """Ask the web server for runs, which the daemon launches; return their ids."""
        return launch(self.installation.url, launches)

    def start_sensor(self, name: str) -> None:
        start_sensor(self.installation.url, name)

    def runs(self, *run_ids: str) -> list[dg.DagsterRun]:
        """Return runs, the newest first; all of them if none is named."""
        with self.installation.instance() as instance:
            return list(instance.get_runs(dg.RunsFilter(run_ids=list(run_ids) or None)))

    def await_runs(self, *run_ids: str, minimum: int = 1) -> list[dg.DagsterRun]:
        """Wait until all runs have ended, and return them."""

        def ended() -> list[dg.DagsterRun]:
            runs = self.runs(*run_ids)
            return runs if len(runs) >= minimum and all(run.is_finished for run in runs) else []

        found: list[dg.DagsterRun] = self.wait_for(ended)
        return found

    def wait_for(self, condition: Callable[[], Any], *, pause_s: float = 0.5) -> Any:
        """Wait until a condition holds; show what all machines said last if it never does."""
        deadline = time.monotonic() + 4 * PATIENCE_S
        while not (found := condition()):
            assert time.monotonic() < deadline, self.last_words()
            time.sleep(pause_s)
        return found

    def last_words(self) -> str:
        """Return the end of every log."""
        logs = sorted(self.root.glob("*/*.log"))
        states = [f"{run.run_id} {run.status.value} {dict(run.tags)}" for run in self.runs()]
        ends = [f"=== {log.relative_to(self.root)}\n{log.read_text()[-3000:]}" for log in logs]
        return "\n".join([*states, *ends])

    def said(self, run_id: str) -> list[str]:
        """Return what a run logged."""
        with self.installation.instance() as instance:
            return [record.user_message for record in instance.all_logs(run_id)]

    def materializations(self, asset: str, partition: str) -> list[dict[str, Any]]:
        """Return the metadata of each materialization, newest first."""
        of = dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[partition])
        with self.installation.instance() as instance:
            records = instance.fetch_materializations(of, limit=100).records
        found = []
        for record in records:
            assert record.asset_materialization
            values = {name: entry.value for name, entry in record.asset_materialization.metadata.items()}
            found.append(values | {"run_id": record.run_id, "at": record.timestamp})
        return found

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the tables, wherever they are."""
        with (
            self.installation.environment(),
            table_store(self.config).open_to_read(lock_timeout_s=60) as connection,
        ):
            return connection.execute(sql).fetchall()

    def await_executed(self, *machines: str, runs: int = 1) -> None:
        """Wait until the worker of each machine says that it has ended so many runs: later than the run says it."""
        workers = [self.installation.workers[name] for name in machines]
        self.wait_for(lambda: all(_executed(worker.log("worker")) >= runs for worker in workers))

    def has_locks(self) -> bool:
        """Whether any process still holds a lock, of a partition or in the lake."""
        return bool(
            self.servers.postgres.database().execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'")
        )


def _executed(log: str) -> int:
    return sum("Task execute_job[" in line and "succeeded" in line for line in log.splitlines())


def table(heading: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
