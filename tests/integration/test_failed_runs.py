"""A run that fails says in its first line what to do, and leaves the tables as they were."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from support.project import JOBS, REPORT, Project

from pipefy_exports_dagster.sandbox import (
    CLIENT_ID,
    FORBIDDEN_ORGANIZATION_ID,
    TOKEN,
    Sandbox,
    SandboxSettings,
)

SERVICE_ACCOUNT = "PIPEFY_SERVICE_ACCOUNT_CLIENT_ID", "PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET"
WRONG_TOKEN = "a-token-that-was-revoked"
WRONG_SECRET = "a-secret-that-was-replaced"


@dataclass(frozen=True)
class Case:
    """What is wrong, and what the first line has to name."""

    words: Sequence[str]
    error: str
    asset: str = JOBS
    environment: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""


CASES = {
    "a wrong token": Case(
        ["does not accept the token", "check PIPEFY_TOKEN"],
        "AuthenticationError",
        environment={"PIPEFY_TOKEN": WRONG_TOKEN},
    ),
    "a wrong client secret": Case(
        ["refuses the service account", *SERVICE_ACCOUNT],
        "AuthenticationError",
        environment={
            "PIPEFY_TOKEN": "",
            "PIPEFY_SERVICE_ACCOUNT_CLIENT_ID": CLIENT_ID,
            "PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET": WRONG_SECRET,
        },
    ),
    "no credentials": Case(
        ["no Pipefy credentials: set ", *SERVICE_ACCOUNT, "PIPEFY_TOKEN", ".env"],
        "ConfigurationError",
        environment={"PIPEFY_TOKEN": ""},
    ),
    "no organization": Case(
        ["no organization: set `organization_id` (PIPEFY_ORG_ID)", "/organizations/", ".env"],
        "ConfigurationError",
        environment={"PIPEFY_ORG_ID": ""},
    ),
    "an unknown organization": Case(
        ["rganization", "424242", "PIPEFY_ORG_ID"],
        "RequestRejectedError",
        environment={"PIPEFY_ORG_ID": "424242"},
    ),
    "an organization of others": Case(
        ["administrator", "PIPEFY_ORG_ID", FORBIDDEN_ORGANIZATION_ID],
        "PermissionDeniedError",
        asset=REPORT,
        environment={"PIPEFY_ORG_ID": FORBIDDEN_ORGANIZATION_ID},
    ),
    "a report without columns": Case(
        ["no columns: set `organization_report_id` (PIPEFY_ORGANIZATION_REPORT_ID)", "or give `columns`"],
        "ConfigurationError",
        asset=REPORT,
        environment={"PIPEFY_ORGANIZATION_REPORT_ID": ""},
    ),
    "an unknown report": Case(
        ["424242", "check `organization_report_id` (PIPEFY_ORGANIZATION_REPORT_ID)"],
        "RequestRejectedError",
        asset=REPORT,
        environment={"PIPEFY_ORGANIZATION_REPORT_ID": "424242"},
    ),
    "an export that fails": Case(
        ["failed at Pipefy", "materialize the partition again"],
        "ExportFailedError",
        fault="status:failed-export",
    ),
    "a page of HTML instead of a file": Case(
        ["export '", "HTML page", "Its file is kept at", "ask for another export"],
        "UnreadableFileError",
        fault="download:html-page:always",
    ),
}


def content(project: Project, table: str) -> list[tuple[Any, ...]]:
    return project.query(f"SELECT * FROM {table} ORDER BY _period_filter, _file_row")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(jobs=500, cards=200, processing_seconds=0.2)).running() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def loaded(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose tables every failure has to leave alone, so that one is enough for all."""
    project = Project.for_sandbox(tmp_path_factory.mktemp("failed_runs") / "project", sandbox.url)
    outcome = project.materialize(JOBS, REPORT)
    assert outcome.success, outcome.failure
    return project


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_first_line_says_what_to_do_and_the_table_stays_as_it_was(
    case: Case, sandbox: Sandbox, loaded: Project
) -> None:
    project = replace(loaded, environment={**loaded.environment, **case.environment})
    before = content(project, case.asset)
    exports = {export.id for export in sandbox.exports.all()}
    if case.fault:
        sandbox.faults.arm(case.fault)

    outcome = project.materialize(case.asset)
    sandbox.faults.clear()

    assert not outcome.success
    first_line = outcome.failure.splitlines()[0]
    assert [word for word in case.words if word not in first_line] == [], first_line
    assert outcome.failure_class == case.error
    assert before == content(project, case.asset) != []
    assert project.leftovers() == []
    said = "\n".join([outcome.failure, *outcome.messages])
    for secret in (TOKEN, WRONG_TOKEN, WRONG_SECRET, "signature="):
        assert secret not in said
    # Only what is wrong after its creation costs an export, and that one is named.
    created = [export.id for export in sandbox.exports.all() if export.id not in exports]
    assert len(created) == bool(case.fault)
    assert all(export_id in said for export_id in created)


def test_a_terminal_shows_the_message_before_any_stack_trace(sandbox: Sandbox, tmp_path: Path) -> None:
    project = Project.for_sandbox(tmp_path / "project", sandbox.url)
    project.environment["PIPEFY_ORG_ID"] = ""

    result = project.materialize_in_process_of_its_own(JOBS)

    assert result.returncode == 1
    said = (result.stdout + result.stderr).partition("Stack Trace:")[0].splitlines()
    [message] = [line for line in said if "no organization: set `organization_id` (PIPEFY_ORG_ID)" in line]
    # Dagster copies what a step's process prints: where that is late, the run's own event says the same before it.
    heading = "".join(said[said.index(message) - 2 : said.index(message)])
    assert "STEP_FAILURE" in heading or "RUN_FAILURE" in heading
    assert project.tables() == {}
