"""A real Dagster daemon, and waiting for what it does."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from support.project import DEFINITIONS, Project
from support.waiting import eventually


@contextmanager
def daemon(project: Project) -> Iterator[None]:
    """Run a daemon; it is killed at the end with all its children."""
    command = [str(Path(sys.executable).with_name("dagster-daemon")), "run", "-m", DEFINITIONS]
    with process_group(command, project.environment, project.root, project.root / "daemon.log"):
        yield


@contextmanager
def process_group(
    command: Sequence[str], environment: Mapping[str, str], cwd: Path, log_path: Path
) -> Iterator[None]:
    """Run a command in a process group of its own, which is killed at the end with all its children."""
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            command, env=dict(environment), cwd=cwd, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(condition: Callable[[], object], project: Project) -> None:
    """Wait until the condition holds; show the end of the daemon's log if it never does."""
    eventually(condition, lambda: (project.root / "daemon.log").read_text()[-4000:], pause_s=0.3)
