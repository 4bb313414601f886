"""How the steps of a run are executed: several exports side by side, one in the run's own process.

A step in a process of its own is worth it only where steps can wait for Pipefy at the same time. It does not import
everything once more, which would be most of the work of a small export: it is forked from a process that has.
"""

import multiprocessing
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import dagster as dg

_INTERRUPTS = (dg.DagsterExecutionInterruptedError.__name__, KeyboardInterrupt.__name__)
SIDE_BY_SIDE = 16
"""Exports of one run wait for Pipefy at the same time; the default, the number of cores, would queue them."""
_IS_LINUX = sys.platform == "linux"
"""There Python itself forks from such a process by default, from 3.14 on."""
_IMPORTED = [
    "dagster._core.executor.multiprocess",
    "dagster._core.storage.event_log",
    "pipefy_exports_dagster.orchestration.build",
]
"""What a step's process has imported when it begins: Dagster, its storage in SQL, and ours. Nothing of the project
around us, whose modules may do at import what a fork does not go well with."""


def side_by_side_executor() -> dg.ExecutorDefinition:
    """Return the executor of our jobs; a code location of its own uses it for every run.

    Steps that do not wait for each other get a process each, up to 16 at a time. A run in which each step waits for
    the one before, such as one export and its checks, is executed in its own process; so is any run in a process that
    may have no children, as a worker of Celery.
    """
    return _one_or_side_by_side.configured({"max_concurrent": SIDE_BY_SIDE})


@dg.executor(
    name="one_or_side_by_side",
    config_schema=dg.multiprocess_executor.config_schema.as_field(),
    requirements=dg.multiple_process_executor_requirements(),
)
def _one_or_side_by_side(init_context: dg.InitExecutorContext) -> dg.Executor:
    config = dict(init_context.executor_config)
    in_process = {name: config[name] for name in ("retries", "step_dependency_config") if name in config}
    forked = config
    if _IS_LINUX:
        forked = config | {"start_method": {"forkserver": {"preload_modules": _IMPORTED}}}
    return _OneOrSideBySide(
        _created(dg.multiprocess_executor, init_context),
        _created(dg.multiprocess_executor, init_context._replace(executor_config=forked)),
        _created(dg.in_process_executor, init_context._replace(executor_config=in_process)),
    )


def _created(definition: dg.ExecutorDefinition, init_context: dg.InitExecutorContext) -> dg.Executor:
    create = definition.executor_creation_fn
    assert create is not None  # noqa: S101  Dagster's own have one
    return create(init_context)


@dataclass(frozen=True)
class _OneOrSideBySide(dg.Executor):
    """Looks at a run's plan, and leaves it to the executor that fits."""

    side_by_side: dg.Executor
    side_by_side_forked: dg.Executor
    in_process: dg.Executor

    @property
    def retries(self) -> Any:
        return self.side_by_side.retries

    @property
    def step_dependency_config(self) -> Any:
        return self.side_by_side.step_dependency_config

    def execute(self, plan_context: Any, execution_plan: Any) -> Iterator[Any]:
        levels = execution_plan.get_steps_to_execute_by_level()
        one_by_one = all(len(steps) <= 1 for steps in levels)
        if one_by_one or multiprocessing.current_process().daemon:
            yield from _ending_when_interrupted(self.in_process.execute(plan_context, execution_plan))
        elif _fork_server_runs():
            yield from self.side_by_side_forked.execute(plan_context, execution_plan)
        else:
            yield from self.side_by_side.execute(plan_context, execution_plan)


def _fork_server_runs() -> bool:
    """Start the process that steps are forked from; return whether it runs."""
    if not _IS_LINUX:
        return False
    from multiprocessing import forkserver

    forkserver.set_forkserver_preload(_IMPORTED)
    try:
        forkserver.ensure_running()
    except OSError:  # its socket is in the temporary folder, whose path may be too long for one
        return False
    return True


def _ending_when_interrupted(events: Iterator[Any]) -> Iterator[Any]:
    """Pass on the events of a run, and end it when it was told to end.

    Dagster takes that for a failure of the step, which the step's retry policy tries again. A process of its own for
    each step hides it: there the run's process ends them.

    Raises:
        DagsterExecutionInterruptedError: A step was interrupted. Dagster ends the run as canceled.
    """
    for event in events:
        yield event
        retry = event.step_retry_data if event.is_step_up_for_retry else None
        cause = retry.error.cause if retry and retry.error else None
        if cause and cause.cls_name in _INTERRUPTS:
            raise dg.DagsterExecutionInterruptedError
