"""The state that Dagster keeps of a schedule or sensor under its former name: a renamed one starts without any."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.orchestration.definition_names import FORMER_NAMES

SWITCHED_ON = "RUNNING"
"""Dagster's status of what a person switched on; the class of its statuses is not public."""


def former_cursors(instance: dg.DagsterInstance, config: PipefyExportsConfig, name: str) -> list[str]:
    """Return the cursors that a sensor had under its former name: one for each code location that had it."""
    states = _states(instance).get(config.definition_name(FORMER_NAMES[name]), ())
    return [cursor for state in states if (cursor := getattr(state.instigator_data, "cursor", None))]


def switched_on_under_former_names(
    instance: dg.DagsterInstance, config: PipefyExportsConfig
) -> Iterator[tuple[str, str]]:
    """Yield the former and the present name of what a person has switched on, and has not under its present name."""
    states = _states(instance)
    for name, former in FORMER_NAMES.items():
        present, before = config.definition_name(name), config.definition_name(former)
        if _is_on(states, before) and not _is_on(states, present):
            yield before, present


def _states(instance: dg.DagsterInstance) -> Mapping[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for state in instance.all_instigator_state():
        found.setdefault(state.instigator_name, []).append(state)
    return found


def _is_on(states: Mapping[str, list[Any]], name: str) -> bool:
    """Whether a person has switched it on. What the configuration switches on has another status."""
    return any(state.status.value == SWITCHED_ON for state in states.get(name, ()))
