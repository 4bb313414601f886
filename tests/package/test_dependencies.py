"""What `pip install` brings: each of it is there for a reason, and is imported by something."""

import ast
import re
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import pipefy_exports_dagster

ROOT = Path(pipefy_exports_dagster.__file__).parent
PYPROJECT = (ROOT.parent / "pyproject.toml").read_text(encoding="utf-8")
PROJECT = tomllib.loads(PYPROJECT)["project"]
MUST_RUN_WITHOUT = {"pandas", "polars", "openpyxl", "dagster_webserver"}
OPTIONAL = {
    "sandbox/files.py": {"openpyxl"},  # `--writer openpyxl`, which says so where it is missing
    # What dagster-postgres brings, of the extra `[scale]`.
    "locks/postgres_session.py": {"psycopg2-binary"},
    "tables/lake/catalogs.py": {"psycopg2-binary"},
}
"""Modules that import what an extra or nobody brings, within a function."""


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(text).name) for text in requirements}


def imported() -> dict[str, set[str]]:
    """The top-level packages that each module imports."""
    found: dict[str, set[str]] = {}
    for path in ROOT.rglob("*.py"):
        of_module = found.setdefault(path.relative_to(ROOT).as_posix(), set())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                of_module |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                of_module.add(node.module.split(".")[0])
    return found


def test_each_dependency_is_imported_by_something() -> None:
    distributions = packages_distributions()
    everything = set().union(*imported().values())
    used = {canonicalize_name(name) for module in everything for name in distributions.get(module, [])}
    assert names(PROJECT["dependencies"]) - used == set()


def test_each_import_is_of_a_dependency_or_of_what_one_brings() -> None:
    wanted, brought = list(names(PROJECT["dependencies"])), set()
    while wanted:
        name = wanted.pop()
        if name not in brought:
            brought.add(name)
            needed = (Requirement(text) for text in requires(name) or ())
            wanted += [
                canonicalize_name(each.name)
                for each in needed
                if not each.marker or each.marker.evaluate({"extra": ""})
            ]
    distributions = packages_distributions()
    extras = set().union(
        *(names(texts) for extra, texts in PROJECT["optional-dependencies"].items() if extra != "dev")
    )
    for module, packages in imported().items():
        owners: set[str] = {
            canonicalize_name(name) for package in packages for name in distributions.get(package, [])
        }
        allowed = brought | extras | OPTIONAL.get(module, set()) | {"pipefy-exports-dagster"}
        assert owners - allowed == set(), module


def test_what_is_heavy_and_not_needed_is_not_imported() -> None:
    assert not names(PROJECT["dependencies"]) & {name.replace("_", "-") for name in MUST_RUN_WITHOUT}
    wrong = {
        module: packages & MUST_RUN_WITHOUT - OPTIONAL.get(module, set())
        for module, packages in imported().items()
    }
    assert {module: packages for module, packages in wrong.items() if packages} == {}


def test_each_dependency_has_its_reason_beside_it() -> None:
    block = re.search(r"^dependencies = \[\n(.*?)^\]", PYPROJECT, re.DOTALL | re.MULTILINE)
    assert block
    above = ""
    for line in block[1].splitlines():
        if line.strip().startswith('"'):
            assert above.strip().startswith("#"), line
        above = line
