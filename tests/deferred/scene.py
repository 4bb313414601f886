"""A project whose runs leave the waiting to the sensor, a sandbox, and one clock for both."""

import concurrent.futures
import dataclasses
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import dagster as dg
from support.project import JOBS, Outcome, Project
from support.shared_clock import SharedClock

from pipefy_exports_dagster.config.model import PipefyExportsConfig, Wait
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports
from pipefy_exports_dagster.orchestration.definition_names import PENDING_EXPORTS_SENSOR
from pipefy_exports_dagster.orchestration.resources import resources_of
from pipefy_exports_dagster.sandbox import Sandbox

PARTITIONS = ("last_month", "current_month", "last_3_months")


@dataclass
class Ticked:
    """What the sensor did."""

    requests: Sequence[dg.RunRequest]
    said: str
    cursor: str | None


@dataclass
class Scene:
    sandbox: Sandbox
    project: Project
    clock: SharedClock
    config: PipefyExportsConfig

    @classmethod
    def deferred(cls, sandbox: Sandbox, project: Project, **changes: Any) -> "Scene":
        settings: dict[str, Any] = {
            "wait": Wait.DEFERRED,
            "read_copy": False,
            "max_retries": 0,
        }
        config = dataclasses.replace(project.config, **(settings | changes))
        return cls(sandbox, project, SharedClock(sandbox), config)

    @property
    def exports(self) -> int:
        return self.sandbox.stats.exports.total()

    def run(self, *assets: str, partition: str = "last_month", **options: Any) -> Outcome:
        return self.project.materialize(
            *(assets or (JOBS,)),
            partition=partition,
            clock=self.clock,
            **({"config": self.config} | options),
        )

    def request(self, *assets: str, partition: str = "last_month", **options: Any) -> Outcome:
        """Materialize, which ends as soon as the export is requested."""
        outcome = self.run(*assets, partition=partition, **options)
        assert outcome.success, outcome.failure
        assert outcome.metadata == {}
        # By the sandbox's clock they are processing; a slow machine may be at work on their files for as long.
        concurrent.futures.wait([export.production for export in self.sandbox.exports.all()])
        return outcome

    def definitions(self) -> dg.Definitions:
        return build_pipefy_exports(self.config, clock=self.clock)

    def tick(self, environment: Mapping[str, str] | None = None, *, cursor: str | None = None) -> Ticked:
        """Evaluate the sensor as the daemon does, with an instance opened again."""
        definitions = self.definitions()
        sensor = definitions.get_repository_def().get_sensor_def(
            self.config.definition_name(PENDING_EXPORTS_SENSOR)
        )
        with (
            self.environment(environment),
            self.project.instance() as instance,
            dg.build_sensor_context(
                instance=instance,
                definitions=definitions,
                resources=resources_of(self.config),
                cursor=cursor,
            ) as context,
        ):
            data = sensor.evaluate_tick(context)
        return Ticked(data.run_requests or [], data.skip_message or "", data.cursor)

    def launch(self, request: dg.RunRequest, **tags: str) -> Outcome:
        """Run what the sensor asked for, in this process."""
        [outcome] = self.launch_all([request], **tags)
        return outcome

    def launch_all(self, requests: Sequence[dg.RunRequest], **tags: str) -> list[Outcome]:
        job = self.definitions().resolve_job_def(self.config.definition_name("pipefy_exports"))
        outcomes = []
        with self.environment(), self.project.instance() as instance:
            for request in requests:
                result = job.execute_in_process(
                    instance=instance,
                    partition_key=request.partition_key,
                    asset_selection=list(request.asset_selection or ()),
                    run_config=dict(request.run_config),
                    tags=dict(request.tags) | tags,
                    raise_on_error=False,
                )
                outcomes.append(self.project._outcome(instance, result))
        return outcomes

    def tick_and_load(self) -> list[Outcome]:
        return self.launch_all(self.tick().requests)

    def runs_alive(self) -> int:
        alive = [status for status in dg.DagsterRunStatus if status not in ENDED]
        with self.project.instance() as instance:
            return instance.get_runs_count(dg.RunsFilter(statuses=alive))

    @contextmanager
    def environment(self, environment: Mapping[str, str] | None = None) -> Iterator[None]:
        previous = dict(os.environ)
        os.environ.update(self.project.environment)
        if environment is not None:
            os.environ.clear()
            os.environ.update(environment)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(previous)


ENDED = {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}
