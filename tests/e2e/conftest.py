"""A sandbox, a real `dagster dev` on it, and a real browser that looks at it."""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import openpyxl
import pytest
from integration.server_process import free_port, server_process
from playwright.sync_api import Browser, Page, expect, sync_playwright
from support.project import DEFINITIONS, JOBS, JOBS_HISTORY, REPORT, Project

from pipefy_exports_dagster.orchestration.milestones import Milestone, OnMilestone
from pipefy_exports_dagster.sandbox import PIPE_ID, PIPE_REPORT_ID, Sandbox, SandboxSettings

REPOSITORY = Path(__file__).parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 90_000
VIEWPORT_WIDTH, VIEWPORT_HEIGHT = 1400, 900
MONTHS_BUILT, MONTH_LEFT_OUT = (1, 3), 2
"""Counted back from the current month."""
SHEET_LEFT_OUT = "<u>Notas"
"""In Markdown, half of it would be a tag."""
ELSEWHERE = "hostile.example"
"""A host that no page may ask for anything."""
HOSTILE = (
    f"![picture](http://{ELSEWHERE}/a.png)",
    f"<img src=http://{ELSEWHERE}/b.png onerror=alert(1)>",
    f"[link](http://{ELSEWHERE}/c)",
    f"http://{ELSEWHERE}/d",
    f"`` ` ``![e](http://{ELSEWHERE}/e.png)",
    f"<script>fetch('http://{ELSEWHERE}/f')</script>",
    f"x | y\n\n# heading ![g](http://{ELSEWHERE}/g.png)",
)
"""Headers, and values, that a page would obey if it took them for Markdown or HTML."""


@pytest.fixture(scope="module")
def chromium() -> str:
    """Debian's chromium or Google's; without any, the test is skipped, and in CI it fails."""
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        reason = f"no browser: none of {', '.join(BROWSERS)} is installed (Debian: apt install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return executable


@pytest.fixture(scope="module")
def project(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:  # noqa: ARG001 - no browser, no need for the rest
    """A project in which the other partitions are loaded already, and two months of their history.

    Before playwright starts: its event loop would be in the way of Dagster's own in this process.
    """
    settings = SandboxSettings(jobs=6000, cards=200, processing_seconds=1.0)
    with Sandbox(settings).running() as sandbox:
        project = Project.for_sandbox(tmp_path_factory.mktemp("e2e") / "project", sandbox.url, checks=True)
        project.environment |= {"PIPEFY_PIPE_ID": PIPE_ID, "PIPEFY_PIPE_REPORT_ID": PIPE_REPORT_ID}
        for partition in ("current_month", "last_3_months"):
            assert project.materialize(JOBS, partition=partition).success
        for headers in ([text.upper() for text in HOSTILE], HOSTILE):
            assert project.materialize(REPORT, on_milestone=_with_a_sheet_more(project, headers)).success
        for back in MONTHS_BUILT:
            assert project.build_history(JOBS_HISTORY, back=back).success
        yield project


def _with_a_sheet_more(project: Project, headers: Sequence[str]) -> OnMilestone:
    """Put a second sheet into the workbook that a run has downloaded, and hostile columns into its first."""

    def on_milestone(milestone: str) -> None:
        if milestone == Milestone.DOWNLOADED:
            file = max(
                (path for path in project.raw_files() if REPORT in path.parts),
                key=lambda path: path.stat().st_mtime,
            )
            workbook = openpyxl.load_workbook(file)
            assert workbook.active
            # The first columns are those that all pages show.
            workbook.active.insert_cols(1, len(headers))
            for column, (header, value) in enumerate(zip(headers, HOSTILE, strict=True), 1):
                workbook.active.cell(1, column, header)
                workbook.active.cell(2, column, value)
            workbook.create_sheet(SHEET_LEFT_OUT).append(["of another kind"])
            workbook.save(file)

    return on_milestone


@pytest.fixture(scope="module")
def ui(project: Project) -> Iterator[str]:
    """The address of the Dagster UI."""
    port = free_port()
    command = [sys.executable, "-m", "dagster", "dev", "-m", DEFINITIONS, "--port", str(port)]
    with server_process(
        [*command, "--host", "127.0.0.1"],
        environment=project.environment,
        cwd=project.root,
        log=project.root / "dagster-dev.log",
    ) as server:
        server.await_answer(f"http://127.0.0.1:{port}/server_info")
        yield f"http://127.0.0.1:{port}"
        print(server.output())  # noqa: T201 - pytest shows it when the test fails


@pytest.fixture(scope="module")
def browser(chromium: str, ui: str) -> Iterator[Browser]:  # noqa: ARG001 - the UI comes first
    """A browser, started after the UI."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which nothing may go wrong: no error, no exception, no refused request, nothing fetched elsewhere."""
    page = browser.new_page(viewport={"width": VIEWPORT_WIDTH, "height": VIEWPORT_HEIGHT})
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda r: troubles.append(r.url) if ELSEWHERE in r.url.lower() else None)
    page.on("response", lambda r: troubles.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    yield page
    page.close()
    assert troubles == []


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where screenshots are kept for people: outside git, in the repository or as CI says."""
    folder = Path(os.environ.get("SCREENSHOTS_DIR") or REPOSITORY / "build" / "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
