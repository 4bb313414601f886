"""`pipefy-exports dev`: the UI on the sandbox or on the real account; when it ends, all of it ends."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from integration.server_process import ServerProcess, answers, free_port, server_process
from support.waiting import PATIENCE_S

from pipefy_exports_dagster.cli.dev import with_ui_url
from pipefy_exports_dagster.config.environment import config_from_environment
from pipefy_exports_dagster.sandbox import ORGANIZATION_ID, REPORT_ID, TOKEN, Sandbox

PIPEFY_EXPORTS = Path(sys.executable).with_name("pipefy-exports")
LOCATIONS = (
    "{ workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError { __typename } } } } }"
)


@contextmanager
def dev(port: int, *, environment: dict[str, str], cwd: Path, log: Path) -> Iterator[ServerProcess]:
    command = [str(PIPEFY_EXPORTS), "dev", "--port", str(port)]
    with server_process(command, environment=environment, cwd=cwd, log=log) as server:
        server.await_answer(f"http://127.0.0.1:{port}/server_info")
        yield server


def code_locations(port: int) -> list[str]:
    """Return what each code location is in the UI: `RepositoryLocation` where it loaded."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        json.dumps({"query": LOCATIONS}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        entries = json.load(answer)["data"]["workspaceOrError"]["locationEntries"]
    return [entry["locationOrLoadError"]["__typename"] for entry in entries]


def environment_of_child(pid: int) -> list[str]:
    """Return the environment that the child of a process was started with."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it may have ended meanwhile
            if (process / "stat").read_text().rpartition(")")[2].split()[1] == str(pid):
                return (process / "environ").read_text().split("\0")
    return []


def said(server: ServerProcess) -> str:
    """Return its output as one line, without the frames that text is wrapped in."""
    return " ".join(server.output().translate(str.maketrans("", "", "│╭╮╰╯─")).split())


def files(folder: Path) -> set[str]:
    """Return the first two parts of each file's path."""
    return {"/".join(path.relative_to(folder).parts[:2]) for path in folder.rglob("*") if path.is_file()}


def test_without_credentials_it_runs_the_sandbox_and_says_so(
    tmp_path: Path, bare_environment: dict[str, str]
) -> None:
    project, port = tmp_path / "project", free_port()
    project.mkdir()
    environment = bare_environment | {"PIPEFY_EXPORTS_DATA_DIR": str(tmp_path / "data")}

    with dev(port, environment=environment, cwd=project, log=tmp_path / "log") as server:
        assert code_locations(port) == ["RepositoryLocation"]
        assert "No Pipefy credentials are set, so this is the SANDBOX" in said(server)
        _, _, rest = said(server).partition("It answers at ")
        sandbox = rest.split(";")[0]
        assert answers(f"{sandbox}/sandbox/stats")
        os.kill(server.process.pid, signal.SIGINT)
        assert server.await_end() == 0, server.output()

    assert not answers(f"{sandbox}/sandbox/stats")
    assert files(tmp_path / "data") == {"sandbox/dagster"}
    assert files(project) == set()


def test_with_credentials_it_says_which_pipefy_it_works_on(
    sandbox: Sandbox, tmp_path: Path, bare_environment: dict[str, str]
) -> None:
    project, port = tmp_path / "project", free_port()
    project.mkdir()
    settings = {
        "PIPEFY_BASE_URL": sandbox.url,
        "PIPEFY_ALLOW_INSECURE_URLS": "true",
        "PIPEFY_TOKEN": TOKEN,
        "PIPEFY_ORG_ID": ORGANIZATION_ID,
        "PIPEFY_ORGANIZATION_REPORT_ID": REPORT_ID,
    }
    (project / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))

    with dev(port, environment=bare_environment, cwd=project, log=tmp_path / "log") as server:
        assert code_locations(port) == ["RepositoryLocation"]
        assert f"Pipefy at {sandbox.url}" in said(server)
        assert f"PIPEFY_EXPORTS_UI_URL=http://127.0.0.1:{port}" in environment_of_child(server.process.pid)
        assert "SANDBOX" not in said(server)
        assert TOKEN not in said(server)
        os.kill(server.process.pid, signal.SIGTERM)
        assert server.await_end() == 0, server.output()

    assert files(project) - {"data/dagster"} == {".env"}


def test_the_variables_that_the_instance_names_may_be_in_the_env_file(
    sandbox: Sandbox, tmp_path: Path, bare_environment: dict[str, str]
) -> None:
    home, port = tmp_path / "data" / "dagster", free_port()
    home.mkdir(parents=True)
    (home / "dagster.yaml").write_text("storage: {sqlite: {base_dir: {env: LEDGER_FOLDER}}}\n")
    settings = {
        "PIPEFY_BASE_URL": sandbox.url,
        "PIPEFY_ALLOW_INSECURE_URLS": "true",
        "PIPEFY_TOKEN": TOKEN,
        "PIPEFY_ORG_ID": ORGANIZATION_ID,
        "LEDGER_FOLDER": str(tmp_path / "ledger"),
    }
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    with dev(port, environment=bare_environment, cwd=tmp_path, log=tmp_path / "log") as server:
        assert code_locations(port) == ["RepositoryLocation"]
        os.kill(server.process.pid, signal.SIGTERM)
        assert server.await_end() == 0, server.output()
    assert (tmp_path / "ledger").is_dir()


@pytest.mark.parametrize(
    ("host", "given", "expected"),
    [
        ("127.0.0.1", "", "http://127.0.0.1:3000"),
        ("::1", " ", "http://[::1]:3000"),
        ("0.0.0.0", "", f"http://{socket.gethostname()}:3000"),
        ("::", "", f"http://{socket.gethostname()}:3000"),
        ("127.0.0.1", "https://dagster.example.com", "https://dagster.example.com"),
    ],
)
def test_messages_link_to_the_ui_that_is_started_unless_another_is_set(
    host: str, given: str, expected: str
) -> None:
    environment = with_ui_url({"PIPEFY_EXPORTS_UI_URL": given}, host, 3000)
    assert config_from_environment(environment).ui_url == expected


def test_a_taken_port_is_named_before_anything_is_started(
    sandbox: Sandbox, tmp_path: Path, bare_environment: dict[str, str]
) -> None:
    port = sandbox.url.rpartition(":")[2]

    result = subprocess.run(
        [PIPEFY_EXPORTS, "dev", "--port", port],
        env=bare_environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 1
    assert result.stderr.startswith(f"Error: the Dagster UI cannot listen on 127.0.0.1 port {port}: ")
    assert "choose another --port" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("signals", [1, 2])
def test_a_child_ends_with_its_parent_and_a_second_signal_does_not_wait(signals: int, tmp_path: Path) -> None:
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, print); print(1, flush=True); time.sleep(600)"
    )
    child = "import time; print(1, flush=True); time.sleep(600)" if signals == 1 else stubborn
    code = (
        "import os, pathlib, sys; from pipefy_exports_dagster.cli.dev import run_until_ended; "
        f"sys.exit(run_until_ended([sys.executable, '-c', {child!r}], environment=os.environ, "
        "working_dir=pathlib.Path.cwd()) != 0)"
    )
    with server_process(
        [sys.executable, "-c", code], environment=dict(os.environ), cwd=tmp_path, log=tmp_path / "log"
    ) as server:
        server.await_until(lambda: bool(server.output()), "started")
        os.kill(server.process.pid, signal.SIGHUP)
        if signals == 2:
            server.await_until(lambda: server.output().count("\n") > 1, "refusing to end")
            os.kill(server.process.pid, signal.SIGHUP)
        assert server.await_end() == 1
