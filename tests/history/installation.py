"""An installation whose daemon is this process: ticks when told to, runs in process, and a clock that can be set."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import dagster as dg
from support.project import Project
from support.shared_clock import SharedClock

from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports
from pipefy_exports_dagster.orchestration.milestones import ignore_milestone
from pipefy_exports_dagster.orchestration.partitions import RANGE_END, RANGE_START
from pipefy_exports_dagster.sandbox import Sandbox

HISTORY = "automation_jobs_history"
REPORT_HISTORY = "organization_report_history"


@dataclass
class Ended:
    """A run that has ended."""

    success: bool
    failure: str
    messages: list[str]


@dataclass
class Installation:
    sandbox: Sandbox
    project: Project
    config: PipefyExportsConfig
    instance: dg.DagsterInstance
    on_milestone: Callable[[str], None] = ignore_milestone
    cursor: str | None = None
    skipped: str = ""
    run_keys: set[str] = field(default_factory=set)
    definitions: dg.Definitions = field(init=False)

    def __post_init__(self) -> None:
        self.definitions = build_pipefy_exports(
            self.config, clock=SharedClock(self.sandbox), on_milestone=self.reach
        )

    def reach(self, milestone: str) -> None:
        """Call what a test has set for now."""
        self.on_milestone(milestone)

    def set_clock(self, moment: datetime) -> None:
        self.sandbox.clock.set(moment)

    def tick_schedule(self, name: str, moment: datetime) -> list[Ended]:
        """Evaluate a schedule, and run what it asks for."""
        self.set_clock(moment)
        repository = self.definitions.get_repository_def()
        with dg.build_schedule_context(
            instance=self.instance, scheduled_execution_time=moment, repository_def=repository
        ) as context:
            schedule = repository.get_schedule_def(name)
            data = schedule.evaluate_tick(context)
        return [self.launch(request, schedule.job_name) for request in self._new(name, data.run_requests)]

    def evaluate_sensor(self) -> list[dg.RunRequest]:
        """Evaluate the history's sensor; return what is new by its run key."""
        repository = self.definitions.get_repository_def()
        with dg.build_sensor_context(
            instance=self.instance, repository_def=repository, cursor=self.cursor
        ) as context:
            data = repository.get_sensor_def("pipefy_history_sensor").evaluate_tick(context)
        self.cursor, self.skipped = data.cursor, data.skip_message or ""
        return self._new("pipefy_history_sensor", data.run_requests)

    def tick_sensor(self) -> list[Ended]:
        return [self.launch(request) for request in self.evaluate_sensor()]

    def export(self, asset: str, partition: str) -> Ended:
        return self._run("pipefy_exports", [asset], partition=partition)

    def export_with(self, asset: str, partition: str, arguments: Mapping[str, Any]) -> Ended:
        """Export with arguments of one run, as from the Launchpad."""
        run_config = {"ops": {asset: {"config": dict(arguments)}}}
        return self._run("pipefy_exports", [asset], partition=partition, run_config=run_config)

    def build(self, first: str, last: str | None = None, *, asset: str = HISTORY) -> Ended:
        """Build months of a history, as a backfill of Dagster's UI does: in one run."""
        tags = {RANGE_START: first, RANGE_END: last or first}
        return self._run("pipefy_history", [asset], tags=tags)

    def launch(self, request: dg.RunRequest, job: str = "pipefy_history") -> Ended:
        keys = [key.to_user_string() for key in request.asset_selection or ()] or None
        return self._run(
            request.job_name or job,
            keys,
            partition=request.partition_key,
            tags=request.tags,
            run_config=request.run_config,
        )

    def materialized(self, asset: str = HISTORY) -> set[str]:
        """The months that are green in the UI."""
        return self.instance.get_materialized_partitions(dg.AssetKey(asset))

    def metadata(self, month: str, asset: str = HISTORY) -> dict[str, Any]:
        """Of a month's newest materialization."""
        filter_ = dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[month])
        [record] = self.instance.fetch_materializations(filter_, limit=1).records
        assert record.asset_materialization
        return {name: entry.value for name, entry in record.asset_materialization.metadata.items()}

    def months(self, table: str = HISTORY) -> dict[str, tuple[str, bool, int]]:
        """Period filter, completeness and rows of each month in the table."""
        rows = self.project.query(
            f"SELECT strftime(_month, '%Y-%m'), _period_filter, _is_complete, count(*) FROM {table} GROUP BY ALL"
        )
        assert len(rows) == len({row[0] for row in rows}), "a month from two exports"
        return {month: (period, complete, count) for month, period, complete, count in sorted(rows)}

    def _new(self, ticker: str, requests: Sequence[dg.RunRequest] | None) -> list[dg.RunRequest]:
        """As the daemon does: what was launched under a run key is not launched again."""
        new = []
        for request in requests or ():
            key = f"{ticker}/{request.run_key}"
            if key not in self.run_keys:
                self.run_keys.add(key)
                new.append(request)
        return new

    def _run(
        self,
        job: str,
        assets: Sequence[str] | None,
        *,
        partition: str | None = None,
        tags: Mapping[str, str] | None = None,
        run_config: Mapping[str, Any] | None = None,
    ) -> Ended:
        with _environment(self.project.environment):
            result = self.definitions.resolve_job_def(job).execute_in_process(
                instance=self.instance,
                partition_key=partition,
                tags=dict(tags or {}),
                asset_selection=[dg.AssetKey(name) for name in assets] if assets else None,
                run_config=dict(run_config) if run_config else None,
                raise_on_error=False,
            )
        failure = ""
        for event in result.all_events:
            if event.is_step_failure:
                data = event.step_failure_data.user_failure_data
                failure = (data.description if data else None) or str(event.step_failure_data.error)
        messages = [record.user_message for record in self.instance.all_logs(result.run_id)]
        return Ended(result.success, failure, messages)


@contextmanager
def _environment(environment: Mapping[str, str]) -> Iterator[None]:
    previous = dict(os.environ)
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(previous)
