"""What every server has: a port, a folder, a process that ends with its owner, and the wait until it answers."""

import contextlib
import importlib.util
import os
import random
import shutil
import signal
import socket
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from servers.kept_process import PATIENCE_S, KeptProcess

HOST = "127.0.0.1"


class ServerError(Exception):
    """A server did not start, and why."""


class Server(ABC):
    """One server. `start` and `stop` may be called again: the port, the folder and what is in it stay."""

    name: str
    quickest: signal.Signals = signal.SIGKILL
    """What ends the server at once, when nothing of it is kept."""
    user: str | None = None
    """Whom the server runs as, where that is not the process's own user."""

    def __init__(self) -> None:
        self.port = free_port()
        self._folder: Path | None = None
        self._process: KeptProcess | None = None

    @property
    def folder(self) -> Path:
        """Where the server's files are, while it is open."""
        if self._folder is None:
            raise ServerError(f"{self.name} has not been started")
        return self._folder

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix=f"{self.name}-"))
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the server, and remove its files."""
        self.stop(self.quickest)
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.is_running

    @property
    def pid(self) -> int:
        """The running server's; 0 if it does not run."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start the server, and wait until it answers.

        Raises:
            ServerError: It did not, with the end of what it said.
        """
        if self._process:
            return
        deadline = time.monotonic() + PATIENCE_S
        self._process = KeptProcess(
            self.command(),
            environment=self.process_environment(),
            folder=self.folder,
            log=self.folder / "log",
            user=self.user,
            goes_with_owner=self.folder,
        )
        while not (self.is_running and self.answers()):
            if not self.is_running or time.monotonic() > deadline:
                said = self.log()[-2000:]
                self.stop(self.quickest)
                raise ServerError(f"{self.name} did not start on {HOST}:{self.port}:\n{said}")
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End the server by a signal, and wait until it has ended; its files stay."""
        process, self._process = self._process, None
        if process:
            process.end(how)

    def log(self) -> str:
        """Return what the server has said."""
        return (self.folder / "log").read_text(errors="replace")

    def prepare(self) -> None:  # noqa: B027
        """Make what the server needs in its folder."""

    def process_environment(self) -> Mapping[str, str]:
        """Return what the server's process gets: nothing of this process's but where programs and libraries are."""
        kept = ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "HOME", "LANG")
        return {name: os.environ[name] for name in kept if name in os.environ}

    @abstractmethod
    def command(self) -> Sequence[str]: ...

    @abstractmethod
    def answers(self) -> bool: ...


def package_folder(package: str, distribution: str) -> Path:
    """Return where a wheel's package is, without importing it.

    Raises:
        ServerError: It is not installed.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ServerError(f"{distribution} is not installed; `make install` has it")
    return Path(spec.submodule_search_locations[0])


def free_port() -> int:
    """Return a port that no connection takes by chance: below those which kernels give to who asks for none."""
    while True:
        port = random.randrange(20_000, 32_000)  # noqa: S311
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind((HOST, port))
            return port
