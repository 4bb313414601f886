"""Dagster's own command line, as a person uses it, against sandboxes of every kind."""

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from support.project import DEFINITIONS, JOBS, REPORT, Project
from support.waiting import eventually

from pipefy_exports_dagster.orchestration.events import DIALECT
from pipefy_exports_dagster.sandbox import CLIENT_ID, CLIENT_SECRET, ApiDialect, FileFormat, Sandbox

SERVICE_ACCOUNT = {
    "PIPEFY_TOKEN": "",
    "PIPEFY_SERVICE_ACCOUNT_CLIENT_ID": CLIENT_ID,
    "PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET": CLIENT_SECRET,
}


@pytest.mark.parametrize(
    ("dialect", "file_format", "service_account"),
    [  # every pair of values of two of them
        (ApiDialect.BOTH, FileFormat.XLSX, False),
        (ApiDialect.BOTH, FileFormat.CSV, True),
        (ApiDialect.DOCUMENTED, FileFormat.XLSX, True),
        (ApiDialect.DOCUMENTED, FileFormat.CSV, False),
        (ApiDialect.INPUT, FileFormat.XLSX, False),
        (ApiDialect.INPUT, FileFormat.CSV, True),
    ],
)
def test_it_loads_each_dialect_and_format_with_each_kind_of_credentials(
    dialect: ApiDialect,
    file_format: FileFormat,
    service_account: bool,
    start_sandbox: Callable[..., Sandbox],
    tmp_path: Path,
) -> None:
    sandbox = start_sandbox(dialect=dialect, file_format=file_format)
    project = Project.for_sandbox(tmp_path / "project", sandbox.url)
    if service_account:
        project.environment |= SERVICE_ACCOUNT
    assert not (project.root / ".env").exists()

    result = project.materialize_in_process_of_its_own(JOBS)

    assert result.returncode == 0, result.stdout + result.stderr
    [export] = sandbox.exports.all()
    rows = len(list(sandbox.exports.table(export).rows))
    assert project.tables() == {(JOBS, "last_month"): rows}
    assert rows > 50
    [file] = project.raw_files()
    assert (file.stem, file.suffix) == (export.id, f".{file_format}")
    [metadata] = project.materializations(JOBS, "last_month")
    assert metadata[DIALECT] == ("documented" if dialect is ApiDialect.DOCUMENTED else "input object")
    assert sandbox.stats.requests["token"] == service_account
    assert sandbox.stats.authorizations_at_files == []
    assert project.leftovers() == []


def test_two_exports_of_one_run_wait_side_by_side(
    start_sandbox: Callable[..., Sandbox], tmp_path: Path
) -> None:
    sandbox = start_sandbox(processing_seconds=600)
    project = Project.for_sandbox(tmp_path / "project", sandbox.url)

    job = [sys.executable, "-m", "dagster", "job", "execute", "-m", DEFINITIONS, "-j", "pipefy_exports"]
    said = project.root / "said.txt"
    with (
        said.open("wb") as out,
        subprocess.Popen(
            [*job, "--tags", '{"dagster/partition": "last_month"}'],
            env=project.environment,
            cwd=project.root,
            stdout=out,
            stderr=out,
        ) as process,
    ):
        # Neither is finished before both are requested: one after the other, the second never would be. A step says
        # so after Pipefy's answer, and the clock waits for that.
        eventually(
            lambda: said.read_text().count("requested export") >= 2 or process.poll() is not None,
            said.read_text,
        )
        sandbox.clock.advance(timedelta(seconds=600))

    assert process.returncode == 0, said.read_text()
    assert set(project.tables()) == {(JOBS, "last_month"), (REPORT, "last_month")}
    with project.instance() as instance:
        [run] = instance.get_runs()
        logged = [
            (log.step_key, log.timestamp, log.user_message)
            for log in instance.all_logs(run.run_id)
            if log.step_key
        ]
    requested = {step: at for step, at, text in logged if text.startswith("requested export")}
    finished = {
        step: at for step, at, text in logged if "is finished after" in text or "is done after" in text
    }
    assert requested.keys() == finished.keys() == {JOBS, REPORT}
    assert max(requested.values()) < min(finished.values())


def test_the_working_directory_decides_neither_the_ledger_nor_the_database(
    sandbox: Sandbox, project: Project, tmp_path: Path
) -> None:
    sandbox.faults.arm("status:unauthorized")
    assert not project.materialize(JOBS).success
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    result = subprocess.run(
        project.command(JOBS, partition="last_month"),
        env=project.environment,
        cwd=elsewhere,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert list(elsewhere.iterdir()) == []
    assert sandbox.stats.exports.total() == 1
    [metadata] = project.materializations(JOBS, "last_month")
    assert metadata["pipefy/resumed"] is True
    assert project.tables() == {(JOBS, "last_month"): metadata["dagster/row_count"]}
