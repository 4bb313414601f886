"""Every regular expression of the package, and how it is used, as the syntax tree of its modules tells."""

import ast
import functools
import importlib
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pipefy_exports_dagster

PACKAGE = Path(pipefy_exports_dagster.__file__).parent
SCANS = frozenset({"findall", "finditer", "sub", "subn", "split"})
USES = frozenset({"match", "fullmatch", "search"}) | SCANS
Uses = dict[str, set[str]]
Nodes = list[ast.AST]
"""All nodes of a module's syntax tree; to walk through it takes longer than to look at one."""


@dataclass(frozen=True)
class Found:
    """A pattern.

    Args:
        where: Its module and line.
        pattern: None if it is not made of the module's constants only.
        uses: The methods that are called with it; all, where the tree does not tell.
    """

    where: str
    pattern: re.Pattern[Any] | None
    uses: frozenset[str]


@functools.cache
def patterns_of_the_package() -> tuple[Found, ...]:
    """Find all patterns, wherever they stand."""
    modules: dict[Path, Nodes] = {
        path: list(ast.walk(ast.parse(path.read_text())))
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name != "__main__.py"
    }
    uses = {path: _uses_by_name(nodes) for path, nodes in modules.items()}
    everywhere: Uses = defaultdict(set)
    for of_a_module in uses.values():
        for name, used in of_a_module.items():
            everywhere[name] |= used
    return tuple(
        found
        for path, nodes in modules.items()
        for found in _patterns_in(path, nodes, private=uses[path], public=everywhere)
    )


def _patterns_in(path: Path, nodes: Nodes, *, private: Uses, public: Uses) -> list[Found]:
    assert not any(isinstance(node, ast.ImportFrom) and node.module == "re" for node in nodes), (
        f"{path}: `import re`, so that its patterns are found"
    )
    names = {
        id(node.value): target.id
        for node in nodes
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found = []
    for node in nodes:
        if not (isinstance(node, ast.Call) and (called := _function_of_re(node))):
            continue
        if called == "compile":
            name = names.get(id(node), "")
            uses = private if name.startswith("_") else public
            used = frozenset(uses.get(name, set())) or USES
        else:
            used = frozenset({called})
        where = f"{path.relative_to(PACKAGE)}:{node.lineno}"
        found.append(Found(where, _pattern(path, node, called), used))
    return found


def _function_of_re(call: ast.Call) -> str | None:
    function = call.func
    if (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id == "re"
    ):
        return function.attr if function.attr in USES | {"compile"} else None
    return None


def _pattern(path: Path, call: ast.Call, called: str) -> re.Pattern[Any] | None:
    """Compile a pattern again from what its call says; None if that is no constant."""
    module = importlib.import_module(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts))
    flags_at = {"compile": 1, "sub": 4, "subn": 4, "split": 3}.get(called, 2)
    flags = [keyword.value for keyword in call.keywords if keyword.arg == "flags"] or call.args[flags_at:][:1]
    try:
        values = [
            eval(compile(ast.Expression(each), str(path), "eval"), vars(module))  # noqa: S307  our own source
            for each in [call.args[0], *flags]
        ]
    except NameError:
        return None
    return re.compile(*values)


def _uses_by_name(nodes: Nodes) -> Uses:
    """Tell which methods are called of what has a name; all of them of what is handed on."""
    found: Uses = defaultdict(set)
    bases = set()
    for node in nodes:
        if not isinstance(node, ast.Attribute):
            continue
        if isinstance(node.value, ast.Name):
            bases.add(id(node.value))
            name = node.value.id
        elif isinstance(node.value, ast.Attribute):
            name = node.value.attr
        else:
            continue
        if node.attr in USES:
            found[name].add(node.attr)
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in bases:
            found[node.id] |= USES
    return found
