"""Tokens, client secrets and signed links are nowhere: not on disk, not in what is printed."""

import base64
import logging
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from reliability.fault_cases import SERVICE_ACCOUNT
from reliability.scene import Scene
from support.project import JOBS, Project

from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings, well_known

SECRETS = {
    "token": well_known.TOKEN,
    "client secret": well_known.CLIENT_SECRET,
    "access token": well_known.ACCESS_TOKEN_PREFIX,
    "token in base64": base64.b64encode(well_known.TOKEN.encode()).decode()[:30],
    "token in hex": well_known.TOKEN.encode().hex(),
    "token with percent": quote(well_known.TOKEN.replace("-", "%2D")),
    "token with backslashes": "\\u0073\\u0061\\u006e\\u0064",
    "signature of a link": "signature=",
    "signature of a link, encoded": "signature%3D",
    "expiry of a link": "expires_on=",
}
FAULTS = (
    ("token:reset", SERVICE_ACCOUNT),
    ("token:html-page", SERVICE_ACCOUNT),
    ("token:unauthorized", SERVICE_ACCOUNT),
    ("create:unauthorized", "token"),
    ("create:answer-lost", "token"),
    ("create:graphql-error", "token"),
    ("create:token-quoted", "token"),
    ("status:token-quoted", SERVICE_ACCOUNT),
    ("status:informational", "token"),
    ("status:token-revoked", SERVICE_ACCOUNT),
    ("status:foreign-link", "token"),
    ("status:no-link:always", "token"),
    ("download:link-expired", "token"),
    ("download:redirect", "token"),
    ("download:redirect:1:http://127.0.0.1:9/x?signature=stolen", "token"),
    ("download:hang", "token"),
    ("download:truncated:always", "token"),
    ("download:html-page:always", "token"),
    ("download:reset", SERVICE_ACCOUNT),
)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    settings = SandboxSettings(jobs=100, cards=10, processing_seconds=0.2)
    with Sandbox(settings).running() as sandbox:
        yield Scene(sandbox, Project.for_sandbox(tmp_path_factory.mktemp("secrets") / "project", sandbox.url))


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
    captured = capfd.readouterr()
    # The sandbox runs in this process; what its web server logs is Pipefy's side.
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith("uvicorn")]
    printed = "\n".join([captured.out, captured.err, *logged, *said, *dumped(scene.project)])

    found = [
        (name, line) for name, secret in SECRETS.items() for line in printed.splitlines() if secret in line
    ]
    for path in scene.project.data_dir.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found += [(name, str(path)) for name, secret in SECRETS.items() if secret.encode() in content]
            found += [(name, str(path)) for name, secret in SECRETS.items() if secret in path.name]
    assert found == []


def dumped(project: Project) -> list[str]:
    """The tables' text, which DuckDB may keep compressed."""
    return [str(row) for row in project.query(f"SELECT * FROM {JOBS}")]


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


def test_raw_files_are_readable_by_their_owner_only_and_the_database_follows_the_umask(scene: Scene) -> None:
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
