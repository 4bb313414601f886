"""`pipefy-exports demo`, the first thing that anybody runs, and what its user sees in the UI then."""

import csv
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import openpyxl
import pytest
from integration.server_process import free_port, server_process
from playwright.sync_api import Page, expect
from support.project import JOBS, JOBS_HISTORY, REPORT, REPORT_HISTORY, Project

from pipefy_exports_dagster.cli.demo.answers import QUESTIONS
from pipefy_exports_dagster.cli.demo.environment import sandbox_environment
from pipefy_exports_dagster.cli.instance import prepare_instance
from pipefy_exports_dagster.periods import PeriodFilter
from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings

PIPEFY_EXPORTS = Path(sys.executable).with_name("pipefy-exports")
CHECKS = {JOBS: 6, REPORT: 6, JOBS_HISTORY: 1, REPORT_HISTORY: 1}
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


@dataclass(frozen=True)
class Demo:
    """A demo that was run where one was run before, beside settings and an `.env` of a real account."""

    environment: dict[str, str]
    root: Path
    earlier: str
    said: str

    @property
    def cwd(self) -> Path:
        return self.root / "a project"

    @property
    def data(self) -> Path:
        return self.root / "data"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    root = tmp_path_factory.mktemp("demo")
    cwd, data = root / "a project", root / "data"
    cwd.mkdir()
    (cwd / ".env").write_text(
        "PIPEFY_BASE_URL=https://app.pipefy.com\nPIPEFY_TOKEN=real\nPIPEFY_ORG_ID=1\n"
        f"PIPEFY_EXPORTS_DATA_DIR={data}\nPIPEFY_EXPORTS_HISTORY_START=2020-01\n"
    )
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("PIPEFY_", "DAGSTER_"))}
    environment = bare | {
        "PIPEFY_EXPORTS_DATABASE": str(root / "real.duckdb"),
        "PIPEFY_BASE_URL": "https://app.pipefy.com",
        "PIPEFY_TOKEN": "real",
        "DAGSTER_HOME": str(root / "real-instance"),
    }
    earlier = left_by_an_earlier_demo(data / "sandbox")
    return Demo(environment, root, earlier, run_demo(environment=environment, cwd=cwd))


@pytest.fixture(scope="module")
def ui(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the UI as `dev --sandbox` shows it after the demo."""
    port = free_port()
    command = [str(PIPEFY_EXPORTS), "dev", "--sandbox", "--port", str(port)]
    log = tmp_path_factory.mktemp("ui") / "dev.log"
    with server_process(command, environment=demo.environment, cwd=demo.cwd, log=log) as server:
        server.await_answer(f"http://127.0.0.1:{port}/server_info")
        yield f"http://127.0.0.1:{port}"
        print(server.output())  # noqa: T201 - pytest shows it when the test fails


@pytest.mark.timeout(600)
def test_the_demo_loads_six_partitions_says_what_to_do_next_and_is_green_in_the_ui(
    demo: Demo, page: Page, ui: str, screenshots: Path
) -> None:
    """One test: it takes a minute, and a test of its own for each claim may be run by a worker of its own."""
    require_six_partitions(demo)
    require_that_next_steps_can_be_pasted(demo)
    require_green_ui(page, ui, screenshots)


def require_six_partitions(demo: Demo) -> None:
    """Also where one was run before."""
    said, root, cwd, data = demo.said, demo.root, demo.cwd, demo.data
    database = data / "sandbox" / "pipefy_exports.duckdb"
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
    assert re.search(rf"Rows per day: +{re.escape(str(picture))} ", said)
    assert ET.parse(picture).getroot().tag.endswith("svg")  # noqa: S314 - our own picture

    # Ids are of a kind: two kinds may have the same.
    files = {(*path.parts[-3:-1], path.stem): path for path in (data / "sandbox" / "raw").rglob("*.xlsx")}
    assert len(files) == 6 + 1
    for partition, (export_id, count) in first.items():
        assert export_id != demo.earlier
        assert (partition[0], partition[1], export_id) in files
        assert count == rows_of(files[(*partition, export_id)]) > 0

    assert {path.name for path in root.iterdir()} == {"a project", "data"}
    assert [path.name for path in cwd.iterdir()] == [".env"]
    assert [path.name for path in data.iterdir()] == ["sandbox"]

    counts = re.search(r"Checks of what was loaded and built: (\d+) of (\d+) passed", said)
    assert counts
    assert counts[1] == counts[2]
    # Five of each partition; the others are of the whole asset.
    assert int(counts[1]) == 2 * (3 * 5 + 1) + 2


def require_that_next_steps_can_be_pasted(demo: Demo) -> None:
    steps = dict(re.findall(r"^(.+?): {2,}(.+?)(?: {3}\(.*)?$", demo.said, re.MULTILINE))
    assert steps["See all of it in the UI"].endswith(
        "pipefy-exports dev --sandbox"
    )  # `dev` opens the account
    asked = subprocess.run(
        ["sh", "-c", steps["Query it"]],
        env=demo.environment,
        cwd=demo.cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    assert re.search(r"^failed +\d+$", asked.stdout, re.MULTILINE)


def require_green_ui(page: Page, ui: str, screenshots: Path) -> None:
    for asset, checks in CHECKS.items():
        page.goto(f"{ui}/assets/{asset}?view=checks")
        expect(page.get_by_text("Succeeded", exact=True)).to_have_count(checks)
        expect(page.get_by_text(f"Checks ({checks})", exact=True)).to_be_visible()
        expect(page.get_by_text("Not Evaluated")).to_have_count(0)
        page.screenshot(path=screenshots / f"demo_checks_of_{asset}.png")
        page.goto(f"{ui}/assets/{asset}?view=partitions")
        expect(page.get_by_text(re.compile(r"^Materialized \([34]\)$"))).to_be_visible()
        for state in ("Missing", "Failed"):
            expect(page.get_by_text(f"{state} (0)", exact=True)).to_be_visible()
        page.screenshot(path=screenshots / f"demo_partitions_of_{asset}.png")
    page.goto(f"{ui}/asset-groups")
    expect(page.get_by_text("100% filled")).to_have_count(len(CHECKS))
    for checks in (6, 1):
        expect(page.get_by_text(f"{checks} / {checks} Passed")).to_have_count(2)
    page.screenshot(path=screenshots / "demo.png")
    page.goto(f"{ui}/assets")
    expect(page.get_by_text("4 partitions")).to_have_count(2)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=screenshots / "demo_assets.png")
