"""The state that Dagster keeps of a schedule or sensor under its former name: a renamed one starts without any."""

from collections.abc import Iterator, Mapping

import dagster as dg
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, SensorInstigatorData

from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.orchestration.definition_names import FORMER_NAMES


def former_cursor(instance: dg.DagsterInstance, config: PipefyExportsConfig, name: str) -> str | None:
    """Return the cursor that a sensor had under its former name; None if it had none.

    Cursors hold places in the event log by asset, so it does not matter which code location had the sensor.
    """
    former = config.definition_name(FORMER_NAMES[name])
    cursors = [
        state.instigator_data.cursor
        for state in _states(instance).get(former, ())
        if isinstance(state.instigator_data, SensorInstigatorData) and state.instigator_data.cursor
    ]
    return cursors[-1] if cursors else None


def switched_on_under_former_names(
    instance: dg.DagsterInstance, config: PipefyExportsConfig
) -> Iterator[tuple[str, str]]:
    """Yield the former and the present name of what a person has switched on, and has not under its present name."""
    states = _states(instance)
    for name, former in FORMER_NAMES.items():
        present, before = config.definition_name(name), config.definition_name(former)
        if _is_on(states, before) and not _is_on(states, present):
            yield before, present


def _states(instance: dg.DagsterInstance) -> Mapping[str, list[InstigatorState]]:
    found: dict[str, list[InstigatorState]] = {}
    for state in instance.all_instigator_state():
        found.setdefault(state.instigator_name, []).append(state)
    return found


def _is_on(states: Mapping[str, list[InstigatorState]], name: str) -> bool:
    """Whether a person has switched it on. What the configuration switches on has another status."""
    return any(state.status is InstigatorStatus.RUNNING for state in states.get(name, ()))
