"""What all commands have in common: exit codes that scripts rely on, and help in plain words."""

import json
import re
from pathlib import Path

import pytest
from cli.shell import Shell, error_of
from click.testing import CliRunner

from pipefy_exports_dagster.cli import main as cli
from pipefy_exports_dagster.sandbox import TOKEN

README = Path(cli.__file__).parents[2] / "README.md"
FOR_SCRIPTS = ("doctor", "organizations", "reports", "exports", "load", "rebuild-history", "prune")


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_the_readme_names_every_command(name: str) -> None:
    assert re.search(rf"`{name}\b", README.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_the_help_holds_no_mark_of_the_library_that_prints_it(name: str) -> None:
    assert "\\b" not in CliRunner().invoke(cli.main, [name, "--help"]).output


@pytest.mark.parametrize("name", FOR_SCRIPTS)
def test_commands_for_scripts_take_json(name: str) -> None:
    help_ = CliRunner().invoke(cli.main, [name, "--help"]).output
    assert "--json" in help_


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_wrong_usage_ends_with_2(name: str) -> None:
    arguments = ["--format", "nonsense", "x"] if name == "query" else ["--no-such-option"]
    assert CliRunner().invoke(cli.main, [name, *arguments]).exit_code == 2


def test_exit_codes_of_real_processes(shell: Shell) -> None:
    well = shell.start("organizations", "--json")
    assert (well.returncode, well.stderr) == (0, "")
    assert len(json.loads(well.stdout)["organizations"]) == 2
    shell.changes["PIPEFY_ORG_ID"] = ""
    failed = shell.start("reports", "--json")
    assert failed.returncode == 1
    assert json.loads(failed.stdout)["error"]["class"] == "ConfigurationError"
    assert failed.stderr == f"Error: {json.loads(failed.stdout)['error']['message']}\n"
    assert shell.start("reports", "--nonsense").returncode == 2


@pytest.mark.parametrize("name", ["doctor", "organizations", "reports", "exports", "query", "prune"])
def test_an_env_file_that_cannot_be_read_is_one_line(shell: Shell, name: str) -> None:
    (shell.project.root / ".env").write_bytes(f"PIPEFY_TOKEN={TOKEN}\xff".encode("latin-1"))
    result = shell.run(name, *(["SELECT 1"] if name == "query" else []))
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: the file .env cannot be read")
    assert TOKEN not in result.output


def test_an_instance_whose_storage_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    home = tmp_path / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text("storage: {postgres: {postgres_db: {password: not-to-be-shown}}}\n")
    result = CliRunner().invoke(cli.main, ["instance"], env={"DAGSTER_HOME": str(home)})
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: the Dagster instance in {home} cannot be opened: ")
    assert result.stderr.endswith("See `storage` in its dagster.yaml\n")
    assert result.stderr.count("\n") == 1
    assert "not-to-be-shown" not in result.stderr


def test_the_variables_that_an_instance_names_may_be_in_the_env_file(shell: Shell, tmp_path: Path) -> None:
    home, ledger = tmp_path / "dagster", tmp_path / "ledger"
    home.mkdir()
    (home / "dagster.yaml").write_text("storage: {sqlite: {base_dir: {env: LEDGER_FOLDER}}}\n")
    (shell.project.root / ".env").write_text(f"LEDGER_FOLDER={ledger}\n")
    result = shell.run("instance", DAGSTER_HOME=str(home))
    assert (result.exit_code, result.stdout) == (0, f"{home}\n"), result.output
    assert ledger.is_dir()


@pytest.mark.parametrize("command", ["instance", "exports"])
def test_the_variables_that_an_instance_names_and_that_are_not_set_are_said(
    shell: Shell, tmp_path: Path, command: str
) -> None:
    home = tmp_path / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text("storage: {sqlite: {base_dir: {env: LEDGER_FOLDER}}}\n")
    said = error_of(shell.run(command, DAGSTER_HOME=str(home)))
    assert "cannot be opened: not set, in the environment or .env: LEDGER_FOLDER" in said
