"""The tutorial, line by line, against the sandbox, as somebody goes through it who has set nothing up."""

import os
import subprocess
import sys
from pathlib import Path

from docs.tutorial import Step, script, steps
from integration.server_process import free_port, server_process

from pipefy_exports_dagster.sandbox import CLIENT_ID, CLIENT_SECRET, Sandbox

PREFIX = Path(sys.prefix)
INSTEAD = {
    # The environment that runs the tests has what these would install, and needs no network and no minute.
    "python3 -m venv .venv": f"ln -s '{PREFIX}' .venv",
    "pip install '/path/to/pipefy_exports_dagster[ui]'": "command -v pipefy-exports",
}
PLACEHOLDERS = {"YOUR_CLIENT_ID": CLIENT_ID, "YOUR_CLIENT_SECRET": CLIENT_SECRET}
UI = "pipefy-exports dev"


def test_every_line_of_the_tutorial_works_and_prints_what_is_shown(sandbox: Sandbox, tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    outputs.mkdir()
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("PIPEFY_", "DAGSTER_"))}
    # All that a reader does not write down: here Pipefy is the sandbox.
    environment = bare | {"PIPEFY_BASE_URL": sandbox.url, "PIPEFY_ALLOW_INSECURE_URLS": "true"}
    *lines, ui = steps()

    shell = subprocess.run(
        ["bash", "-c", script([_as_run(step.command) for step in lines], outputs)],
        env=environment,
        cwd=tmp_path,
        timeout=180,
        check=False,
    )

    said = [path.read_text() for path in sorted(outputs.iterdir(), key=lambda path: int(path.name))]
    told = "\n".join(f"$ {step.command}\n{text}" for step, text in zip(lines, said, strict=False))
    assert shell.returncode == 0, told
    assert len(said) == len(lines)
    differing = [(step, text) for step, text in zip(lines, said, strict=True) if not step.is_shown_by(text)]
    assert differing == []
    assert sandbox.stats.exports.total() == 1

    assert ui.command == UI
    port, project = free_port(), tmp_path / "my_pipefy"
    command = [str(project / ".venv/bin/pipefy-exports"), *UI.split()[1:], "--port", str(port)]
    with server_process(command, environment=environment, cwd=project, log=tmp_path / "log") as server:
        server.await_answer(f"http://127.0.0.1:{port}/server_info")
        shown = Step(UI, tuple(line.replace("3000", str(port)) for line in ui.shown))
        assert shown.is_shown_by(server.output()), server.output()


def test_what_the_test_does_in_its_own_way_is_still_in_the_tutorial() -> None:
    commands = [step.command for step in steps()]
    assert INSTEAD.keys() <= set(commands)
    assert all(any(placeholder in command for command in commands) for placeholder in PLACEHOLDERS)


def _as_run(command: str) -> str:
    command = INSTEAD.get(command, command)
    for placeholder, value in PLACEHOLDERS.items():
        command = command.replace(placeholder, value)
    return command
