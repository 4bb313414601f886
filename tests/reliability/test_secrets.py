"""Tokens, client secrets and signed links are nowhere: not on disk, not in what is printed."""

import logging
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from reliability.fault_cases import SERVICE_ACCOUNT
from reliability.scene import Scene
from reliability.secrets_in import secrets_on_disk, secrets_told
from support.project import JOBS, Project

from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings

FAULTS = (
    ("token:html-page", SERVICE_ACCOUNT),
    ("create:graphql-error", "token"),
    ("status:token-quoted", SERVICE_ACCOUNT),
    ("download:redirect:1:http://127.0.0.1:9/x?signature=stolen", "token"),
    ("download:reset", SERVICE_ACCOUNT),
)
"""Those that the table of faults does not have: after each of that, `test_faults` looks for secrets as well."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    settings = SandboxSettings(jobs=100, cards=10, processing_seconds=0.2)
    with Sandbox(settings).running() as sandbox:
        project = Project.for_sandbox(tmp_path_factory.mktemp("secrets") / "project", sandbox.url)
        project.keeps_output = True
        yield Scene(sandbox, project)


def test_no_secret_is_written_or_printed_whatever_goes_wrong(
    scene: Scene, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)  # httpx logs addresses at INFO, httpcore headers at DEBUG
    said = []
    for fault, account in FAULTS:
        scene.sandbox.faults.arm(fault)
        outcome = scene.run(account)
        scene.sandbox.faults.clear()
        said += [outcome.failure, *outcome.messages]
    assert scene.run("token").success
    assert secrets_told(said, capfd, caplog) == []
    assert secrets_on_disk(scene.project) == []


def test_the_search_would_find_a_secret_in_the_event_log(scene: Scene) -> None:
    """What is searched is where things are written: the export's id, which is no secret, is there."""
    assert scene.run("token").success
    export_id = scene.sandbox.exports.all()[-1].id
    holders = [
        path.name
        for path in scene.project.data_dir.rglob("*")
        if path.is_file() and export_id.encode() in path.read_bytes()
    ]
    assert any(name.endswith(".db") for name in holders), holders


def test_no_authorization_ever_reached_a_file_address(scene: Scene) -> None:
    assert scene.run(SERVICE_ACCOUNT).success
    assert scene.sandbox.stats.requests["download"] > 0
    assert scene.sandbox.stats.authorizations_at_files == []


def test_raw_files_are_their_owners_only_and_the_database_follows_the_umask(scene: Scene) -> None:
    assert scene.run("token").success
    for raw in scene.project.raw_files():
        for path in (raw, Path(f"{raw}.json")):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    plain = scene.project.root / "plain"
    plain.touch()
    assert scene.project.database.stat().st_mode == plain.stat().st_mode


def test_a_materialization_needs_no_more_requests_than_it_must(tmp_path: Path) -> None:
    with Sandbox(SandboxSettings(jobs=100, cards=10, processing_seconds=0)).running() as sandbox:
        project = Project.for_sandbox(tmp_path / "project", sandbox.url)
        assert project.materialize(JOBS).success
        requests = dict(sandbox.stats.requests)
    assert requests.pop("create") == 1
    assert requests.pop("status", 0) <= 1
    assert requests.pop("download") == 1
    assert requests == {}
