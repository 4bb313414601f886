"""Each fault of `fault_cases`: the run succeeds with the right rows, or fails and leaves all as it was."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from reliability.fault_cases import CASES, FaultCase
from reliability.scene import IMPATIENT_S, PATIENT_S, QUICK, Scene
from reliability.secrets_in import secrets_on_disk, secrets_told
from support.project import JOBS, Project
from support.shared_clock import SleepingClock

from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings
from pipefy_exports_dagster.sandbox.faults import FAULTS


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    settings = SandboxSettings(jobs=300, cards=20, processing_seconds=0.3)
    with Sandbox(settings).running() as sandbox:
        project = Project.for_sandbox(Path(tmp_path_factory.mktemp("faults")) / "project", sandbox.url)
        assert project.materialize(JOBS, partition="current_month").success
        yield Scene(sandbox, project)
        assert secrets_on_disk(project) == []


@pytest.mark.parametrize("case", CASES, ids=[case.fault for case in CASES])
def test_a_fault_ends_as_the_table_says_and_tells_no_secret(
    case: FaultCase, scene: Scene, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)  # httpx logs addresses at INFO, httpcore headers at DEBUG
    scene.settle()
    before, exports_before = scene.content(), scene.exports
    happened_before = scene.sandbox.stats.faults.total()
    scene.sandbox.faults.arm(case.fault)
    try:
        outcome = scene.run(
            case.account,
            request_timeout_s=IMPATIENT_S if case.is_about_time else PATIENT_S,
            polling_timeout_s=5 if case.lasts else QUICK.timeout_s,
            clock=SleepingClock(scene.sandbox) if case.is_refused_a_while else None,
        )
    finally:
        scene.sandbox.faults.clear()

    assert scene.sandbox.stats.faults.total() > happened_before, "the fault did not happen"
    assert secrets_told([outcome.failure, *outcome.messages], capfd, caplog) == []
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
    expected = sorted(int(str(row[0])) for row in scene.sandbox.exports.table(export).rows)
    loaded = scene.project.query(f"SELECT job_id FROM {JOBS} WHERE _period_filter = 'last_month' ORDER BY 1")
    assert [row[0] for row in loaded] == expected


def test_every_fault_that_the_sandbox_knows_has_a_case() -> None:
    assert {case.fault.split(":")[1] for case in CASES} == set(FAULTS)
