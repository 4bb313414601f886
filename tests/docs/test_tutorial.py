"""The tutorial, line by line, against the sandbox; and the metadata of its runs, which the reference describes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest
from docs.metadata_keys import PLACES
from docs.tutorial import Step, script, steps
from integration.server_process import free_port, server_process

from pipefy_exports_dagster.sandbox import CLIENT_ID, CLIENT_SECRET, Sandbox, SandboxSettings

PREFIX = Path(sys.prefix)
INSTEAD = {
    # The environment that runs the tests has what these would install, and needs no network and no minute.
    "python3 -m venv .venv": f"ln -s '{PREFIX}' .venv",
    "pip install /path/to/pipefy_exports_dagster": "command -v pipefy-exports",
}
PLACEHOLDERS = {"YOUR_CLIENT_ID": CLIENT_ID, "YOUR_CLIENT_SECRET": CLIENT_SECRET}
UI = "pipefy-exports dev"


@dataclass(frozen=True)
class Walk:
    """What became of the tutorial: each step's output, and the folder that it made."""

    outputs: dict[str, str]
    returncode: int
    project: Path
    environment: dict[str, str]

    @property
    def said(self) -> str:
        return "\n".join(f"$ {command}\n{output}" for command, output in self.outputs.items())


@pytest.fixture(scope="module")
def small_pipefy() -> Iterator[Sandbox]:
    settings = SandboxSettings(jobs=200, cards=100, processing_seconds=0.2)
    with Sandbox(settings).running() as running:
        yield running


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory, small_pipefy: Sandbox) -> Walk:
    folder, outputs = tmp_path_factory.mktemp("reader"), tmp_path_factory.mktemp("outputs")
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("PIPEFY_", "DAGSTER_"))}
    # All that a reader does not write down: here Pipefy is the sandbox.
    environment = bare | {
        "PIPEFY_BASE_URL": small_pipefy.url,
        "PIPEFY_ALLOW_INSECURE_URLS": "true",
        "COLUMNS": "200",
    }
    commands = [step.command for step in steps() if step.command != UI]
    shell = subprocess.run(
        ["bash", "-c", script([_as_run(command) for command in commands], outputs)],
        env=environment,
        cwd=folder,
        timeout=180,
        check=False,
    )
    said = {command: outputs / str(number) for number, command in enumerate(commands)}
    return Walk(
        {command: path.read_text() for command, path in said.items() if path.exists()},
        shell.returncode,
        folder / "my_pipefy",
        environment,
    )


def _as_run(command: str) -> str:
    command = INSTEAD.get(command, command)
    for placeholder, value in PLACEHOLDERS.items():
        command = command.replace(placeholder, value)
    return command


def test_every_line_of_the_tutorial_works(walk: Walk) -> None:
    assert walk.returncode == 0, walk.said
    assert len(walk.outputs) == len(steps()) - 1


@pytest.mark.parametrize(
    "step",
    [step for step in steps() if step.shown and step.command != UI],
    ids=lambda step: step.command[:40],
)
def test_a_command_prints_what_the_tutorial_shows(step: Step, walk: Walk) -> None:
    assert step.is_shown_by(walk.outputs[step.command]), walk.outputs[step.command]


def test_what_the_test_does_in_its_own_way_is_still_in_the_tutorial() -> None:
    commands = [step.command for step in steps()]
    assert INSTEAD.keys() <= set(commands)
    assert commands[-1] == UI
    assert all(any(placeholder in command for command in commands) for placeholder in PLACEHOLDERS)


def test_the_ui_of_the_tutorial_answers(walk: Walk, tmp_path: Path) -> None:
    port = free_port()
    command = [str(walk.project / ".venv/bin/pipefy-exports"), *UI.split()[1:], "--port", str(port)]
    with server_process(
        command, environment=walk.environment, cwd=walk.project, log=tmp_path / "log"
    ) as server:
        server.await_answer(f"http://127.0.0.1:{port}/server_info")
        [step] = [step for step in steps() if step.command == UI]
        shown = Step(UI, tuple(line.replace("3000", str(port)) for line in step.shown))
        assert shown.is_shown_by(server.output()), server.output()


def test_every_key_of_the_metadata_that_its_runs_have_is_in_the_reference(
    walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in walk.environment.items():
        monkeypatch.setenv(name, value)
    described = {key for keys in PLACES.values() for key in keys}
    with dg.DagsterInstance.from_config(str(walk.project / "data" / "dagster")) as instance:
        found = _keys(instance)
    assert {"pipefy/export_id", "pipefy/status", "pipefy/rows_in_table", "dagster/row_count"} <= found
    assert sorted(found - described) == []


def _keys(instance: dg.DagsterInstance) -> set[str]:
    """Return the keys of all materializations, observations and results of checks."""
    keys: set[str] = set()
    for run in instance.get_runs():
        for entry in instance.all_logs(run.run_id):
            event = entry.dagster_event
            if event and event.is_step_materialization:
                keys |= event.step_materialization_data.materialization.metadata.keys()
            elif event and event.event_type is dg.DagsterEventType.ASSET_OBSERVATION:
                keys |= event.asset_observation_data.asset_observation.metadata.keys()
            elif event and event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
                keys |= event.asset_check_evaluation_data.metadata.keys()
    return keys
