"""Other people on the same machine: what they could read is named by the doctor, with the command that mends it."""

import re
import shlex
import stat
import subprocess
from pathlib import Path

import pytest
from cli.shell import Shell
from support.warm_commands import PIPEFY_EXPORTS

from pipefy_exports_dagster.cli.doctor.permissions import check_dotenv
from pipefy_exports_dagster.config.model import Connection, PipefyExportsConfig
from pipefy_exports_dagster.sandbox import TOKEN


def looks(shell: Shell, **environment: str) -> list[str]:
    """What the doctor says that a person should look at."""
    found = shell.json("doctor", exit_code=0, **environment)["findings"]
    return [f"{one['check']}: {one['message']}" for one in found if one["state"] == "warn"]


def command_in(message: str) -> str:
    found = re.search(r"`(chmod [^`]+)`", message)
    assert found, message
    return found[1]


def mend(message: str, shell: Shell) -> None:
    subprocess.run(["sh", "-c", command_in(message)], cwd=shell.project.root, check=True)


def as_left_by_the_release_before(shell: Shell) -> list[Path]:
    """Give folders 0755 and files 0644, as umask 022 made them; return those of the data folder."""
    data = shell.project.data_dir
    for path in (data, *data.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
    return [data, shell.project.database, shell.project.database.with_suffix(".read.duckdb")]


def test_a_folder_of_an_earlier_release_works_and_is_named_until_it_is_closed(loaded: Shell) -> None:
    left = as_left_by_the_release_before(loaded)
    modes = [path.stat().st_mode for path in left]
    assert loaded.project.materialize("automation_jobs_export").success
    assert loaded.run("query", "SELECT 1 FROM automation_jobs_export LIMIT 1").exit_code == 0
    [message] = looks(loaded)
    assert message.startswith(f"data folder: {loaded.project.data_dir} is open to others")
    assert command_in(message) == f"chmod 700 {loaded.project.data_dir}"
    assert [path.stat().st_mode for path in left] == modes, "nothing is changed by itself"

    mend(message, loaded)
    assert looks(loaded) == []
    assert loaded.project.materialize("automation_jobs_export").success


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701, 0o777, 0o775, 0o711])
def test_each_mode_that_lets_others_in_is_named(shell: Shell, mode: int) -> None:
    shell.project.data_dir.chmod(mode)
    [message] = looks(shell)
    assert f"mode {mode:04o}" in message
    mend(message, shell)
    assert looks(shell) == []


def test_a_path_with_blanks_and_quotes_is_quoted_in_the_command(shell: Shell) -> None:
    data = shell.project.root / "it's $(here)"
    data.mkdir(mode=0o755)
    data.chmod(0o755)
    environment = {"PIPEFY_EXPORTS_DATA_DIR": str(data), "PIPEFY_EXPORTS_DATABASE": ""}
    [message] = looks(shell, **environment)
    assert command_in(message) == f"chmod 700 {shlex.quote(str(data))}"
    mend(message, shell)
    assert looks(shell, **environment) == []


def test_an_instance_elsewhere_is_named(shell: Shell) -> None:
    home = shell.project.root / "home"
    shell.project.home.rename(home)
    home.chmod(0o755)
    environment = {"DAGSTER_HOME": str(home)}
    [message] = looks(shell, **environment)
    assert message.startswith(f"Dagster: {home} is open to others")
    mend(message, shell)
    assert looks(shell, **environment) == []


def test_a_database_outside_the_data_folder_is_named_by_its_files(loaded: Shell) -> None:
    elsewhere = loaded.project.root / "elsewhere"
    elsewhere.mkdir()
    elsewhere.chmod(0o755)
    database = elsewhere / "tables.duckdb"
    loaded.project.database.rename(database)
    database.chmod(0o644)
    environment = {"PIPEFY_EXPORTS_DATABASE": str(database)}
    loaded.project.environment |= environment
    assert loaded.project.materialize("automation_jobs_export").success
    [message] = looks(loaded)
    copy = elsewhere / "tables.read.duckdb"
    assert command_in(message) == f"chmod 600 {database} {copy}"
    mend(message, loaded)
    assert looks(loaded) == []
    assert loaded.project.materialize("automation_jobs_export").success
    assert looks(loaded) == [], "the next copy for readers has the mode of the one before"
    elsewhere.chmod(0o700)
    database.chmod(0o644)
    assert looks(loaded) == [], "nobody else gets into its folder"


def test_credentials_that_everybody_can_read_are_named(shell: Shell) -> None:
    dotenv = shell.project.root / ".env"
    dotenv.write_text(f"PIPEFY_TOKEN={TOKEN}\n")
    dotenv.chmod(0o644)
    [message] = looks(shell)
    assert "credentials" in message
    assert TOKEN not in message
    mend(message, shell)
    assert looks(shell) == []
    dotenv.chmod(0o640)  # root's, with the group of a service
    assert looks(shell) == []
    dotenv.write_text("PIPEFY_EXPORTS_TIMEZONE=UTC\n")
    dotenv.chmod(0o644)
    assert looks(shell) == []


def test_credentials_under_names_of_a_yaml_are_looked_at_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".env").touch(mode=0o644)
    theirs = PipefyExportsConfig(connection=Connection(token_env="ACME_TOKEN"))
    [finding] = check_dotenv({"ACME_TOKEN": TOKEN}, [theirs])
    assert "credentials" in finding.message
    assert list(check_dotenv({"ACME_TOKEN": TOKEN}, [])) == []


def test_a_folder_that_a_group_shares_is_as_it_should_be_but_for_the_umask(shell: Shell) -> None:
    shell.project.data_dir.chmod(0o2770)
    result = subprocess.run(
        ["sh", "-c", f"umask 022; {PIPEFY_EXPORTS} doctor"],
        env=shell.environment, cwd=shell.project.root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    [line] = [line for line in result.stdout.splitlines() if line.startswith("warn")]
    assert "umask is 0022" in line
    assert "umask 007" in line
    result = subprocess.run(
        ["sh", "-c", f"umask 007; {PIPEFY_EXPORTS} doctor"],
        env=shell.environment, cwd=shell.project.root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert result.stdout.splitlines()[-1] == "all is well", result.stdout

    shell.project.data_dir.chmod(0o2775)
    message = next(line for line in looks(shell) if "open to others" in line)
    mend(message, shell)
    assert stat.S_IMODE(shell.project.data_dir.stat().st_mode) == 0o2770
