"""Several processes at once: of one partition, of one database, and readers beside them."""

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pytest
from support.project import JOBS, REPORT, Project
from support.waiting import PATIENCE_S, eventually

from pipefy_exports_dagster.orchestration.partition_locks import FilePartitionLocks, PartitionName
from pipefy_exports_dagster.sandbox import Sandbox

LOADER = """
    import sys
    from datetime import date, datetime
    from pathlib import Path
    from pipefy_exports_dagster.tables import Slice, load_file
    file, database, table, period = sys.argv[1:]
    print("ready", flush=True)
    sys.stdin.readline()
    slice_ = Slice("1", period, date(2026, 11, 1), f"export-{table}-{period}", datetime(2026, 11, 22))
    print(load_file(Path(file), database=Path(database), table=table, slice_=slice_, lock_timeout_s=120).rows)
"""
HOLDER = """
    import duckdb, sys
    connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "read_only")
    print("held", flush=True)
    sys.stdin.readline()
"""


def python(code: str, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def holding(database: Path, mode: str) -> Iterator["subprocess.Popen[str]"]:
    """Another process has the database open."""
    with python(HOLDER, database, mode) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        try:
            yield holder
        finally:
            holder.kill()


@contextmanager
def the_partition_locked(project: Project, partition: str) -> Iterator[None]:
    """Hold the lock that a run of the partition needs, as another run would."""
    organization = project.environment["PIPEFY_ORG_ID"]
    locks, name = FilePartitionLocks(project.data_dir), PartitionName(organization, JOBS, partition)
    with locks.hold(name, timeout_s=1, on_wait=print):
        yield


@dataclass(frozen=True)
class StartedRun:
    """A run in a process of its own, whose output is a file, so that it is there while the run goes on."""

    process: "subprocess.Popen[bytes]"
    output: Path

    @classmethod
    @contextmanager
    def of(cls, project: Project, asset: str, number: int) -> Iterator["StartedRun"]:
        output = project.root / f"run-{number}.txt"
        command = project.command(asset, partition="last_month")
        with (
            output.open("wb") as out,
            subprocess.Popen(
                command, env=project.environment, cwd=project.root, stdout=out, stderr=out
            ) as process,
        ):
            try:
                yield cls(process, output)
            finally:
                process.kill()

    def await_saying(self, text: str) -> None:
        def said() -> bool:
            assert self.process.poll() is None, self.output.read_text()
            return text in self.output.read_text()

        eventually(said, self.output.read_text, pause_s=0.1)

    def ended(self) -> str:
        """Return all that it said, when it has ended well."""
        assert self.process.wait(PATIENCE_S) == 0, self.output.read_text()
        return self.output.read_text()


def csv_file(folder: Path, rows: int) -> Path:
    path = folder / f"{rows}.csv"
    path.write_text("number,text\n" + "".join(f"{number},row {number}\n" for number in range(rows)))
    return path


def test_eight_processes_load_eight_slices_of_one_database_at_the_same_moment(tmp_path: Path) -> None:
    database = tmp_path / "shared.duckdb"
    slices = [(table, f"period_{number}") for table in ("jobs", "cards") for number in range(4)]
    with ExitStack() as ending:
        loaders = [
            ending.enter_context(python(LOADER, csv_file(tmp_path, 100 + number), database, table, period))
            for number, (table, period) in enumerate(slices)
        ]
        for loader in loaders:
            ending.callback(loader.kill)
            assert loader.stdout
            assert loader.stdout.readline() == "ready\n"
        for loader in loaders:
            assert loader.stdin
            loader.stdin.write("go\n")
            loader.stdin.flush()
        for number, loader in enumerate(loaders):
            out, err = loader.communicate(timeout=180)
            assert (out, loader.returncode) == (f"{100 + number}\n", 0), err
    with duckdb.connect(database, read_only=True) as connection:
        for number, (table, period) in enumerate(slices):
            query = f"SELECT count(*), max(_file_row) FROM {table} WHERE _period_filter = '{period}'"
            assert connection.execute(query).fetchone() == (100 + number, 100 + number)
    assert [path.name for path in tmp_path.iterdir() if path.suffix in {".wal", ".tmp", ".part"}] == []


@pytest.mark.parametrize("mode", ["read_write", "read_only"])
def test_a_load_waits_for_another_process_that_holds_the_database_and_says_so(
    project: Project, mode: str
) -> None:
    assert project.materialize(JOBS).success
    with (
        holding(project.database, mode) as holder,
        subprocess.Popen(
            project.command(REPORT, partition="last_month"),
            env=project.environment,
            cwd=project.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as loading,
    ):
        assert loading.stdout
        waiting = f"waiting for {project.database}, which process {holder.pid} holds; up to 600 s in all"
        said = []
        for line in loading.stdout:
            said.append(line)
            if waiting in line:
                break
        assert loading.poll() is None, "".join(said)
        holder.kill()
        said += loading.stdout
    assert loading.returncode == 0, "".join(said)
    assert "".join(said).count(waiting) == 1
    assert (REPORT, "last_month") in project.tables()


def test_past_the_deadline_the_holder_is_named_and_a_retry_needs_no_new_export(
    project: Project, sandbox: Sandbox
) -> None:
    assert project.materialize(JOBS).success
    before = project.tables()
    with holding(project.database, "read_write") as holder:
        outcome = project.materialize(REPORT, config=replace(project.config, database_lock_timeout_s=1.0))
        assert outcome.failure_class == "DatabaseLockedError"
        assert str(holder.pid) in outcome.failure
    assert project.tables() == before
    requests = sandbox.stats.requests.total()
    outcome = project.materialize(REPORT)
    assert outcome.success, outcome.failure
    assert outcome.metadata["pipefy/resumed"] is True
    assert sandbox.stats.requests.total() == requests


def test_a_reader_of_the_read_copy_blocks_no_load_and_a_new_one_sees_it(project: Project) -> None:
    assert project.materialize(JOBS, partition="last_month").success
    copy = project.data_dir / "pipefy_exports.read.duckdb"
    with holding(copy, "read_only"):
        assert project.materialize(JOBS, partition="current_month").success
        with duckdb.connect(copy, read_only=True) as connection:
            query = f"SELECT _period_filter, count(*) FROM {JOBS} GROUP BY 1"
            assert dict(connection.execute(query).fetchall()) == {
                partition: rows for (_, partition), rows in project.tables().items()
            }


def test_the_read_copy_can_be_turned_off(project: Project) -> None:
    project.environment["PIPEFY_EXPORTS_READ_COPY"] = "false"
    assert project.materialize(JOBS).success
    assert not (project.data_dir / "pipefy_exports.read.duckdb").exists()


def test_two_runs_of_one_partition_create_one_export_and_leave_one_slice(
    project: Project, sandbox: Sandbox
) -> None:
    assert project.materialize(JOBS, partition="current_month").success
    with ExitStack() as ending:
        with the_partition_locked(project, "last_month"):
            runs = [ending.enter_context(StartedRun.of(project, JOBS, number)) for number in range(2)]
            for run in runs:  # however much later one of them starts than the other
                run.await_saying("another run works on this partition; waiting for it")
        outputs = [run.ended() for run in runs]
    assert sum("which another run has just asked for" in output for output in outputs) == 1
    assert sandbox.stats.exports.total() == 2
    [(rows, distinct)] = project.query(
        f"SELECT count(*), count(DISTINCT _file_row) FROM {JOBS} WHERE _period_filter = 'last_month'"
    )
    assert rows == distinct > 0


def test_a_run_that_waits_too_long_for_another_says_so(project: Project) -> None:
    with the_partition_locked(project, "last_month"):
        outcome = project.materialize(JOBS, config=replace(project.config, partition_lock_timeout_s=0.5))
    assert outcome.failure_class == "PartitionLockedError"
    assert "another run works on automation_jobs_export 'last_month'" in outcome.failure
    held = re.compile(
        rf"process {os.getpid()} \(.+\) holds {re.escape(str(project.data_dir))}/locks/\S+/last_month.lock"
    )
    assert held.search(outcome.failure), outcome.failure
    assert any("waiting for it" in message and held.search(message) for message in outcome.messages)
