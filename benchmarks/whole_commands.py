"""What people wait for with a small file: whole commands, in CPU seconds of all processes that each starts."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipefy_exports_dagster.cli.demo.environment import sandbox_environment
from pipefy_exports_dagster.cli.instance import prepare_instance

ROOT = Path(__file__).parent.parent
JOBS = "automation_jobs_export"
SMALL_JOBS = 2_000


@dataclass(frozen=True)
class Commands:
    """Commands to measure, by name, and where they run."""

    folder: Path
    environment: Mapping[str, str]
    commands: Mapping[str, list[str]]

    def measure(self, name: str) -> dict[str, float]:
        """Run a command, and give its seconds, and the CPU seconds of it and of all processes that it starts."""
        before, started = _cpu_of_children(), time.perf_counter()
        subprocess.run(  # noqa: S603
            self.commands[name], env=dict(self.environment), cwd=self.folder, capture_output=True, check=True
        )
        return {"seconds": time.perf_counter() - started, "cpu": _cpu_of_children() - before}


Measured = Mapping[str, Mapping[str, float]]


def measure_commands(small_file: Path, rounds: int) -> list[Measured]:
    """Run all commands in turn, round after round; a first round that makes instance and tables does not count."""
    with small_commands(small_file) as commands:
        measured = []
        for _ in range(rounds + 1):
            measured.append({name: commands.measure(name) for name in commands.commands})
            sys.stderr.write(".")
    sys.stderr.write("\n")
    return measured[1:]


def command_ratios(run: Measured) -> dict[str, tuple[float, str]]:
    """Compare what a round measured: by name, the ratio and what is to be reached."""
    cpu = {name: facts["cpu"] for name, facts in run.items()}
    return {
        "small file: whole `load` / importing DuckDB and pyarrow": (
            run["load"]["seconds"] / run["imports"]["seconds"],
            "3.0",
        ),
        "small file: whole `load` / importing DuckDB and pyarrow, CPU": (cpu["load"] / cpu["imports"], "3.0"),
        "small export: materialization / an asset that does nothing, default executor, CPU": (
            cpu["materialization"] / cpu["noop"],
            "0.9",
        ),
        "small export: materialization / an asset that does nothing, in process, CPU": (
            cpu["materialization"] / cpu["noop in process"],
            "1.6",
        ),
    }


@contextmanager
def small_commands(small_file: Path) -> Iterator[Commands]:
    """Give the commands, with a sandbox in a process that is not measured."""
    with tempfile.TemporaryDirectory() as folder, _sandbox() as url:
        home = Path(folder)
        prepare_instance(home / "data" / "dagster")
        environment = sandbox_environment(url, home / "data") | {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
        }
        python, ours = sys.executable, str(Path(sys.executable).with_name("pipefy-exports"))
        database = str(home / "small.duckdb")
        run = [python, "-m", "dagster", "asset", "materialize", "--partition", "current_month"]
        noop = [*run, "-m", "benchmarks.noop_definitions", "--select", "noop"]
        commands = {
            "imports": [python, "-c", "import duckdb, pyarrow"],
            "load": [ours, "load", str(small_file.absolute()), "--table", "small", "--database", database],
            "noop": noop,
            "noop in process": ["env", "NOOP_IN_PROCESS=1", *noop],
            "materialization": [*run, "-m", "pipefy_exports_dagster.definitions", "--select", JOBS],
        }
        yield Commands(home, environment, commands)


@contextmanager
def _sandbox() -> Iterator[str]:
    ours = str(Path(sys.executable).with_name("pipefy-exports"))
    command = [ours, "sandbox", "--jobs", str(SMALL_JOBS), "--processing-seconds", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        assert process.stdout is not None  # noqa: S101  it is a pipe
        yield next(word for line in process.stdout for word in line.split() if word.startswith("http://127"))
    finally:
        process.terminate()
        process.wait()


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
