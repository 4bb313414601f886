"""`pipefy-exports init`, and how the program names itself in what it tells a person to type."""

import json
import os
import subprocess
from datetime import UTC, datetime
from importlib.metadata import Distribution
from pathlib import Path

import pytest
from click.testing import CliRunner
from dotenv import dotenv_values

from pipefy_exports_dagster.cli import own_command
from pipefy_exports_dagster.cli.main import main
from pipefy_exports_dagster.config.environment import config_from_environment
from pipefy_exports_dagster.config.exports import Report
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.periods import add_months


def test_a_written_env_file_is_private_loads_and_begins_three_months_ago(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    this_month = datetime.now(UTC).date().replace(day=1)
    done = CliRunner().invoke(main, ["init"])
    assert done.exit_code == 0, done.output
    written = tmp_path / ".env"
    assert written.stat().st_mode & 0o777 == 0o600
    assert f"{written} is there" in done.output
    values = {name: value or "" for name, value in dotenv_values(written).items()}
    assert values["PIPEFY_TOKEN"] == ""
    config = config_from_environment(values)
    assert config.history_start in {
        add_months(this_month, -3),
        add_months(datetime.now(UTC).date().replace(day=1), -3),
    }
    expected = PipefyExportsConfig(reports=(Report(),), history_start=config.history_start)
    assert config == expected

    written.write_text("PIPEFY_TOKEN=mine\n")
    again = CliRunner().invoke(main, ["init"])
    assert again.exit_code == 1
    assert f"there is {written} already" in again.output
    assert written.read_text() == "PIPEFY_TOKEN=mine\n"


def test_a_folder_that_takes_no_env_file_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    monkeypatch.setattr(Path, "cwd", lambda: gone)
    gone.rmdir()
    done = CliRunner().invoke(main, ["init"])
    assert done.exit_code == 1
    assert done.output == f"Error: {gone / '.env'} cannot be written: No such file or directory\n"


def program(folder: Path) -> Path:
    folder.mkdir(parents=True)
    path = folder / "pipefy-exports"
    path.write_text('#!/bin/sh\nprintf %s "$*"\n')
    path.chmod(0o755)
    return path


def test_a_program_is_named_by_its_path_unless_the_shell_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    mine, other = program(tmp_path / ".venv" / "bin"), program(tmp_path / "with space" / "bin")
    found = {"PATH": str(mine.parent)}
    assert own_command.shown_program(mine, found) == "pipefy-exports"
    assert own_command.shown_program(mine, found | {"UV": "uv"}) == ".venv/bin/pipefy-exports"
    assert own_command.shown_program(mine, {"PATH": str(other.parent)}) == ".venv/bin/pipefy-exports"
    monkeypatch.chdir(mine.parent)
    assert own_command.shown_program(other, found) == str(other)


def test_a_named_command_can_be_pasted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = program(tmp_path / "it's a folder" / "bin")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [str(path), "demo"])
    line = own_command.own_command("query", "SELECT 'a b'")
    said = subprocess.run(
        ["sh", "-c", line], capture_output=True, text=True, check=True, env={"PATH": os.defpath}
    )
    assert said.stdout == "query SELECT 'a b'"


@pytest.mark.parametrize(
    ("origin", "shown"),
    [
        (None, "pipefy-exports-dagster"),
        ({"url": "file:///a%20b/x.whl", "archive_info": {}}, "/a b/x.whl"),
        ({"url": "file:///work/checkout", "dir_info": {}}, "/work/checkout"),
        (
            {
                "url": "https://me:secret@git.example.com/a/b.git",
                "vcs_info": {"vcs": "git", "requested_revision": "v1"},
            },
            "git+https://git.example.com/a/b.git@v1",
        ),
        (
            {"url": "ssh://git@git.example.com/a.git", "vcs_info": {"vcs": "git"}},
            "git+ssh://git@git.example.com/a.git",
        ),
        ({"url": "https://example.com/x.whl?token=secret", "archive_info": {}}, "https://example.com/x.whl"),
    ],
)
def test_uvx_is_told_what_the_package_was_installed_from(
    origin: dict[str, object] | None, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Installed(Distribution):
        def read_text(self, filename: str) -> str | None:
            return json.dumps(origin) if origin and filename == "direct_url.json" else None

        def locate_file(self, path: object) -> Path:
            return Path(str(path))

    monkeypatch.setattr(own_command, "distribution", lambda _: Installed())
    assert own_command.source() == shown


def test_an_environment_of_uvx_is_known_by_the_cache_that_it_is_in(tmp_path: Path) -> None:
    cached, own = tmp_path / "cache" / "archive-v0" / "x1", tmp_path / "project" / ".venv"
    for folder in (cached, own):
        folder.mkdir(parents=True)
    (tmp_path / "cache" / "CACHEDIR.TAG").touch()
    (own / "CACHEDIR.TAG").touch()  # uv writes it there as well
    assert own_command.is_run_by_uvx(cached)
    assert not own_command.is_run_by_uvx(own)
