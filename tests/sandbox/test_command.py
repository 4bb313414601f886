import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from sandbox.api_client import post
from support.waiting import PATIENCE_S

from pipefy_exports_dagster.cli import main as cli
from pipefy_exports_dagster.sandbox import ORGANIZATION_ID, TOKEN

COMMAND = [str(Path(sys.executable).with_name("pipefy-exports")), "sandbox"]
SMALL = ["--jobs", "50", "--cards", "20", "--processing-seconds", "0", "--now", "2026-11-22T12:00:00Z"]


@contextmanager
def started(*options: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [*COMMAND, *SMALL, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_serves_and_ends_cleanly(number: signal.Signals) -> None:
    with started() as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        url = ready.removeprefix("sandbox ready at ").strip()
        answer = post(
            f"{url}/graphql",
            json={"query": "{ organizations { id } }"},
            headers={"authorization": f"Bearer {TOKEN}"},
        )
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 0
        rest = process.stdout.read()
        errors = process.stderr.read() if process.stderr else ""

    assert ready.startswith("sandbox ready at http://127.0.0.1:")
    assert answer.json()["data"]["organizations"][0]["id"] == ORGANIZATION_ID
    assert f"PIPEFY_TOKEN={TOKEN}" in rest
    assert f"PIPEFY_ORG_ID={ORGANIZATION_ID}" in rest
    assert errors == ""


def test_a_taken_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [*COMMAND, "--port", port], capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"Error: cannot listen on 127.0.0.1 port {port}: Address already in use; "
        "choose another --port, or 0 for a free one"
    ]


def test_a_time_that_is_none_is_explained() -> None:
    result = CliRunner().invoke(cli.main, ["sandbox", "--now", "soon"])

    assert result.exit_code == 2
    assert "'soon' is not a time such as 2026-11-22T12:00:00Z" in result.output


def test_the_list_of_commands_imports_none_of_them() -> None:
    code = (
        "import sys; from pipefy_exports_dagster.cli.main import main; main(['--help'], standalone_mode=False);"
        "sys.exit(bool({'graphql', 'uvicorn', 'dagster', 'duckdb'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0
    for name, command in cli.COMMANDS.items():
        assert name in done.stdout
        assert command.summary.split(".")[0][:30] in done.stdout


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_every_listed_command_exists(name: str) -> None:
    result = CliRunner().invoke(cli.main, [name, "--help"])

    assert result.exit_code == 0, result.output
    assert result.output.startswith("Usage: ")


def test_an_unknown_command_is_refused() -> None:
    assert CliRunner().invoke(cli.main, ["nonsense"]).exit_code == 2
