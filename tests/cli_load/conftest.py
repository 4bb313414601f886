"""A desk: a working directory with files on it, settings, a Dagster instance, and the command line."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner, Result
from support.project import JOBS, Project
from support.stores import Stores
from support.warm_commands import PIPEFY_EXPORTS, WarmCommand

from pipefy_exports_dagster.cli.instance import prepare_instance
from pipefy_exports_dagster.cli.main import main

TOKEN = "token-that-must-not-be-printed"
ORGANIZATION = "301"


@dataclass
class Desk:
    """Runs `pipefy-exports load` where a person would."""

    root: Path
    environment: dict[str, str]

    @property
    def project(self) -> Project:
        return Project(self.root, self.environment)

    def csv(self, text: str | bytes, name: str = "export.csv") -> Path:
        path = self.root / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def xlsx(self, rows: list[list[Any]], name: str = "export.xlsx") -> Path:
        workbook = openpyxl.Workbook()
        assert workbook.active is not None
        for row in rows:
            workbook.active.append(row)
        workbook.save(self.root / name)
        return self.root / name

    def load(self, file: Path | str, *arguments: str) -> Result:
        """Run the command in this process."""
        return CliRunner().invoke(main, ["load", str(file), *arguments])

    def load_asset(self, file: Path, *arguments: str, partition: str = "last_month") -> Result:
        return self.load(file, "--asset", JOBS, "--partition", partition, *arguments)

    def load_table(self, file: Path, *arguments: str, table: str = "prices") -> Result:
        return self.load(file, "--table", table, "--database", str(self.root / "own.duckdb"), *arguments)

    def start(self, *arguments: str, stdout: int | None = None, stderr: int | None = None) -> WarmCommand:
        """Start the command in a process of its own; what it prints can be read, or goes to a descriptor."""
        return WarmCommand(
            PIPEFY_EXPORTS,
            "load",
            *arguments,
            environment=self.environment,
            folder=self.root,
            stdout=stdout,
            stderr=stderr,
        )

    def start_with(self, *before: str, arguments: tuple[str, ...]) -> "subprocess.Popen[str]":
        """Start the command by another one."""
        return subprocess.Popen(
            [*before, PIPEFY_EXPORTS, "load", *arguments],
            cwd=self.root,
            env=self.environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def everything(self) -> dict[str, tuple[int, int]]:
        """Size and time of each file here; of locks the size, since older versions of filelock touch them."""
        return {
            str(path.relative_to(self.root)): (
                path.stat().st_size,
                0 if path.suffix == ".lock" else path.stat().st_mtime_ns,
            )
            for path in self.root.rglob("*")
            if path.is_file()
        }


@pytest.fixture(scope="session")
def prepared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new Dagster instance takes seconds to make, a copy of it none."""
    return prepare_instance(tmp_path_factory.mktemp("instance") / "dagster")


@pytest.fixture
def desk(
    tmp_path: Path, prepared_home: Path, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    root = tmp_path / "desk"
    root.mkdir()
    shutil.copytree(prepared_home, root / "data" / "dagster", symlinks=True)
    saved = dict(os.environ)
    rest = {name: value for name, value in saved.items() if not name.startswith(("PIPEFY_", "DAGSTER_"))}
    environment = rest | {
        "PIPEFY_TOKEN": TOKEN,
        "PIPEFY_ORG_ID": ORGANIZATION,
        "DAGSTER_HOME": str(root / "data" / "dagster"),
        **stores.environment,
    }
    os.environ.clear()
    os.environ.update(environment)
    monkeypatch.chdir(root)
    yield Desk(root, environment)
    os.environ.clear()
    os.environ.update(saved)


def answer(result: Result) -> dict[str, Any]:
    """The JSON object that a command that ended well printed."""
    assert result.exit_code == 0, (result.output, result.exception)
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def error_of(result: Result, exit_code: int = 1) -> str:
    """The one line that a command that did not end well printed."""
    assert result.exit_code == exit_code, (result.output, result.exception)
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert TOKEN not in result.output
    return result.stderr
