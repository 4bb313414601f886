"""A Dagster project of somebody else's, in a temporary folder, as `create-dagster` lays one out."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from support.warm_commands import run_warm

import pipefy_exports_dagster

REPOSITORY = Path(pipefy_exports_dagster.__file__).parents[1]
PYPROJECT = """
[project]
name = "{name}"
version = "0.1.0"

[tool.dg]
directory_type = "project"

[tool.dg.project]
root_module = "{name}"
"""
DEFINITIONS = """
from pathlib import Path
import dagster as dg

@dg.definitions
def defs() -> dg.Definitions:
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
"""
TYPE = "pipefy_exports_dagster.PipefyExportsComponent"


@dataclass
class TheirProject:
    root: Path
    name: str

    @classmethod
    def made_in(cls, folder: Path, name: str) -> "TheirProject":
        project = cls(folder / name, name)
        (project.root / name / "defs").mkdir(parents=True)
        (project.root / "pyproject.toml").write_text(PYPROJECT.format(name=name))
        for package in (name, f"{name}/defs"):
            (project.root / package / "__init__.py").touch()
        (project.root / name / "definitions.py").write_text(DEFINITIONS)
        return project

    @property
    def yaml(self) -> Path:
        return self.root / self.name / "defs" / "my_pipefy" / "defs.yaml"

    def write(self, text: str) -> None:
        self.yaml.parent.mkdir(exist_ok=True)
        self.yaml.write_text(text)

    def load(self) -> dg.Definitions:
        """Load it as a code server does. Its folder has to be importable."""
        return dg.load_from_defs_folder(path_within_project=self.root)

    def dg(
        self, *arguments: str, cwd: Path | None = None, home: Path | None = None
    ) -> "subprocess.CompletedProcess[str]":
        return run_dg(*arguments, cwd=cwd or self.root, python_path=self.root, home=home)


def run_dg(
    *arguments: str, cwd: Path, python_path: Path, home: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run Dagster's `dg`, in an environment in which nothing of ours is set; `home` is DAGSTER_HOME."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("PIPEFY_", "DAGSTER_"))}
    ours = {
        "VIRTUAL_ENV": sys.prefix,
        "PATH": f"{sys.prefix}/bin:{os.environ['PATH']}",
        "PYTHONPATH": f"{python_path}{os.pathsep}{REPOSITORY}",  # the package of these tests, wherever it lies
        "COLUMNS": "200",
    } | ({"DAGSTER_HOME": str(home)} if home else {})
    return run_warm(f"{sys.prefix}/bin/dg", *arguments, environment=bare | ours, folder=cwd)
