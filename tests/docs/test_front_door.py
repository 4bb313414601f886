"""What the documentation tells people to import comes from the package itself, and its Python is taken as it stands."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pages.errors import error_classes
from pages.settings import configuration_classes

import pipefy_exports_dagster

PACKAGE = "pipefy_exports_dagster"
ROOT = Path(pipefy_exports_dagster.__file__).parent
REPOSITORY = ROOT.parent
PAGES = {
    path.relative_to(REPOSITORY).as_posix(): path.read_text(encoding="utf-8")
    for path in (
        *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", ".env.example")),
        *sorted((REPOSITORY / "docs").rglob("*.md")),
        *sorted((REPOSITORY / "docs").rglob("*.py")),
        *sorted(ROOT.rglob("*.yaml")),
    )
}
PROGRAMS = {"definitions"}
"""Modules that programs are told to load (`-m`), and nobody imports."""
INSIDE = ("CONTRIBUTING.md", "CHANGELOG.md", "docs/explanation.md", "docs/performance.md")
"""Pages that say how the package is made, and so name what is not for import."""
NOT_RUN: dict[str, str] = {}
"""Blocks of Python that need more than the package, by page and number (`docs/how-to.md 1`), and what it is."""

DOTTED = re.compile(rf"\b{PACKAGE}\.([A-Za-z_]\w*)(\.\w+)?")
FENCED = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
IMPORTED = re.compile(
    rf"\b(?:from\s+({PACKAGE}[\w.]*)\s+import\s+(\([^)]*\)|[^\n;\"']+)|import\s+({PACKAGE}\.[\w.]+))",
    re.MULTILINE,
)


def blocks() -> dict[str, str]:
    """Each block of Python, by its page and number."""
    found = {}
    for page, text in PAGES.items():
        if page.endswith(".py"):
            found[page] = text
        python = (inspect.cleandoc(body) for _, kind, body in FENCED.findall(text) if kind == "python")
        found |= {f"{page} {number}": body for number, body in enumerate(python, 1)}
    return found


BLOCKS = blocks()


def said_by_public_names() -> Iterator[tuple[str, str]]:
    for name in pipefy_exports_dagster.__all__:
        value = getattr(pipefy_exports_dagster, name)
        yield name, inspect.getdoc(value) or ""
        if inspect.isclass(value) and value.__module__.startswith(PACKAGE):
            members = vars(value).items()
            yield from (
                (f"{name}.{each}", inspect.getdoc(it) or "") for each, it in members if each[0] != "_"
            )


def test_there_is_python_to_be_held_to_it() -> None:
    assert sum(page.startswith("docs/") for page in BLOCKS) >= 2
    assert {"README.md", "docs/reference.md", f"{PACKAGE}/component/starter.yaml"} <= PAGES.keys()


@pytest.mark.parametrize("page", PAGES)
def test_every_dotted_name_is_the_packages_own(page: str) -> None:
    public = set(pipefy_exports_dagster.__all__)
    found = {match[0] for match in DOTTED.finditer(PAGES[page]) if match[1] not in {"egg-info", "git"}}
    wrong = {
        name for name in found if name.split(".")[1] not in public | PROGRAMS or len(name.split(".")) > 2
    }
    assert wrong == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_import_is_of_a_public_name(page: str) -> None:
    bodies = [body for _, kind, body in FENCED.findall(PAGES[page]) if kind != "python"]
    wrong = []
    for module, names, dotted in (each for body in bodies for each in IMPORTED.findall(body)):
        listed = re.findall(r"[A-Za-z_]\w*(?: as \w+)?", names)
        unknown = [name for name in listed if name.split()[0] not in pipefy_exports_dagster.__all__]
        wrong += [dotted] if dotted else [module] if module != PACKAGE else unknown
    assert wrong == []


@pytest.mark.parametrize("block", BLOCKS)
def test_every_import_of_a_block_of_python_is_of_a_public_name(block: str) -> None:
    wrong = []
    for node in ast.walk(ast.parse(BLOCKS[block])):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE:
            wrong += [node.module] if node.module != PACKAGE else []
            wrong += [a.name for a in node.names if a.name not in pipefy_exports_dagster.__all__]
        if isinstance(node, ast.Import):
            wrong += [a.name for a in node.names if a.name.startswith(f"{PACKAGE}.")]
    assert wrong == []


@pytest.mark.parametrize("block", [block for block in BLOCKS if not block.endswith(".py")])
def test_a_block_of_python_runs_as_it_stands(
    block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = compile(BLOCKS[block], block, "exec")
    if block in NOT_RUN:
        pytest.skip(NOT_RUN[block])
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - our own page
    if "defs" in names:
        assert isinstance(names["defs"], dg.Definitions)


@pytest.mark.parametrize("page", [page for page in PAGES if page not in INSIDE and page.endswith(".md")])
def test_every_class_that_a_page_names_is_public(page: str) -> None:
    defined = {
        node.name
        for path in ROOT.rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef)
    }
    named = set(re.findall(r"`([A-Z]\w*)(?=[`(])", PAGES[page]))
    assert named & defined - set(pipefy_exports_dagster.__all__) == set()


def test_all_settings_and_errors_are_public() -> None:
    needed = [*configuration_classes(), *error_classes()]
    assert {each.__name__ for each in needed} <= set(pipefy_exports_dagster.__all__)
    assert all(getattr(pipefy_exports_dagster, each.__name__) is each for each in needed)


def test_docstrings_of_public_names_send_nobody_further_in() -> None:
    raised = re.compile(r"^ +([A-Z]\w*Error):", re.MULTILINE)
    wrong = []
    for name, said in said_by_public_names():
        wrong += [f"{name}: {match[0]}" for match in DOTTED.finditer(said) if match[2]]
        ours = [error for error in raised.findall(said) if hasattr(pipefy_exports_dagster.errors, error)]
        wrong += [f"{name}: {error}" for error in ours if error not in pipefy_exports_dagster.__all__]
    assert wrong == []
