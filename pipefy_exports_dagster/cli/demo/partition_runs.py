"""Materializing partitions with Dagster's own command, and what its log says on the way."""

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from pipefy_exports_dagster.files.private import make_folder

MODULE = "pipefy_exports_dagster.definitions"
MAX_SHOWN_LINES = 12
ENDING_SIGNALS = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
"""Beside Ctrl-C, which a terminal sends to the runs as well."""

_LEVEL = re.compile(r"- (?:INFO|WARNING|ERROR) - (.*)")
_EVENT = re.compile(r"\A[A-Z_]++ - ")


@dataclass(slots=True)
class PartitionRun:
    """One `dagster asset materialize`, for one partition of one asset; its checks are part of it.

    `progress` is the newest line that the asset itself logged.
    """

    asset: str
    partition: str
    log_path: Path
    process: subprocess.Popen[str]
    progress: str = ""
    lines: list[str] = field(default_factory=list)
    reader: threading.Thread | None = None

    @property
    def is_over(self) -> bool:
        """Whether the process has ended and all of its output is read."""
        return self.process.poll() is not None and not (self.reader and self.reader.is_alive())

    @property
    def failed(self) -> bool:
        """Whether it ended without success."""
        return self.process.returncode not in {0, None}

    def trouble(self) -> str:
        """Return the lines of the log that say what went wrong."""
        telling = [line for line in self.lines if "Failure: " in line or "Error" in line]
        return "\n".join((telling or self.lines)[-MAX_SHOWN_LINES:])

    def read(self) -> None:
        """Read its output until it ends, into its log file and `progress`."""
        assert self.process.stdout is not None  # noqa: S101 - a pipe, as started below
        with self.log_path.open("w", encoding="utf-8") as log:
            for line in self.process.stdout:
                log.write(line)
                self.lines.append(line.rstrip())
                self.progress = said_by(self.asset, line.rstrip()) or self.progress


def start_run(
    asset: str, partition: str, *, environment: Mapping[str, str], working_dir: Path
) -> PartitionRun:
    """Start materializing a partition; its output goes to a file and into `progress`.

    `working_dir` holds the log files; it must have no `.env`, which Dagster would read over `environment`.
    """
    logs = working_dir / "logs"
    make_folder(logs)
    command = [sys.executable, "-m", "dagster", "asset", "materialize", "-m", MODULE]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter, fixed arguments
        [*command, "--select", asset, "--partition", partition],
        env=dict(environment),
        cwd=working_dir,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    run = PartitionRun(asset, partition, logs / f"{asset}-{partition}.log", process)
    run.reader = threading.Thread(target=run.read, daemon=True)
    run.reader.start()
    return run


@contextmanager
def ended_with_this() -> Iterator[list[PartitionRun]]:
    """Yield a list for runs; those that are not over when the block is left are ended.

    A signal that ends this process leaves the block, too: without the sandbox a run would wait, and hold its partition.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    previous = {number: signal.signal(number, end) for number in ENDING_SIGNALS}
    runs: list[PartitionRun] = []
    try:
        yield runs
    finally:
        for run in runs:
            run.process.terminate()
        for number, handler in previous.items():
            signal.signal(number, handler)


def said_by(asset: str, line: str) -> str | None:
    """Return what a line of Dagster's output says, if the asset's own step logged it."""
    level = _LEVEL.search(line)
    _, found, message = level[1].rpartition(f" - {asset} - ") if level else ("", "", "")
    return _EVENT.sub("", message, count=1) if found else None
