"""A whole project whose tables are in a lake: runs, histories, checks, commands and people's assets."""

import re
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner
from support.needs import needs_scale
from support.project import JOBS, JOBS_HISTORY, Project

from pipefy_exports_dagster import PipefyTables
from pipefy_exports_dagster.cli.main import main
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports
from pipefy_exports_dagster.sandbox import Sandbox


@pytest.fixture
def project(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Project:
    needs_scale()
    made = Project.for_sandbox(tmp_path / "project", sandbox.url, checks=True)
    made.environment |= {
        "PIPEFY_EXPORTS_LAKE_DATA_PATH": str(tmp_path / "lake"),
        "PIPEFY_EXPORTS_LAKE_CATALOG": str(tmp_path / "catalog.ducklake"),
    }
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(made.root)
    return made


def command(*arguments: str) -> str:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_project_works_over_a_lake_as_over_a_file(project: Project, tmp_path: Path) -> None:
    outcome = project.materialize(JOBS)
    assert outcome.success
    assert outcome.metadata["dagster/table_name"] == f"lake.main.{JOBS}"
    assert project.build_history(JOBS_HISTORY, back=1).success
    rows = outcome.metadata["dagster/row_count"]
    assert str(rows) in command("query", "--format", "csv", f"SELECT count(*) FROM {JOBS}")
    tables = PipefyTables.of(project.config)
    assert tables.slice(JOBS, "last_month").count("*").fetchone() == (rows,)
    file = tmp_path / "by_hand.csv"
    file.write_text("ID,Nome\n1,Ana\n")
    assert "would load 1 row" in command(
        "load", str(file), "--asset", JOBS, "--partition", "current_month", "--dry-run"
    )
    assert "loaded 1 row" in command("load", str(file), "--asset", JOBS, "--partition", "current_month")
    assert not project.database.exists()
    with project.instance() as instance:
        checks = instance.event_log_storage.get_latest_asset_check_execution_by_key(
            [dg.AssetCheckKey(dg.AssetKey(JOBS), "rows_match_file")]
        )
    assert checks is not None
    doctor = CliRunner().invoke(main, ["doctor"])
    assert f"ok       database: {tmp_path / 'lake'} (catalog: " in doctor.output
    assert re.search(
        r"^ok       lake: .*: a lock was taken and freed; a file was written, read and deleted$",
        doctor.output,
        re.MULTILINE,
    )
    definitions = build_pipefy_exports(project.config)
    assert definitions.resolve_job_def("pipefy_lake_maintenance").execute_in_process().success
    schedule = definitions.resolve_schedule_def("pipefy_lake_maintenance_schedule")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    assert "snapshots expired" in command("tables", "--maintain")
    assert not list(project.leftovers())
