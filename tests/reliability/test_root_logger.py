"""Dagster manages the root logger at DEBUG: every library's log lines go into the event log."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from reliability.secrets_in import SECRETS
from support.project import JOBS, REPORT, Project
from support.waiting import PATIENCE_S

from pipefy_exports_dagster.sandbox import CLIENT_ID, CLIENT_SECRET, Sandbox

ROOT_AT_DEBUG = """
python_logs:
  managed_python_loggers: [root]
  python_log_level: DEBUG
"""
FAULTS = (
    "status:reset",
    "status:token-revoked",
    "download:link-expired",
    "download:redirect:1:http://127.0.0.1:9/x?signature=stolen",
)


@pytest.fixture
def logging_all(project: Project) -> Project:
    """An instance whose runs log what every library says."""
    dagster_yaml = project.home / "dagster.yaml"
    shipped, _, _ = dagster_yaml.read_text().partition("python_logs:")
    dagster_yaml.unlink()  # a link to the shipped one
    dagster_yaml.write_text(shipped + ROOT_AT_DEBUG)
    return project


@pytest.mark.timeout(120)
def test_a_run_of_two_exports_ends(logging_all: Project) -> None:
    """Each export has a process, whose first look into the ledger opens the event log: alembic logs while Dagster
    holds the lock that storing that line waits for."""
    exit_code, said = materialized(logging_all)
    assert exit_code == 0, said
    assert "HTTP Request: POST" in said, "lines of libraries are in the run's log"
    assert set(logging_all.tables()) == {(JOBS, "last_month"), (REPORT, "last_month")}


@pytest.mark.timeout(120)
def test_no_secret_is_in_the_event_log_then(logging_all: Project, sandbox: Sandbox) -> None:
    logging_all.environment |= {
        "PIPEFY_TOKEN": "",
        "PIPEFY_SERVICE_ACCOUNT_CLIENT_ID": CLIENT_ID,
        "PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET": CLIENT_SECRET,
    }
    for fault in FAULTS:
        sandbox.faults.arm(fault)
    exit_code, said = materialized(logging_all)
    assert exit_code == 0, said
    assert "HTTP Request: GET" in said, "httpx's own lines are there"

    found = [name for name, secret in SECRETS.items() if secret in said]
    files = [path for path in logging_all.data_dir.rglob("*") if path.is_file()]
    found += [
        f"{name} in {path}" for path in files for name, secret in SECRETS.items() if holds(path, secret)
    ]
    assert found == []


def materialized(project: Project) -> tuple[int, str]:
    """Exit code and output of `dagster asset materialize`; a run that hangs is killed with its steps' processes."""
    run = subprocess.Popen(
        project.command(JOBS, REPORT, partition="last_month"),
        env=project.environment,
        cwd=project.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    )
    try:
        said, _ = run.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        said, _ = run.communicate()
        pytest.fail(f"the run hung after\n{said[-3000:]}")
    return run.returncode, said


def holds(path: Path, secret: str) -> bool:
    return secret.encode() in path.read_bytes()
