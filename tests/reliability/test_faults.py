"""Each fault of `fault_cases`: the run succeeds with the right rows, or fails and leaves all as it was."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from reliability.fault_cases import CASES, SERVICE_ACCOUNT, FaultCase
from support.project import JOBS, Outcome, Project

from pipefy_exports_dagster.config import AutomationJobs, PollPolicy, ReadOptions
from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings, well_known
from pipefy_exports_dagster.sandbox.faults import FAULTS

QUICK = PollPolicy(min_interval_s=0.1, max_interval_s=0.5, timeout_s=10)


class Scene:
    """One sandbox and one project for all cases of a worker: each case ends with everything loaded."""

    def __init__(self, sandbox: Sandbox, project: Project) -> None:
        self.sandbox = sandbox
        self.project = project
        self.is_settled = False
        token_only = dict(project.environment)
        self.environments = {
            "token": token_only,
            SERVICE_ACCOUNT: token_only
            | {
                "PIPEFY_TOKEN": "",
                "PIPEFY_SERVICE_ACCOUNT_CLIENT_ID": well_known.CLIENT_ID,
                "PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET": well_known.CLIENT_SECRET,
            },
        }

    def run(self, account: str) -> Outcome:
        self.project.environment = self.environments[account]
        config = self.project.config
        connection = replace(config.connection, request_timeout_s=1.5, max_download_bytes=20_000_000)
        jobs = AutomationJobs(reading=ReadOptions(max_unpacked_bytes=50_000_000))
        config = replace(config, connection=connection, polling=QUICK, automation_jobs=jobs)
        return self.project.materialize(JOBS, config=config)

    def settle(self) -> None:
        """Load what is pending, at the start and where the case before this one stopped in the middle."""
        if not self.is_settled:
            assert self.run("token").success
        self.is_settled = False

    def content(self) -> list[tuple[object, ...]]:
        return self.project.query(f"SELECT * FROM {JOBS} ORDER BY _period_filter, _file_row")

    @property
    def exports(self) -> int:
        return self.sandbox.stats.exports.total()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    settings = SandboxSettings(jobs=300, cards=20, processing_seconds=0.3)
    with Sandbox(settings).running() as sandbox:
        project = Project.for_sandbox(Path(tmp_path_factory.mktemp("faults")) / "project", sandbox.url)
        assert project.materialize(JOBS, partition="current_month").success
        yield Scene(sandbox, project)


@pytest.mark.parametrize("case", CASES, ids=[case.fault for case in CASES])
def test_a_fault_ends_as_the_table_says(case: FaultCase, scene: Scene) -> None:
    scene.settle()
    before, exports_before = scene.content(), scene.exports
    happened_before = scene.sandbox.stats.faults.total()
    scene.sandbox.faults.arm(case.fault)
    try:
        outcome = scene.run(case.account)
    finally:
        scene.sandbox.faults.clear()

    assert scene.sandbox.stats.faults.total() > happened_before, "the fault did not happen"
    assert outcome.failure_class == case.error, outcome.failure
    assert scene.exports - exports_before == case.exports
    assert scene.project.leftovers() == []
    if case.error:
        assert case.says in outcome.failure
        assert scene.content() == before
        outcome = scene.run(case.account)
        assert scene.exports - exports_before == case.exports_in_all
    assert outcome.success, outcome.failure
    assert_holds_what_pipefy_has(scene)
    assert scene.project.leftovers() == []
    scene.is_settled = True


def assert_holds_what_pipefy_has(scene: Scene) -> None:
    """The slice has the rows of the newest export, each once."""
    export = scene.sandbox.exports.all()[-1]
    expected = sorted(row[0] for row in scene.sandbox.exports.table(export).rows)
    loaded = scene.project.query(f"SELECT job_id FROM {JOBS} WHERE _period_filter = 'last_month' ORDER BY 1")
    assert [row[0] for row in loaded] == expected


def test_every_fault_that_the_sandbox_knows_has_a_case() -> None:
    assert {case.fault.split(":")[1] for case in CASES} == set(FAULTS)
