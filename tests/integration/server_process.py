"""A server as a person starts it: a command that runs until it is told to end."""

import os
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from support.waiting import eventually


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A running command, in a session of its own, and the file that its output goes to."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def await_until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until a condition holds; fail with the output if it never does, or the process ends."""

        def holds() -> bool:
            if condition():
                return True
            assert self.process.poll() is None, f"it ended before {what}:\n{self.output()}"
            return False

        eventually(holds, lambda: f"not {what}:\n{self.output()}", pause_s=0.1)

    def await_answer(self, url: str) -> None:
        """Wait until an address answers with 200."""
        self.await_until(lambda: answers(url), f"answering at {url}")

    def await_end(self) -> int:
        """Wait until the command and everything that it started has ended; return its exit code."""
        eventually(
            lambda: self.process.poll() is not None and not self.alive(),
            lambda: f"{self.alive()} did not end:\n{self.output()}",
            pause_s=0.1,
        )
        return self.process.returncode

    def alive(self) -> list[int]:
        """Return the processes of the session that have not ended, whatever group they are in."""
        return session_members(self.process.pid)


@contextmanager
def server_process(
    command: Sequence[str], *, environment: Mapping[str, str], cwd: Path, log: Path
) -> Iterator[ServerProcess]:
    """Start a command; when the block ends, it and all that it started end too."""
    with log.open("wb") as stream:
        process = subprocess.Popen(
            list(command),
            env=dict(environment),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield ServerProcess(process, log)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)  # `dagster dev` may take a minute; what a test started need not end in order
        for pid in session_members(process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def session_members(session: int) -> list[int]:
    """Return the processes of a session that are neither ended nor zombies (on Linux)."""
    members = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name, in parentheses, may hold anything; after it: state, parent, group, session.
            state, _parent, _group, session_of, *_ = stat.read_text().rpartition(")")[2].split()
            if int(session_of) == session and state != "Z":
                members.append(int(stat.parent.name))
    return members


def answers(url: str) -> bool:
    """Whether an address answers with 200 now."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def free_port() -> int:
    """Return a port that nothing listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
