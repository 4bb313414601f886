"""A user's project in a temporary folder: environment, instance, database, and Dagster runs in it."""

import atexit
import dataclasses
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef

from pipefy_exports_dagster.cli.demo.environment import OURS, sandbox_settings
from pipefy_exports_dagster.cli.instance import prepare_instance
from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.config.environment import config_from_environment
from pipefy_exports_dagster.config.model import PipefyExportsConfig, PollPolicy
from pipefy_exports_dagster.files.private import make_folder
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports
from pipefy_exports_dagster.orchestration.milestones import OnMilestone, ignore_milestone
from pipefy_exports_dagster.periods import add_months, month_of
from pipefy_exports_dagster.tables.lake import LakeTables
from pipefy_exports_dagster.tables.stores import table_store
from support.asked import Tables, asked, changed
from support.open_storage import files_opened_once
from support.warm_commands import run_warm

JOBS = "automation_jobs_export"
REPORT = "organization_report_export"
PIPE_REPORT = "pipe_report_export"
JOBS_HISTORY = "automation_jobs_history"
REPORT_HISTORY = "organization_report_history"
PIPE_REPORT_HISTORY = "pipe_report_history"
DEFINITIONS = "pipefy_exports_dagster.definitions"


QUICK = PollPolicy(min_interval_s=0.1)
"""A sandbox in this process is asked more often than Pipefy: most of its exports are finished at once."""

_NO_OUTPUT = {
    "module": "dagster._core.storage.noop_compute_log_manager",
    "class": "NoOpComputeLogManager",
    "config": {},
}


@functools.cache
def new_instance() -> Path:
    """An instance in which nothing has happened: to make its storage takes a second, to copy it does not."""
    folder = tempfile.TemporaryDirectory(prefix="new-instance-")
    atexit.register(folder.cleanup)
    return prepare_instance(Path(folder.name) / "home")


@dataclass
class Outcome:
    """How a run ended, and what it said."""

    success: bool
    messages: list[str] = field(default_factory=list)
    failure: str = ""
    failure_class: str = ""
    failure_metadata: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass
class Project:
    """Everything that one installation of the package has."""

    root: Path
    environment: dict[str, str]
    keeps_output: bool = False
    """Whether its runs in this process write what their steps print to the instance, as other runs do."""

    @classmethod
    def for_sandbox(cls, root: Path, url: str, *, checks: bool = False) -> "Project":
        """Make a project. Its runs have checks if that is asked for: they are a third of a small run's cost."""
        make_folder(root / "data")
        shutil.copytree(new_instance(), root / "data" / "dagster", symlinks=True)
        # What `sandbox_environment` gives, without opening the instance: its storage is made.
        rest = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        ours = {"DAGSTER_HOME": str(root / "data" / "dagster"), "PIPEFY_EXPORTS_CHECKS": str(checks).lower()}
        return cls(root, rest | sandbox_settings(url, root / "data") | ours)

    @property
    def data_dir(self) -> Path:
        return self.root / "data"

    @property
    def database(self) -> Path:
        return self.data_dir / "pipefy_exports.duckdb"

    @property
    def read_copy(self) -> Path:
        return self.database.with_suffix(".read.duckdb")

    @property
    def home(self) -> Path:
        return Path(self.environment["DAGSTER_HOME"])

    @property
    def config(self) -> PipefyExportsConfig:
        return replace(config_from_environment(self.environment), polling=QUICK)

    def instance(self) -> dg.DagsterInstance:
        return dg.DagsterInstance.from_config(str(self.home))

    def _instance_without_output(self) -> dg.DagsterInstance:
        """Return the instance, which keeps no output of steps: four processes follow it, two of them interpreters."""
        kept = {} if self.keeps_output else {"compute_logs": _NO_OUTPUT}
        return dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(self.home), overrides=kept))

    @property
    def stored(self) -> Tables:
        """Where the tables are."""
        store = table_store(self.config)
        return store if isinstance(store, LakeTables) else self.database

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return asked(self.stored, sql)

    def execute(self, sql: str) -> None:
        """Change tables, as a person does."""
        changed(self.stored, sql)

    def table_names(self) -> list[str]:
        known = (
            "SELECT table_name FROM duckdb_tables() WHERE NOT internal AND database_name = current_database()"
        )
        return [name for (name,) in self.query(known)] if table_store(self.config).exists() else []

    def tables(self) -> dict[tuple[str, str], int]:
        """Rows by table and partition."""
        return {
            (name, partition): count
            for name in self.table_names()
            for partition, count in self.query(f'SELECT _period_filter, count(*) FROM "{name}" GROUP BY 1')
        }

    def lose_tables(self) -> None:
        """Be without any table, as after a disk was lost."""
        if isinstance(self.stored, LakeTables):
            self.execute(";".join(f'DROP TABLE "{name}"' for name in self.table_names()))
        else:
            self.database.unlink()

    def raw_files(self) -> list[Path]:
        return sorted(path for path in (self.data_dir / "raw").rglob("*") if path.suffix in {".xlsx", ".csv"})

    def leftovers(self) -> list[Path]:
        """Files that a finished run must not leave: all but tables, raw files, locks and the instance."""
        kept = {self.database, self.read_copy}
        for path in self.raw_files():
            kept |= {path, path.with_name(path.name + ".json")}
        folders = ("dagster", "locks")
        return [
            path
            for path in self.data_dir.rglob("*")
            if path.is_file() and path not in kept and path.relative_to(self.data_dir).parts[0] not in folders
        ]

    def materialize(
        self,
        *assets: str,
        partition: str = "last_month",
        config: PipefyExportsConfig | None = None,
        run_config: Mapping[str, Any] | None = None,
        clock: Clock | None = None,
        on_milestone: OnMilestone = ignore_milestone,
    ) -> Outcome:
        """Run assets in this process, with the project's instance; no step is retried."""
        return self._run(
            "pipefy_exports",
            assets or (JOBS,),
            partition,
            config=config,
            run_config=run_config,
            clock=clock,
            on_milestone=on_milestone,
        )

    def build_history(self, history: str, *, back: int, config: PipefyExportsConfig | None = None) -> Outcome:
        """Build a month of a history in this process: the one so many before the current one."""
        month = add_months(month_of(datetime.now(UTC), (config or self.config).zone), -back)
        return self._run("pipefy_history", (history,), f"{month:%Y-%m}", config=config)

    def _run(
        self,
        job: str,
        assets: Sequence[str],
        partition: str,
        *,
        config: PipefyExportsConfig | None,
        run_config: Mapping[str, Any] | None = None,
        clock: Clock | None = None,
        on_milestone: OnMilestone = ignore_milestone,
    ) -> Outcome:
        config = dataclasses.replace(config or self.config, max_retries=0)
        definitions = build_pipefy_exports(config, clock=clock, on_milestone=on_milestone)
        keys = [dg.AssetKey.from_user_string(config.asset(name)) for name in assets]
        ops = [config.definition_name(name) for name in assets]
        op_config = {op: {"config": dict(run_config)} for op in ops} if run_config else {}
        previous = dict(os.environ)
        os.environ.update(self.environment)
        try:
            with files_opened_once(), self._instance_without_output() as instance:
                job_def = definitions.resolve_job_def(config.definition_name(job))
                result = job_def.execute_in_process(
                    instance=instance,
                    partition_key=partition,
                    asset_selection=keys,
                    run_config={"ops": op_config} if op_config else None,
                    raise_on_error=False,
                )
                return self._outcome(instance, result)
        finally:
            os.environ.clear()
            os.environ.update(previous)

    def _outcome(self, instance: dg.DagsterInstance, result: dg.ExecuteInProcessResult) -> Outcome:
        outcome = Outcome(result.success)
        for record in instance.all_logs(result.run_id):
            outcome.messages.append(record.user_message)
        for event in result.all_events:
            if event.is_step_failure:
                data = event.step_failure_data.user_failure_data
                outcome.failure = (data.description if data else None) or str(event.step_failure_data.error)
                value = data.metadata.get("pipefy/error") if data else None
                outcome.failure_class = str(value.value) if value else ""
                outcome.failure_metadata = {k: v.value for k, v in data.metadata.items()} if data else {}
            if event.is_step_materialization:
                metadata = event.step_materialization_data.materialization.metadata
                outcome.metadata = {name: entry.value for name, entry in metadata.items()}
        return outcome

    def command(self, *assets: str, partition: str, module: str = DEFINITIONS) -> list[str]:
        select = ",".join(assets)
        start = [sys.executable, "-m", "dagster", "asset", "materialize", "-m", module]
        return [*start, "--select", select, "--partition", partition]

    def materialize_in_process_of_its_own(
        self, *assets: str, partition: str = "last_month", module: str = DEFINITIONS
    ) -> "subprocess.CompletedProcess[str]":
        """Run `dagster asset materialize`, as a person would."""
        command = self.command(*(assets or (JOBS,)), partition=partition, module=module)
        return run_warm(*command, environment=self.environment, folder=self.root)

    def materializations(self, asset: str, partition: str) -> list[dict[str, Any]]:
        """Metadata of each materialization, newest first."""
        with self.instance() as instance:
            records = instance.fetch_materializations(_of(asset, partition), limit=100).records
        return [_values(record.asset_materialization) for record in records]

    def observations(self, asset: str, partition: str) -> list[dict[str, Any]]:
        """Metadata of each observation, newest first."""
        with self.instance() as instance:
            records = instance.fetch_observations(_of(asset, partition), limit=100).records
        return [_values(record.asset_observation) for record in records]

    def sidecars(self) -> list[dict[str, Any]]:
        return [json.loads(path.with_name(path.name + ".json").read_text()) for path in self.raw_files()]


def are_requested(instance: dg.DagsterInstance, *assets: str) -> bool:
    """Whether the id of each asset's export is in the event log: from then on its run waits."""
    return all(instance.fetch_observations(dg.AssetKey(asset), limit=1).records for asset in assets)


def _of(asset: str, partition: str) -> dg.AssetRecordsFilter:
    return dg.AssetRecordsFilter(dg.AssetKey.from_user_string(asset), asset_partitions=[partition])


def _values(event: dg.AssetMaterialization | dg.AssetObservation | None) -> dict[str, Any]:
    assert event
    return {name: entry.value for name, entry in event.metadata.items()}
