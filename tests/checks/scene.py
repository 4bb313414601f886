"""A project whose checks are looked at, by run, by hand, and by sensor."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import dagster as dg
from support.project import JOBS, Outcome, Project
from support.shared_clock import SharedClock

from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports
from pipefy_exports_dagster.orchestration.checks.finding import Check
from pipefy_exports_dagster.orchestration.definition_names import DUE_SENSOR
from pipefy_exports_dagster.sandbox import Sandbox

TABLE_CHECKS = (Check.ROWS_MATCH_FILE, Check.HAS_ROWS, Check.ROWS_IN_WINDOW)
LOAD_CHECKS = (Check.COLUMNS_UNCHANGED, Check.WHOLE_FILE_LOADED)
SLICE_CHECKS = (*TABLE_CHECKS, *LOAD_CHECKS)
"""Of an export without a key."""


@dataclass(frozen=True)
class Result:
    """The newest result of a check."""

    passed: bool
    is_warning: bool
    text: str
    partition: str | None
    metadata: dict[str, Any]

    def table(self, name: str) -> list[tuple[Any, ...]]:
        shown = self.metadata[name]
        names = [column.name for column in shown.schema.columns]
        return [tuple(record.data[name] for name in names) for record in shown.records]


@dataclass
class Scene:
    sandbox: Sandbox
    project: Project
    instance: dg.DagsterInstance
    config: PipefyExportsConfig
    clock: SharedClock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = SharedClock(self.sandbox)

    def materialize(
        self,
        *assets: str,
        partition: str = "last_month",
        run_config: dict[str, Any] | None = None,
        **changes: Any,
    ) -> Outcome:
        return self.project.materialize(
            *(assets or (JOBS,)),
            partition=partition,
            config=replace(self.config, **changes),
            clock=self.clock,
            run_config=run_config,
        )

    def execute_checks(self, *, asset: str = JOBS, **changes: Any) -> bool:
        """Execute the checks alone, as "Execute all" of the UI does: without a partition."""
        definitions = build_pipefy_exports(replace(self.config, **changes), clock=self.clock)
        by_hand = dg.define_asset_job("by_hand", selection=dg.AssetSelection.checks_for_assets(asset))
        merged = dg.Definitions.merge(definitions, dg.Definitions(jobs=[by_hand]))
        with self.environment():
            result = merged.resolve_job_def("by_hand").execute_in_process(
                instance=self.instance, raise_on_error=False
            )
        return result.success

    def records(self, check: Check, asset: str = JOBS) -> Sequence[Any]:
        """Everything that Dagster has of a check, newest first."""
        key = dg.AssetCheckKey(dg.AssetKey(asset), check.value)
        return self.instance.event_log_storage.get_asset_check_execution_history(key, limit=100)

    def result(self, check: Check, partition: str | None = "last_month", asset: str = JOBS) -> Result:
        """The newest result of a check for a partition."""
        found = [result for result in self.results(check, asset) if result.partition == partition]
        assert found, f"no result of {check} for {partition}"
        return found[0]

    def results(self, check: Check, asset: str = JOBS) -> list[Result]:
        evaluations = (record.evaluation for record in self.records(check, asset))
        return [
            Result(
                evaluation.passed,
                evaluation.severity is dg.AssetCheckSeverity.WARN,
                evaluation.description or "",
                evaluation.partition,
                {
                    name: entry if hasattr(entry, "records") else entry.value
                    for name, entry in evaluation.metadata.items()
                },
            )
            for evaluation in evaluations
            if isinstance(evaluation, dg.AssetCheckEvaluation)
        ]

    def change_table(self, sql: str) -> None:
        self.project.execute(sql)

    def set_clock(self, moment: datetime) -> None:
        self.sandbox.clock.set(moment)

    def tick(self, sensor: str = DUE_SENSOR, **changes: Any) -> list[dg.AssetCheckEvaluation]:
        """Evaluate the sensor as the daemon does, which stores the results that it returns."""
        definitions = build_pipefy_exports(replace(self.config, **changes), clock=self.clock)
        repository = definitions.get_repository_def()
        with dg.build_sensor_context(instance=self.instance, repository_def=repository) as context:
            data = repository.get_sensor_def(sensor).evaluate_tick(context)
        events = [event for event in data.asset_events if isinstance(event, dg.AssetCheckEvaluation)]
        for event in events:
            self.instance.report_runless_asset_event(event)
        return events

    @contextmanager
    def environment(self) -> Iterator[None]:
        previous = dict(os.environ)
        os.environ.update(self.project.environment)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(previous)
