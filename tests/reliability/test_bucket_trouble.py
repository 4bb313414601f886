"""A run whose object store fails in the middle: nothing is lost, and no secret is told."""

import base64
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from reliability.secrets_in import SECRETS, secrets_on_disk, secrets_told
from reliability.server_faults import STORE_FAULTS
from support.project import JOBS, Project
from support.raw_places import files_of, objects, place
from support.servers import Bucket
from support.store_proxy import QUOTED, Fault, StoreProxy

from pipefy_exports_dagster.orchestration.milestones import Milestone
from pipefy_exports_dagster.raw_files import bucket_opening
from pipefy_exports_dagster.sandbox import Sandbox


@pytest.fixture
def proxy(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoreProxy]:
    monkeypatch.setattr(bucket_opening, "RETRIES", 1)
    with StoreProxy(bucket.store.endpoint).running() as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        yield proxy


@pytest.fixture
def project(
    start_sandbox: Callable[..., Sandbox], bucket: Bucket, proxy: StoreProxy, tmp_path: Path
) -> Project:
    sandbox = start_sandbox(jobs=100, cards=10, processing_seconds=0.1)
    assert proxy.url
    return place(Project.for_sandbox(tmp_path / "project", sandbox.url), f"{bucket.address}/raw")


def failing(method: str, ending: str, fault: Fault) -> Callable[[str, str], Fault | None]:
    return lambda made, path: fault if made == method and path.partition("?")[0].endswith(ending) else None


def test_a_store_that_fails_loses_nothing_and_tells_no_secret(
    project: Project,
    proxy: StoreProxy,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    said, kept_at = [], project.environment["PIPEFY_EXPORTS_RAW_FILES"]
    for case in STORE_FAULTS:
        proxy.choose = failing(case.method, case.ending, case.does)
        outcome = project.materialize(JOBS)
        assert outcome.failure_class == case.error, outcome.failure
        assert case.says in outcome.failure
        said += [outcome.failure, *outcome.messages]
        assert project.tables() == {}
        assert project.leftovers() == []
    proxy.choose = lambda *_: None
    proxy.requests.clear()
    outcome = project.materialize(JOBS)
    assert outcome.success, outcome.failure
    assert outcome.metadata["pipefy/exports_created"] == 1, (
        "each run resumed the one that the second asked for"
    )
    assert proxy.count("GET", ".xlsx") == 0, "what was downloaded is loaded from this machine"
    [raw] = files_of(project)
    assert outcome.metadata["pipefy/file"] == raw.address
    assert raw.address.startswith(f"{kept_at}/")
    said += outcome.messages

    secret = project.environment["AWS_SECRET_ACCESS_KEY"]
    secrets = SECRETS | {
        "secret key": secret,
        "secret key in base64": base64.b64encode(secret.encode()).decode()[:30],
        "key id": project.environment["AWS_ACCESS_KEY_ID"],
        "the store's words": QUOTED,
    }
    assert secrets_told(said, capfd, caplog, secrets) == []
    assert secrets_on_disk(project, secrets) == []
    stored = objects(kept_at)
    assert len(stored) == 2
    found = [(name, key) for name, text in secrets.items() for key in stored if text.encode() in stored[key]]
    assert found == []


def test_a_file_is_fetched_once_by_the_run_that_resumes(project: Project, proxy: StoreProxy) -> None:
    def stop(reached: str) -> None:
        if reached == Milestone.DOWNLOADED:
            raise KeyboardInterrupt

    assert not project.materialize(JOBS, on_milestone=stop).success
    proxy.requests.clear()
    outcome = project.materialize(JOBS)
    assert outcome.success, outcome.failure
    assert proxy.count("GET", ".xlsx") == 1
