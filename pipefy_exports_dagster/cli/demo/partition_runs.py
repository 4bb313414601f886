"""Materializing partitions with Dagster's own command, and what its log says on the way."""

import re
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipefy_exports_dagster.files.private import make_folder

MODULE = "pipefy_exports_dagster.definitions"
MAX_SHOWN_LINES = 12

_LEVEL = re.compile(r"- (?:INFO|WARNING|ERROR) - (.*)")
_EVENT = re.compile(r"\A[A-Z_]++ - ")


@dataclass(slots=True)
class PartitionRun:
    """One `dagster asset materialize`, for one partition of several assets.

    `progress` holds the newest log line of each asset.
    """

    partition: str
    assets: Sequence[str]
    log_path: Path
    process: subprocess.Popen[str]
    progress: dict[str, str] = field(default_factory=dict)
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


def start_run(
    partition: str, assets: Sequence[str], *, environment: Mapping[str, str], working_dir: Path
) -> PartitionRun:
    """Start materializing a partition; its output goes to a file and into `progress`.

    `working_dir` holds the log files; it must have no `.env`, which Dagster would read over `environment`.
    """
    logs = working_dir / "logs"
    make_folder(logs)
    command = [sys.executable, "-m", "dagster", "asset", "materialize", "-m", MODULE]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter, fixed arguments
        [*command, "--select", ",".join(assets), "--partition", partition],
        env=dict(environment),
        cwd=working_dir,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    run = PartitionRun(partition, assets, logs / f"{partition}.log", process)
    run.reader = threading.Thread(target=_read, args=(run, _line_reader(assets)), daemon=True)
    run.reader.start()
    return run


def _read(run: PartitionRun, match: Callable[[str], tuple[str, str] | None]) -> None:
    assert run.process.stdout is not None  # noqa: S101 - a pipe, as started above
    with run.log_path.open("w", encoding="utf-8") as log:
        for line in run.process.stdout:
            log.write(line)
            run.lines.append(line.rstrip())
            if found := match(line):
                run.progress[found[0]] = found[1]


def _line_reader(assets: Sequence[str]) -> Callable[[str], tuple[str, str] | None]:
    """Return a function that finds an asset's own log line in Dagster's output."""
    marks = {f" - {asset} - ": asset for asset in assets}

    def match(line: str) -> tuple[str, str] | None:
        level = _LEVEL.search(line.rstrip())
        said = level[1] if level else ""
        where, mark = max(((said.rfind(mark), mark) for mark in marks), default=(-1, ""))
        if where < 0:
            return None
        message = said[where + len(mark) :]
        return marks[mark], _EVENT.sub("", message, count=1)

    return match
