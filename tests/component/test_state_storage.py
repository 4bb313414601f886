"""The list of found reports where the Dagster instance keeps state: for several machines."""

import json
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner
from component.test_discovery import ALL, DISCOVERS, keys
from component.their_project import TYPE, TheirProject

from pipefy_exports_dagster.cli.main import main as cli
from pipefy_exports_dagster.component.yaml_file import configurations_in
from pipefy_exports_dagster.sandbox import ORGANIZATION_ID, TOKEN, Sandbox

VERSIONED = "  defs_state: {management_type: VERSIONED_STATE_STORAGE}\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("THEIR_TOKEN", TOKEN)
    return home


@pytest.fixture
def versioned(theirs: TheirProject, start_sandbox: Callable[..., Sandbox]) -> TheirProject:
    url = start_sandbox(jobs=20, cards=20, reports=3).url
    text = DISCOVERS.format(type=TYPE, organization=ORGANIZATION_ID, url=url, reports=ALL, pipe_reports="[]")
    theirs.write(text + VERSIONED)
    return theirs


def test_the_instance_keeps_it_for_dg_and_for_the_commands(
    versioned: TheirProject, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {"PIPEFY_EXPORTS_CONFIG": str(versioned.yaml), "DAGSTER_HOME": str(home)}
    refreshed = CliRunner().invoke(cli, ["reports", "--refresh", "--json"], env=environment)
    assert refreshed.exit_code == 0, refreshed.output
    [listed] = json.loads(refreshed.stdout)["organizations"]
    assert listed["kept_in"] == "the state storage of the Dagster instance"
    assert not list(versioned.root.rglob("state"))
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    [config] = configurations_in(versioned.yaml)
    assert len(config.found) == 3
    again = CliRunner().invoke(cli, ["reports", "--refresh", "--json"], env=environment)
    assert {row["state"] for row in json.loads(again.stdout)["organizations"][0]["reports"]} == {""}
    checked = versioned.dg("list", "defs", "--json", home=home)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "todos_os_cards" in checked.stdout
    assert versioned.dg("utils", "refresh-defs-state", home=home).returncode == 0
    [config] = configurations_in(versioned.yaml)
    assert len(config.found) == 3


def test_without_an_instance_it_is_said_what_to_do(versioned: TheirProject, tmp_path: Path) -> None:
    environment = {"PIPEFY_EXPORTS_CONFIG": str(versioned.yaml), "DAGSTER_HOME": str(tmp_path / "nowhere")}
    refused = CliRunner().invoke(cli, ["exports"], env=environment)
    assert refused.exit_code == 1
    assert "VERSIONED_STATE_STORAGE, and there is no Dagster instance in" in refused.stderr


def test_an_instance_that_cannot_be_opened_is_one_line(versioned: TheirProject, home: Path) -> None:
    (home / "dagster.yaml").write_text("nonsense: 5\n")
    environment = {"PIPEFY_EXPORTS_CONFIG": str(versioned.yaml), "DAGSTER_HOME": str(home)}
    refused = CliRunner().invoke(cli, ["exports"], env=environment)
    assert refused.exit_code == 1
    assert f"the Dagster instance in {home} cannot be opened" in refused.stderr


def test_a_component_without_discovery_has_no_state(theirs: TheirProject, home: Path) -> None:
    theirs.write(f"type: {TYPE}\nattributes: {{organization_id: 1}}\n")
    refreshed = theirs.dg("utils", "refresh-defs-state", home=home)
    assert refreshed.returncode == 0, refreshed.stdout + refreshed.stderr
    assert not list(theirs.root.rglob("state"))
    assert keys(theirs.load()) == {"automation_jobs_export", "automation_jobs_history"}
    with dg.DagsterInstance.from_config(str(home)) as instance:
        storage = instance.defs_state_storage
        assert storage
        assert storage.get_latest_defs_state_info() is None or not storage.list_state_keys_with_prefix("")
