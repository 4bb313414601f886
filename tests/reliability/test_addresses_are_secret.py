"""The addresses of `notify` are nowhere: not on disk, not in what is printed or logged, whether messages arrive or not.

A real daemon tells a real mail server and a real HTTP server; then commands and ticks in this process, where each
library's log is read, tell servers that refuse.
"""

import base64
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import dagster as dg
import pytest
from cli.shell import Shell
from reliability.secrets_in import secrets_on_disk, secrets_told
from support.daemon import daemon, wait_for
from support.mailboxes import HTTP_PASSWORD, PASSWORD, PATH_SECRET, USER, Mailbox, http_server, mail_server
from support.project import DEFINITIONS, Project

from pipefy_exports_dagster.orchestration.build import build_pipefy_exports
from pipefy_exports_dagster.orchestration.definition_names import NOTIFY_SENSOR
from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings

PLAIN = {"mail": PASSWORD, "path": PATH_SECRET, "http": HTTP_PASSWORD, "token": "hush-token-2b8a"}
SECRETS = {
    **PLAIN,
    **{f"{name} with percent": quote(secret.replace("-", "%2D"), safe="%") for name, secret in PLAIN.items()},
    **{
        f"{name} in base64": base64.b64encode(secret.encode()).decode()[:-4] for name, secret in PLAIN.items()
    },
    **{f"{name} in hex": secret.encode().hex() for name, secret in PLAIN.items()},
    "authorization": base64.b64encode(f"{USER}:{HTTP_PASSWORD}".encode()).decode(),
    "login": base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode(),
    "reason of a server": "hush-reason",
    "any part": "hush",
}


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Mailbox, Mailbox]]:
    with mail_server() as mail, http_server() as chat:
        yield mail, chat


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    settings = SandboxSettings(
        jobs=20, cards=10, processing_seconds=0, faults=("create:unauthorized:always",)
    )
    with Sandbox(settings).running() as running:
        yield running


def _has_begun(instance: dg.DagsterInstance) -> bool:
    ticks = [
        tick
        for state in instance.all_instigator_state()
        if state.name == NOTIFY_SENSOR
        for tick in instance.get_ticks(state.instigator_origin_id, state.selector_id)
    ]
    return any(tick.is_completed for tick in ticks)


def tick(project: Project) -> str:
    repository = build_pipefy_exports(project.config).get_repository_def()
    sensor = repository.get_sensor_def(NOTIFY_SENSOR)
    with (
        project.instance() as instance,
        dg.build_sensor_context(instance=instance, repository_def=repository) as context,
    ):
        return sensor.evaluate_tick(context).skip_message or ""


@pytest.mark.timeout(300)
def test_a_failed_run_arrives_at_both_servers_once_and_no_secret_is_anywhere(
    sandbox: Sandbox,
    servers: tuple[Mailbox, Mailbox],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    mail, chat = servers
    project = Project.for_sandbox(tmp_path / "project", sandbox.url)
    project.environment["PIPEFY_EXPORTS_NOTIFY"] = f"{mail.address}, {chat.address}"
    project.environment["PIPEFY_EXPORTS_UI_URL"] = "http://dagster.example.com"
    with daemon(project), project.instance() as instance:
        # Runs that fail before the sensor's first tick are not told.
        wait_for(lambda: _has_begun(instance), project)
        launch = [sys.executable, "-m", "dagster", "job", "launch", "-m", DEFINITIONS, "-j", "pipefy_exports"]
        tags = '{"dagster/partition": "last_month"}'
        subprocess.run([*launch, "--tags", tags], env=project.environment, cwd=project.root, check=True)
        wait_for(lambda: mail.letters and chat.letters, project)
        [run] = instance.get_runs()
    [letter], [same] = mail.letters, chat.letters
    assert mail.logins == 1
    assert letter.title == same.title == "Pipefy exports: 2 assets (last_month) failed"
    assert letter.text.strip().endswith(f"http://dagster.example.com/runs/{run.run_id}")
    assert secrets_on_disk(project, SECRETS) == []
    # What is searched is where the sensor writes: its addresses' names, which are no secret, are there.
    assert any(
        name.endswith(".db") for _, name in secrets_on_disk(project, {"name": "PIPEFY_EXPORTS_NOTIFY 2"})
    )
    assert NOTIFY_SENSOR in (project.root / "daemon.log").read_text()
    assert secrets_told([], capfd, caplog, SECRETS) == []


def test_no_secret_is_printed_or_logged_when_servers_refuse(  # noqa: PLR0917 - fixtures
    sandbox: Sandbox,
    tmp_path: Path,
    servers: tuple[Mailbox, Mailbox],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)  # urllib3 logs paths, apprise addresses and payloads
    mail, chat = servers
    chat.status = 401
    project = Project.for_sandbox(tmp_path / "project", sandbox.url)
    wrong = mail.address.replace("//", "//other")
    addresses = (
        f"{wrong} {chat.address} hush://hush-token-2b8a json://u:hush-token-2b8a@127.0.0.1:1/{PATH_SECRET}"
    )
    said = []
    shell = Shell(project, {"PIPEFY_EXPORTS_NOTIFY": addresses})
    for command in (
        ("doctor",),
        ("doctor", "--json"),
        ("notify",),
        ("notify", "--test"),
        ("notify", "--test", "--json"),
    ):
        result = shell.run(*command)
        assert result.exit_code == 1, result.output
        said += [result.output, result.stderr]
    assert "the mail server refuses user and password (535)" in said[-2]
    assert "the server refuses it (HTTP 401)" in said[-2]
    assert "no connection to the server" in said[-2]

    for name, value in (project.environment | {"PIPEFY_EXPORTS_NOTIFY": addresses}).items():
        monkeypatch.setenv(name, value)
    project = replace(project, environment=dict(os.environ))
    said.append(tick(project))
    assert not project.materialize().success
    said.append(tick(project))
    assert said[-1].count("a message did not arrive at PIPEFY_EXPORTS_NOTIFY") == 4
    said.append(repr(project.config))
    assert secrets_told(said, capfd, caplog, SECRETS) == []
    assert secrets_on_disk(project, SECRETS) == []
    assert caplog.records
