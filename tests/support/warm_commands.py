"""Commands in processes of their own, without the imports, which are most of what a command costs.

A process waits that has imported Dagster and the package (`command_fork_server`), and is forked for each command. It is
for commands that are run to their end. What is about the start itself, or is killed, is started as a person does.
"""

import functools
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

from support.waiting import PATIENCE_S
from support.warm_processes import ForkServer, WarmProcess

_BESIDE = Path(sys.executable).parent
_OF_THE_INTERPRETER = ("PYTHON", "LD_", "LC_", "LANG", "MALLOC", "ARROW", "OMP")
"""What an interpreter, or a library that is imported already, reads at its start."""
PIPEFY_EXPORTS = str(Path(sys.executable).with_name("pipefy-exports"))


def run_warm(
    *command: str,
    environment: Mapping[str, str],
    folder: Path,
    given: str = "",
    umask: int | None = None,
    user: int | None = None,
    group: int | None = None,
) -> "subprocess.CompletedProcess[str]":
    """Run a command of this interpreter, or the package's own, to its end."""
    with (
        tempfile.TemporaryFile() as shown,
        tempfile.TemporaryFile() as said,
        tempfile.TemporaryFile() as asked,
    ):
        asked.write(given.encode())
        asked.seek(0)
        pipes = [file.fileno() for file in (asked, shown, said)]
        process = start_warm(
            *command,
            environment=environment,
            folder=folder,
            pipes=pipes,
            umask=umask,
            user=user,
            group=group,
        )
        try:
            status = process.wait(PATIENCE_S)
        finally:
            process.kill()
        return subprocess.CompletedProcess(command, status, _text_of(shown), _text_of(said))


def start_warm(
    *command: str,
    environment: Mapping[str, str],
    folder: Path,
    pipes: Sequence[int],
    umask: int | None = None,
    user: int | None = None,
    group: int | None = None,
) -> "WarmProcess | subprocess.Popen[bytes]":
    """Start it with these descriptors; cold where the interpreter would have started otherwise."""
    server = _fork_server() if sys.platform == "linux" and Path(command[0]).parent == _BESIDE else None
    if server and server.is_as(environment, _is_read_at_start):
        arguments = command[1:] if command[0] == sys.executable else command
        return server.start(
            environment, pipes, folder=folder, umask=umask, user=user, group=group, arguments=arguments
        )

    stdin, stdout, stderr = pipes
    return subprocess.Popen(
        command,
        env=environment,
        cwd=folder,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        umask=-1 if umask is None else umask,
        user=user,
        group=group,
        extra_groups=[] if user else None,
    )


class WarmCommand:
    """What is used of a `subprocess.Popen` of text, for a command that gets signals while it runs.

    Args:
        stdout: A descriptor it prints to; None: it can be read.
        stderr: The same, for its errors.
    """

    def __init__(
        self,
        *command: str,
        environment: Mapping[str, str],
        folder: Path,
        stdout: int | None = None,
        stderr: int | None = None,
    ) -> None:
        self._read: list[IO[bytes] | None] = []
        ends: list[int] = []
        for given in (stdout, stderr):
            readable, writable = os.pipe() if given is None else (None, given)
            self._read.append(os.fdopen(readable, "rb") if readable is not None else None)
            ends.append(writable)
        with Path(os.devnull).open("rb") as nothing:
            self._process = start_warm(
                *command, environment=environment, folder=folder, pipes=[nothing.fileno(), *ends]
            )
        for given, end in zip((stdout, stderr), ends, strict=True):
            if given is None:
                os.close(end)
        self.pid = self._process.pid
        self.send_signal, self.kill, self.poll = (
            self._process.send_signal,
            self._process.kill,
            self._process.poll,
        )

    @property
    def returncode(self) -> int:
        return self._process.wait(PATIENCE_S)

    def communicate(self, timeout: float) -> tuple[str, str]:
        with ThreadPoolExecutor() as pool:
            texts = [pool.submit(read.read) if read else None for read in self._read]
            try:
                self._process.wait(timeout)
            finally:
                self._process.kill()
            stdout, stderr = (text.result().decode() if text else "" for text in texts)
        for read in filter(None, self._read):
            read.close()
        return stdout, stderr


def _is_read_at_start(name: str) -> bool:
    # The path of modules is looked at in the process.
    return name.startswith(_OF_THE_INTERPRETER) and name != "PYTHONPATH"


def _text_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


@functools.cache
def _fork_server() -> ForkServer:
    return ForkServer("command_fork_server", os.environ.copy())
