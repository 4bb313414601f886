"""A setting about reading that is wrong costs no export: it stays pending, and loads when the setting is fixed."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest
from support.project import JOBS, Outcome, Project

from pipefy_exports_dagster.config.exports import AutomationJobs
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports
from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings

REFUSED: dict[str, list[Any]] = {
    "column_types": [
        {"status": "VARIANT"},
        {"status": "NOTATYPE"},
        {"": "DATE"},
        {"status": "DATE; SELECT 1"},
    ],
    "decimal_mark": ["comma"],
    "date_format": ["%d/%m/%Y %", "%Q", "%d/%m", "day first"],
    "max_memory_bytes": [0],
    "max_seconds": [float("nan")],
    "max_unpacked_bytes": ["8GB"],
    "sheets": ["Cards", [""]],
    "show_values": ["no"],
}
"""What definitions do not load with."""


@dataclass(frozen=True)
class Met:
    """What only a file shows to be wrong, and how the run fails for it."""

    option: str
    value: Any
    error: str
    says: str


MET = [
    Met("column_types", {"status": "DATE"}, "ValueDoesNotFitError", "does not fit DATE"),
    Met("max_memory_bytes", 30_000_000, "ReadLimitError", "raise `reading.max_memory_bytes`"),
    Met("max_seconds", 0.01, "ReadLimitError", "raise `reading.max_seconds`"),
    Met("max_unpacked_bytes", 2_000, "ReadLimitError", "more than 2,000 bytes"),
    Met("sheets", ["Nowhere"], "ConfigurationError", "`reading.sheets` names 'Nowhere'"),
]


class Scene:
    """A sandbox and a project in it."""

    def __init__(self, sandbox: Sandbox, project: Project) -> None:
        self.sandbox = sandbox
        self.project = project

    def run(self, reading: ReadOptions) -> Outcome:
        jobs = AutomationJobs(reading=reading)
        return self.project.materialize(
            JOBS, config=dataclasses.replace(self.project.config, automation_jobs=jobs)
        )


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    settings = SandboxSettings(jobs=300, cards=20, processing_seconds=0.1)
    with Sandbox(settings).running() as sandbox:
        yield Scene(
            sandbox, Project.for_sandbox(Path(tmp_path_factory.mktemp("settings")) / "p", sandbox.url)
        )


def unchecked(**values: Any) -> ReadOptions:
    """Options as a version of this package would have them that checks less."""
    options = ReadOptions()
    for name, value in values.items():
        object.__setattr__(options, name, value)
    return options


def assert_the_export_is_kept(scene: Scene, wrong: ReadOptions, error: str, says: str) -> None:
    created = scene.sandbox.stats.exports.total()
    outcome = scene.run(wrong)
    assert outcome.failure_class == error, outcome.failure
    assert says in outcome.failure
    assert "\n" not in outcome.failure
    assert scene.sandbox.stats.exports.total() == created + 1
    requests = scene.sandbox.stats.requests.total()
    fixed = scene.run(ReadOptions())
    assert fixed.success, fixed.failure
    # No other export, and the same file: Pipefy is not asked for anything.
    assert scene.sandbox.stats.exports.total() == created + 1
    assert scene.sandbox.stats.requests.total() == requests


@pytest.mark.parametrize("option", REFUSED)
def test_definitions_refuse_an_option_that_no_file_can_be_read_with(option: str) -> None:
    for value in REFUSED[option]:
        values: dict[str, Any] = {option: value}
        with pytest.raises(ConfigurationError, match=f"^`{option}` "):
            build_pipefy_exports(
                PipefyExportsConfig(automation_jobs=AutomationJobs(reading=ReadOptions(**values)))
            )


def test_each_option_is_tried() -> None:
    assert set(REFUSED) == {field.name for field in fields(ReadOptions)}


@pytest.mark.usefixtures("cold_reader")
@pytest.mark.parametrize("met", MET, ids=[met.option for met in MET])
def test_an_export_is_kept_that_a_setting_does_not_fit(met: Met, scene: Scene) -> None:
    values: dict[str, Any] = {met.option: met.value}
    assert_the_export_is_kept(scene, ReadOptions(**values), met.error, met.says)


@pytest.mark.parametrize("option", ["column_types", "decimal_mark", "date_format"])
def test_an_export_is_kept_where_only_the_reader_sees_the_mistake(option: str, scene: Scene) -> None:
    wrong = unchecked(**{option: REFUSED[option][0]})
    assert_the_export_is_kept(scene, wrong, "ConfigurationError", f"`{option}` ")
