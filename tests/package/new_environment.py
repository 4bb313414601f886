"""A virtual environment that has the wheel, what the wheel requires, and nothing else.

What the wheel requires is copied from the environment of the tests, by hard links where the disk allows: the
same versions, without downloading them again. The package itself is installed from the wheel by pip, and pip
checks that nothing required is missing.
"""

import os
import shutil
import subprocess
import sys
import venv
from collections import deque
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

NAME = "pipefy-exports-dagster"


def new_environment(folder: Path, wheel: Path, *also: str) -> Path:
    """Make the environment.

    Args:
        also: Distributions beside the wheel, with what they require.
    """
    venv.create(folder, symlinks=True)
    pip(folder, "install", "--quiet", "--no-index", "--no-deps", str(wheel))
    for name in required([NAME, *also]) - {NAME}:
        copy(distribution(name), folder)
    pip(folder, "check")
    return folder


def pip(environment: Path, *arguments: str) -> None:
    """Run the tests' own pip on another environment."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(environment)]
    result = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def required(names: list[str]) -> set[str]:
    """Return the names and all that they require here, extras included."""
    waiting = deque((name, frozenset[str]()) for name in names)
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, extras = entry = waiting.popleft()
        if entry in seen:
            continue
        seen.add(entry)
        for requirement in map(Requirement, distribution(name).requires or ()):
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
                waiting.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    return {name for name, _ in seen}


def copy(installed: Distribution, environment: Path) -> None:
    """Copy a distribution's files; its commands get the new environment's Python."""
    for file in installed.files or ():
        source = Path(str(installed.locate_file(file))).resolve()
        if not source.exists():
            continue
        target = environment / source.relative_to(Path(sys.prefix).resolve())
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.parent.name == "bin":
            target.write_bytes(source.read_bytes().replace(os.fsencode(sys.prefix), os.fsencode(environment)))
            shutil.copymode(source, target)
        else:
            link(source, target)


def link(source: Path, target: Path) -> None:
    if target.exists():
        return  # two distributions may hold one file of a shared folder
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)  # with its time, by which Python knows what it has compiled
