"""A real Dagster daemon, and waiting for what it does."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from support.project import DEFINITIONS, Project
from support.waiting import eventually


@contextmanager
def daemon(project: Project) -> Iterator[None]:
    """Run a daemon, in a process group of its own, which is killed at the end with all its children."""
    with (project.root / "daemon.log").open("ab") as log:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("dagster-daemon")), "run", "-m", DEFINITIONS],
            env=project.environment,
            cwd=project.root,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(condition: Callable[[], object], project: Project) -> None:
    """Wait until the condition holds; show the end of the daemon's log if it never does."""
    eventually(condition, lambda: (project.root / "daemon.log").read_text()[-4000:], pause_s=0.3)
