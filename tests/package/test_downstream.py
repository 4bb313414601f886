"""What somebody builds on our tables in a fresh project of Dagster's, from the wheel: frames, SQL, dbt, automation."""

import os
import shutil
import site
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import duckdb
import pytest
from component.their_project import TYPE
from package.installing import REPOSITORY, Installed, run
from support.daemon import process_group, wait_for
from support.project import JOBS, JOBS_HISTORY, Project

from pipefy_exports_dagster.periods import add_months, month_of
from pipefy_exports_dagster.sandbox import Sandbox

COMMANDS = ("create-dagster", "dg", "dagster", "dagster-daemon", "dbt")
YAML = """
type: TYPE
attributes:
  organization_id: "{{ env.PIPEFY_ORG_ID }}"
  connection:
    base_url: "{{ env.PIPEFY_BASE_URL }}"
    allow_insecure_urls: true
  data_dir: "{{ env.PIPEFY_EXPORTS_DATA_DIR }}"
  history_start: "FIRST_MONTH-01"
  wait: deferred
  polling: {min_interval_s: 0.5}
  checks: false
  schedules: {history_sensor: true}
"""
WAITING_S = 3600
UNDER_WAY = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """An environment of its own with the wheel in it; what it and its users require is lent by that of the tests."""
    folder = tmp_path_factory.mktemp("fresh") / "env"
    uv = str(Path(sys.prefix) / "bin" / "uv")
    run(uv, "venv", "--quiet", "--python", sys.executable, str(folder), cwd=folder.parent)
    python = folder / "bin" / "python"
    run(uv, "pip", "install", "--quiet", "--no-deps", "--python", str(python), str(wheel), cwd=folder.parent)
    [own] = (folder / "lib").glob("python*/site-packages")
    [lent] = [path for path in site.getsitepackages() if Path(path).name == "site-packages"]
    (own / "lent.pth").write_text(lent + "\n")
    for name in COMMANDS:
        script = (Path(sys.prefix) / "bin" / name).read_text().split("\n", 1)[1]
        (folder / "bin" / name).write_text(f"#!{python}\n{script}")
        (folder / "bin" / name).chmod(0o755)
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("PIPEFY_", "DAGSTER_"))}
    bare.pop("PYTHONPATH", None)
    return Installed(
        folder / "bin",
        bare | {"VIRTUAL_ENV": str(folder), "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"},
    )


def metadata(instance: dg.DagsterInstance, asset: str, partition: str | None = None) -> Mapping[str, object]:
    """Of the newest materialization; empty if there is none."""
    found = instance.fetch_materializations(
        dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[partition] if partition else None),
        limit=1,
    )
    for record in found.records:
        assert record.asset_materialization
        return {name: value.value for name, value in record.asset_materialization.metadata.items()}
    return {}


@pytest.mark.timeout(900)
def test_frames_sql_dbt_and_automation_stand_after_our_tables_in_a_fresh_project(
    installed: Installed, tmp_path: Path, start_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = start_sandbox(processing_seconds=WAITING_S)
    project = Project.for_sandbox(tmp_path / "data_of_theirs", sandbox.url)
    this_month = month_of(datetime.now(UTC), ZoneInfo("UTC"))
    first_month, last_month = (f"{add_months(this_month, -back):%Y-%m}" for back in (3, 1))
    marts = tmp_path / "marts.duckdb"
    dbt = tmp_path / "dbt"
    shutil.copytree(REPOSITORY / "tests" / "data" / "dbt_project", dbt)
    root = tmp_path / "their_company"
    ours = {
        name: project.environment[name]
        for name in project.environment
        if name.startswith(("PIPEFY_", "DAGSTER_"))
    }
    installed = Installed(
        installed.bin,
        installed.environment
        | ours
        | {
            "PYTHONPATH": str(root / "src"),
            "FIRST_MONTH": first_month,
            "PIPEFY_READ_COPY": str(project.database.with_suffix(".read.duckdb")),
            "MARTS_DATABASE": str(marts),
            "DBT_PROJECT_DIR": str(dbt),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        },
    )
    installed.run("create-dagster", "project", str(root), "--no-uv-sync", cwd=tmp_path)
    installed.run("dg", "scaffold", "defs", TYPE, "pipefy", cwd=root)
    defs = root / "src" / "their_company" / "defs"
    (defs / "pipefy" / "defs.yaml").write_text(YAML.replace("TYPE", TYPE).replace("FIRST_MONTH", first_month))
    shutil.copy(REPOSITORY / "tests" / "package" / "their_definitions.py", defs / "downstream.py")
    installed.run("dbt", "parse", "--profiles-dir", str(dbt), cwd=dbt)

    daemon = ("dagster-daemon", "run", "-m", "their_company.definitions")
    with (
        process_group(
            [str(installed.bin / daemon[0]), *daemon[1:]],
            installed.environment,
            root,
            project.root / "daemon.log",
        ),
        project.instance() as instance,
    ):
        installed.run("dg", "launch", "--assets", JOBS, "--partition", "last_month", cwd=root)
        ticks = automation_ticks(instance)
        assert project.observations(JOBS, "last_month")
        wait_for(lambda: automation_ticks(instance) >= ticks + 2, project)
        assert not metadata(instance, "with_tables"), "an observation of a deferred run is no reason"
        assert instance.get_runs_count() == 1

        sandbox.clock.advance(timedelta(seconds=2 * WAITING_S))
        wait_for(lambda: metadata(instance, JOBS), project)
        wait_for(lambda: metadata(instance, JOBS_HISTORY), project)
        done = ("with_pandas", "with_polars", "with_tables", "month", "all_months", "jobs_per_month")
        wait_for(lambda: all(metadata(instance, asset) for asset in done), project)
        [(slice_rows,)] = project.query(f"SELECT count(*) FROM {JOBS} WHERE _period_filter = 'last_month'")
        for asset in ("with_pandas", "with_polars", "with_tables"):
            assert metadata(instance, asset, "last_month")["rows"] == slice_rows > 0
        [(month_rows,)] = project.query(
            f"SELECT count(*) FROM {JOBS_HISTORY} WHERE _month = '{last_month}-01'"
        )
        assert metadata(instance, "month", last_month)["rows"] == month_rows > 0
        assert metadata(instance, "all_months")["rows"] == month_rows
        for never in ("month_if_newest", "all_months_if_none_is_missing"):
            assert not instance.fetch_materializations(dg.AssetKey(never), limit=1).records
        wait_for(lambda: not instance.get_runs(dg.RunsFilter(statuses=UNDER_WAY)), project)
        assert {run.status for run in instance.get_runs()} == {dg.DagsterRunStatus.SUCCESS}
    with duckdb.connect(marts, read_only=True) as connection:
        assert connection.sql(
            "SELECT strftime(month, '%Y-%m'), is_complete, jobs FROM jobs_per_month"
        ).fetchall() == [(last_month, True, month_rows)]


def automation_ticks(instance: dg.DagsterInstance) -> int:
    """How often the automation sensor was evaluated."""
    states = [state for state in instance.all_instigator_state() if state.instigator_name == "automation"]
    return sum(
        len(instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=100)) for state in states
    )
