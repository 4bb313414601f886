"""`pipefy-exports demo`, the first thing that anybody runs."""

import csv
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import duckdb
import openpyxl
import pytest
from support.project import JOBS, JOBS_HISTORY, REPORT, REPORT_HISTORY, Project

from pipefy_exports_dagster.cli.demo.answers import QUESTIONS
from pipefy_exports_dagster.cli.demo.environment import sandbox_environment
from pipefy_exports_dagster.cli.instance import prepare_instance
from pipefy_exports_dagster.periods import PeriodFilter
from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings

PIPEFY_EXPORTS = Path(sys.executable).with_name("pipefy-exports")
PARTITIONS = {(table, period.value) for table in (JOBS, REPORT) for period in PeriodFilter}


def run_demo(*, environment: dict[str, str], cwd: Path) -> str:
    result = subprocess.run(
        [PIPEFY_EXPORTS, "demo"], env=environment, cwd=cwd, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def rows_of(file: Path) -> int:
    """Count a raw file's rows below the header, with readers that the package does not load with."""
    if file.suffix == ".csv":
        with file.open(encoding="utf-8", newline="") as stream:
            return sum(1 for _ in csv.reader(stream)) - 1
    workbook = openpyxl.load_workbook(file, read_only=True)
    try:
        return sum(1 for _ in workbook.active.iter_rows(values_only=True)) - 1
    finally:
        workbook.close()


def slices(database: Path) -> dict[tuple[str, str], tuple[str, int]]:
    """Return the export and the rows of each slice, as any client of DuckDB sees them."""
    with duckdb.connect(database, read_only=True) as connection:
        return {
            (table, period): (export_id, count)
            for table in (JOBS, REPORT)
            for period, export_id, count in connection.execute(
                f"SELECT _period_filter, any_value(_export_id), count(*) FROM {table} "
                "GROUP BY _period_filter HAVING count(DISTINCT _export_id) = 1"
            ).fetchall()
        }


def left_by_an_earlier_demo(data: Path) -> str:
    """Fill the demo's folder as one that was run before: an instance, a table with one slice; return its export."""
    with Sandbox(SandboxSettings(jobs=50, cards=10, processing_seconds=0)).running() as sandbox:
        project = Project(data.parent, sandbox_environment(sandbox.url, data))
        prepare_instance(project.home, data_dir=data)
        assert project.materialize(JOBS).success
        return sandbox.exports.all()[0].id


@pytest.mark.timeout(600)
def test_the_demo_loads_six_partitions_also_where_one_was_run_before(
    tmp_path: Path, bare_environment: dict[str, str]
) -> None:
    cwd, data = tmp_path / "project", tmp_path / "data"
    cwd.mkdir()
    (cwd / ".env").write_text(
        "PIPEFY_BASE_URL=https://app.pipefy.com\nPIPEFY_TOKEN=real\nPIPEFY_ORG_ID=1\n"
        f"PIPEFY_EXPORTS_DATA_DIR={data}\n"
    )
    environment = bare_environment | {
        "PIPEFY_EXPORTS_DATABASE": str(tmp_path / "real.duckdb"),
        "PIPEFY_BASE_URL": "https://app.pipefy.com",
        "PIPEFY_TOKEN": "real",
        "DAGSTER_HOME": str(tmp_path / "real-instance"),
    }
    database = data / "sandbox" / "pipefy_exports.duckdb"

    earlier = left_by_an_earlier_demo(data / "sandbox")

    said = run_demo(environment=environment, cwd=cwd)
    first = slices(database)
    assert first.keys() == PARTITIONS
    assert "requested export" in said
    for (table, period), (_, count) in first.items():
        [line] = [
            line
            for line in said.splitlines()
            if f" {table} " in line and f" {count:,} " in line and "│" in line
        ]
        assert f" {period} " in line
    for question, sql in QUESTIONS:
        assert question in said
        with duckdb.connect(database, read_only=True) as connection:
            answer = connection.execute(sql).fetchall()
        assert len(answer) > 1
        values = [str(value) for row in answer for value in row if value is not None]
        assert [value for value in values if f" {value} " not in said] == []

    with duckdb.connect(database, read_only=True) as connection:
        for history in (JOBS_HISTORY, REPORT_HISTORY):
            months = connection.execute(f"SELECT count(DISTINCT _month), count(*) FROM {history}").fetchall()
            assert months[0][0] >= 4
            assert months[0][1] > 100

    [picture] = (data / "sandbox").glob("*.svg")
    assert f"Rows per day:  {picture}  " in said
    assert ET.parse(picture).getroot().tag.endswith("svg")  # noqa: S314 - our own picture

    # Ids are of a kind: two kinds may have the same.
    files = {(*path.parts[-3:-1], path.stem): path for path in (data / "sandbox" / "raw").rglob("*.xlsx")}
    assert len(files) == 6 + 1
    for partition, (export_id, count) in first.items():
        assert export_id != earlier
        assert (partition[0], partition[1], export_id) in files
        assert count == rows_of(files[(*partition, export_id)]) > 0

    assert {path.name for path in tmp_path.iterdir()} == {"project", "data"}
    assert [path.name for path in cwd.iterdir()] == [".env"]
    assert [path.name for path in data.iterdir()] == ["sandbox"]
