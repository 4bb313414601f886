"""An installation of several machines: one with web server, daemon and code server, and workers that execute runs."""

import os
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError

import dagster as dg
import yaml
from servers import ServerError
from servers.kept_process import PATIENCE_S
from servers.server import HOST, free_port

from machines.launches import LOCATION
from machines.machine import Machine
from machines.shared_servers import SharedServers
from pipefy_exports_dagster.cli.instance import prepare_instance

REPOSITORY = Path(__file__).parents[2]
CELERY = REPOSITORY / "deploy" / "celery"
DEFINITIONS = "pipefy_exports_dagster.definitions"


class Installation:
    """What `deploy/celery` describes, with its own files.

    Args:
        root: Where the machines' folders are.
        servers: What they share.
        settings: Variables that all machines have alike, beside those that name the servers.
        workers: Names of the machines that execute runs.
        definitions: The module of the code location.
        instance_settings: What is to be different in `dagster.yaml`.
        runs_at_once: How many runs a worker executes at the same time.
    """

    def __init__(
        self,
        root: Path,
        servers: SharedServers,
        *,
        settings: Mapping[str, str],
        workers: Sequence[str],
        definitions: str = DEFINITIONS,
        instance_settings: Mapping[str, Any] | None = None,
        runs_at_once: int = 4,
    ) -> None:
        self._runs_at_once = runs_at_once
        self._definitions = definitions
        dagster_yaml: dict[str, Any] = yaml.safe_load((CELERY / "dagster.yaml").read_text())
        for name, value in (instance_settings or {}).items():
            dagster_yaml[name] = {**dagster_yaml.get(name, {}), **value}
        own = ("PIPEFY_EXPORTS_DATA_DIR", "PIPEFY_EXPORTS_DATABASE")  # each machine has folders of its own
        shared = {
            **{name: value for name, value in settings.items() if name not in own},
            **servers.settings,
            "PYTHONPATH": os.pathsep.join(map(str, [REPOSITORY, REPOSITORY / "tests"])),
        }
        text = yaml.safe_dump(dagster_yaml)
        self.control = Machine(root / "control", shared, text)
        self.workers = {name: Machine(root / name, shared, text) for name in workers}
        self._code_port, self._ui_port = free_port(), free_port()

    @property
    def url(self) -> str:
        """Where the UI is."""
        return f"http://{HOST}:{self._ui_port}"

    @property
    def machines(self) -> list[Machine]:
        return [self.control, *self.workers.values()]

    @contextmanager
    def running(self, workers: Sequence[str] | None = None) -> Iterator[None]:
        """Start all machines, or of the workers those that are named; when the block ends, all end.

        Raises:
            ServerError: Something does not start, with the end of what it said.
        """
        with self.environment():
            prepare_instance(self.control.home)
        workspace = self.control.root / "workspace.yaml"
        server = {"host": HOST, "port": self._code_port, "location_name": LOCATION}
        workspace.write_text(yaml.safe_dump({"load_from": [{"grpc_server": server}]}))
        dagster = [sys.executable, "-m", "dagster"]
        module = ["--module-name", self._definitions]
        port = ["--host", HOST, "--port", str(self._code_port)]
        try:
            self.control.start("code_server", [*dagster, "api", "grpc", *port, *module])
            started = list(self.workers) if workers is None else workers
            for name in started:
                self.start_worker(name)
            self._await(self.control, "code_server", "Started Dagster code server")
            self._start_ui(workspace)
            self.control.start(
                "daemon", [sys.executable, "-m", "dagster._daemon", "run", "--workspace", str(workspace)]
            )
            for name in started:
                self._await(self.workers[name], "worker", f"worker@{name} ready")
            self._await_ui()
            yield
        finally:
            for machine in self.machines:
                machine.kill()

    def _start_ui(self, workspace: Path) -> None:
        port = ["--host", HOST, "--port", str(self._ui_port)]
        self.control.start(
            "webserver", [sys.executable, "-m", "dagster_webserver", *port, "--workspace", str(workspace)]
        )

    def start_worker(self, name: str) -> None:
        """Start a machine's worker: it takes the runs of all, and those that are tagged for it."""
        options = [
            "--hostname",
            f"worker@{name}",
            "--concurrency",
            str(self._runs_at_once),
            "--queues",
            f"dagster,{name}",
        ]
        self.workers[name].start("worker", [str(CELERY / "worker"), *options])

    @contextmanager
    def environment(self) -> Iterator[None]:
        """Give this process the environment of the machine that has the daemon."""
        previous = dict(os.environ)
        os.environ.update(self.control.environment)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(previous)

    @contextmanager
    def instance(self) -> Iterator[dg.DagsterInstance]:
        """Open the instance, in the environment of the machine that has the daemon."""
        with self.environment(), dg.DagsterInstance.from_config(str(self.control.home)) as instance:
            yield instance

    def _await(self, machine: Machine, role: str, words: str) -> None:
        self._wait(machine, role, lambda: words in machine.log(role))

    def _await_ui(self) -> None:
        self._wait(self.control, "webserver", lambda: _answers(f"{self.url}/server_info"))

    def _wait(self, machine: Machine, role: str, is_there: Any) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not is_there():
            if not machine.is_up(role) or time.monotonic() > deadline:
                raise ServerError(f"the {role} did not start:\n{machine.log(role)[-2000:]}")
            time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except (URLError, OSError):
        return False
    return True
