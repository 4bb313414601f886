"""One machine: folders that no other has, and what runs on it."""

import os
import secrets
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from servers.kept_process import KeptProcess, is_alive

MARK = "MACHINE_OF_THE_TEST"
_FOLDERS = {
    "HOME": "home",
    "TMPDIR": "tmp",
    "DAGSTER_HOME": "dagster",
    "PIPEFY_EXPORTS_DATA_DIR": "data",
}


class Machine:
    """Folders of its own, and processes that see no others.

    Args:
        root: Where the folders are.
        environment: What all machines have alike: settings, and how to reach the servers.
        dagster_yaml: The text of the file of that name in its DAGSTER_HOME.
    """

    def __init__(self, root: Path, environment: Mapping[str, str], dagster_yaml: str) -> None:
        self.root = root
        self._mark = secrets.token_hex(8)
        folders = {variable: root / name for variable, name in _FOLDERS.items()}
        for folder in (*folders.values(), self._work):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.environment = {
            **environment,
            **{variable: str(folder) for variable, folder in folders.items()},
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
            MARK: self._mark,
        }
        self.home.joinpath("dagster.yaml").write_text(dagster_yaml)
        self._processes: dict[str, KeptProcess] = {}

    @property
    def home(self) -> Path:
        """Its DAGSTER_HOME."""
        return self.root / "dagster"

    @property
    def data_dir(self) -> Path:
        return self.root / "data"

    @property
    def _work(self) -> Path:
        return self.root / "work"

    def start(self, role: str, command: Sequence[str]) -> KeptProcess:
        """Start a command that goes on until the machine ends; its output is in `log(role)`."""
        process = KeptProcess(
            command, environment=self.environment, folder=self._work, log=self.root / f"{role}.log"
        )
        self._processes[role] = process
        return process

    def is_up(self, role: str) -> bool:
        return role in self._processes and self._processes[role].is_running

    def log(self, role: str) -> str:
        path = self.root / f"{role}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End all that was started, by a signal, and then whatever is left of it."""
        processes, self._processes = self._processes, {}
        for process in processes.values():
            with suppress(ProcessLookupError):
                os.kill(process.pid, how)
        for process in processes.values():
            process.end(how)
        self.kill()

    def kill(self) -> None:
        """End every process of the machine at once, as a power failure does."""
        while pids := self.pids():
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        processes, self._processes = self._processes, {}
        for process in processes.values():
            process.end(signal.SIGKILL)

    def pids(self) -> list[int]:
        """Return the machine's processes: those with its mark, and what these have started."""
        parents, marked = dict[int, int](), set[int]()
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                pid = int(folder.name)
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
                if state == "Z":
                    continue
                parents[pid] = int(parent)
                if f"{MARK}={self._mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                    marked.add(pid)
        found = set(marked)
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        # The keepers, which are this process's children, end by themselves.
        return [pid for pid in found if parents[pid] != os.getpid() and is_alive(pid)]
