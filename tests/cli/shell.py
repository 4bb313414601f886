"""A shell in a project's folder: the command line as a person or a script calls it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from support.project import Project
from support.warm_commands import PIPEFY_EXPORTS, run_warm

from pipefy_exports_dagster.cli.main import main


@dataclass
class Shell:
    project: Project
    changes: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return self.project.environment | self.changes

    def run(self, *arguments: str, **environment: str) -> Result:
        """Run a command in this process, which gets its environment and folder back afterwards."""
        saved, folder = dict(os.environ), Path.cwd()
        os.environ.clear()
        os.environ.update(self.environment | environment)
        os.chdir(self.project.root)
        try:
            return CliRunner().invoke(main, list(arguments))
        finally:
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(saved)

    def json(self, *arguments: str, exit_code: int = 0, **environment: str) -> dict[str, Any]:
        """Run a command with --json, and return the object that it printed."""
        result = self.run(*arguments, "--json", **environment)
        assert result.exit_code == exit_code, (result.output, result.exception)
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    def start(self, *arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        """Run a command in a process of its own."""
        return run_warm(
            PIPEFY_EXPORTS, *arguments, environment=self.environment, folder=self.project.root, given=given
        )


def copy_of(project: Project, root: Path) -> Project:
    """Copy a project with all that it holds; its environment names the copy's folders."""
    shutil.copytree(project.root, root, symlinks=True)
    old, new = str(project.root), str(root)
    return Project(root, {name: value.replace(old, new) for name, value in project.environment.items()})


@contextmanager
def held(database: Path, *, for_writing: bool = True) -> Iterator[int]:
    """Let another process hold a database; gives its id."""
    hold = (
        f"import duckdb; c = duckdb.connect({str(database)!r}, read_only={not for_writing}); "
        "print('held', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        yield holder.pid
        holder.communicate("\n")


def error_of(result: Result) -> str:
    """The one line of a command that ended with an error."""
    assert result.exit_code == 1, (result.output, result.exception)
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr
