"""One request for many exports, and what happens to those that it does not answer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from deferred.scene import Scene

from pipefy_exports_dagster.config.exports import Report
from pipefy_exports_dagster.orchestration.resources import pipefy_resource
from pipefy_exports_dagster.periods import Period, PeriodFilter, month_of
from pipefy_exports_dagster.pipefy.automation_jobs import AutomationJobsExport
from pipefy_exports_dagster.pipefy.export import ExportState
from pipefy_exports_dagster.pipefy.organization_report import OrganizationReportExport
from pipefy_exports_dagster.pipefy.status_batch import MAX_SINGLE_REQUESTS, Answers, Question, StatusClient
from pipefy_exports_dagster.sandbox import well_known
from pipefy_exports_dagster.sandbox.exports import SandboxExportKind


@contextmanager
def client_of(scene: Scene) -> Iterator[StatusClient]:
    with (
        scene.environment(),
        StatusClient.from_environment(pipefy_resource(scene.config).connection) as client,
    ):
        yield client


def created(scene: Scene, client: StatusClient, *, jobs: int, reports: int) -> list[Question]:
    organization_id = scene.config.organization_id
    kinds = [AutomationJobsExport(organization_id) for _ in range(jobs)]
    kinds += [OrganizationReportExport(organization_id, Report(columns=("id",))) for _ in range(reports)]  # type: ignore[misc]
    period = Period(PeriodFilter.LAST_MONTH, month_of(scene.clock.now(), scene.config.zone))
    ids = [kind.create(client, period).export.id for kind in kinds]
    return [
        Question((kind.label, export_id), export_id, kind) for kind, export_id in zip(kinds, ids, strict=True)
    ]


def ask(scene: Scene, client: StatusClient, questions: list[Question], budget_s: float = 20) -> Answers:
    scene.sandbox.stats.reset()
    return client.ask(questions, budget_s=budget_s)


@pytest.mark.parametrize("dialect", ["both", "documented", "input"])
def test_both_kinds_are_asked_about_in_one_request(start_scene: Callable[..., Scene], dialect: str) -> None:
    scene = start_scene(dialect=dialect)
    with client_of(scene) as client:
        questions = created(scene, client, jobs=3, reports=4)
        answers = ask(scene, client, questions)
    assert set(answers.exports) == {question.key for question in questions}
    assert {export.state for export in answers.exports.values()} <= {
        ExportState.CREATED,
        ExportState.PROCESSING,
    }
    assert all(export.link is None for export in answers.exports.values())
    assert scene.sandbox.stats.requests["status"] == 1


def test_fifty_fit_into_a_request(scene: Scene) -> None:
    with client_of(scene) as client:
        questions = created(scene, client, jobs=51, reports=0)
        assert ask(scene, client, questions[:50]).failure == ""
        assert scene.sandbox.stats.requests["status"] == 1
        assert len(ask(scene, client, questions).exports) == 51
        assert scene.sandbox.stats.requests["status"] == 2


def test_those_that_pipefy_does_not_know_are_asked_about_singly(scene: Scene) -> None:
    with client_of(scene) as client:
        questions = created(scene, client, jobs=2, reports=2)
        gone = {questions[0].key, questions[3].key}
        scene.sandbox.exports.forget(questions[0].export_id, SandboxExportKind.AUTOMATION_JOBS)
        scene.sandbox.exports.forget(questions[3].export_id, SandboxExportKind.ORGANIZATION_REPORT)
        answers = ask(scene, client, questions)
    assert answers.unknown == gone
    assert set(answers.exports) == {question.key for question in questions} - gone
    assert scene.sandbox.stats.requests["status"] == 1 + 2


def test_single_requests_are_few_in_one_round(scene: Scene) -> None:
    with client_of(scene) as client:
        kind = AutomationJobsExport(scene.config.organization_id)
        answers = ask(scene, client, [Question(number, f"gone-{number}", kind) for number in range(30)])
    assert len(answers.unknown) == MAX_SINGLE_REQUESTS
    assert scene.sandbox.stats.requests["status"] == 1 + MAX_SINGLE_REQUESTS


def test_a_document_that_is_refused_is_asked_singly(scene: Scene) -> None:
    with client_of(scene) as client:
        questions = created(scene, client, jobs=2, reports=1)
        scene.sandbox.faults.arm("status:graphql-error:1")
        answers = ask(scene, client, questions)
    assert len(answers.exports) == 3
    assert scene.sandbox.stats.requests["status"] == 1 + 3


def test_nothing_is_asked_when_the_time_is_up(scene: Scene) -> None:
    with client_of(scene) as client:
        questions = created(scene, client, jobs=2, reports=1)
        answers = ask(scene, client, questions, budget_s=0)
    assert answers.exports == {}
    assert scene.sandbox.stats.requests.total() == 0


def test_a_token_that_was_revoked_is_renewed_once(scene: Scene) -> None:
    scene.project.environment |= {
        "PIPEFY_TOKEN": "",
        "PIPEFY_SERVICE_ACCOUNT_CLIENT_ID": well_known.CLIENT_ID,
        "PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET": well_known.CLIENT_SECRET,
    }
    with client_of(scene) as client:
        questions = created(scene, client, jobs=1, reports=1)
        scene.sandbox.faults.arm("status:token-revoked")
        answers = ask(scene, client, questions)
    assert len(answers.exports) == 2
    assert scene.sandbox.stats.requests["status"] == 2
    assert scene.sandbox.stats.requests["token"] == 1


def test_an_error_without_a_code_is_trouble_or_says_that_the_export_is_gone(scene: Scene) -> None:
    with client_of(scene) as client:
        questions = created(scene, client, jobs=2, reports=1)
        ids = {question.key for question in questions}
        scene.sandbox.faults.arm("status:error-without-code:always")
        assert set(ask(scene, client, questions).trouble) == ids
        scene.sandbox.faults.clear()
        scene.sandbox.faults.arm("status:error-without-code:always:Couldn't find the export")
        assert ask(scene, client, questions).unknown == ids
