# ruff: noqa: INP001  a script
"""Run tests with the oldest or the newest versions that pyproject.toml allows.

python scripts/test_corner.py lowest-direct|highest [what pytest is to run]

The environment is recreated under build/, with Python 3.11 where that is to be had: the oldest that is allowed.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]
BIN = Path(sys.prefix) / "bin"


def run(*command: str | Path) -> None:
    """Run a command; end with its exit code if it fails."""
    done = subprocess.run([str(part) for part in command], cwd=ROOT, check=False)  # noqa: S603 - our own
    if done.returncode:
        sys.exit(done.returncode)


def above_their_bounds(versions: Path) -> list[str]:
    """Return the dependencies of which a newer version was chosen than the oldest that is allowed."""
    chosen = dict(re.findall(r"(?m)^([a-z0-9-]+)==(\S+)", versions.read_text()))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [
        f"{requirement.name}: {requirement.specifier} allows less than {chosen[requirement.name]}"
        for requirement in map(Requirement, project["dependencies"])
        if not any(
            part.operator == ">=" and Version(part.version) == Version(chosen[requirement.name])
            for part in requirement.specifier
        )
    ]


def main() -> None:
    """Resolve, install, and run the tests."""
    corner, *tests = sys.argv[1:]
    environment = ROOT / "build" / f"corner-{corner}"
    python = environment / "bin" / "python"
    versions = environment / "versions.txt"
    what = ("--extra", "dev", "--group", "build")
    chosen = (*what, "--resolution", corner, "--prerelease", "disallow", "--quiet")
    run(BIN / "uv", "venv", "--quiet", "--clear", "--seed", "--python", sys.executable, environment)
    run(BIN / "uv", "pip", "compile", "pyproject.toml", *chosen, "--python", python, "-o", versions)
    untested = above_their_bounds(versions) if corner == "lowest-direct" else []
    if untested:
        sys.exit("versions that are allowed but never tested; raise the bounds:\n" + "\n".join(untested))
    run(BIN / "uv", "pip", "install", "--quiet", "--python", python, "-r", versions)
    install = ("pip", "install", "--quiet", "--python", python, "--no-deps", "--no-build-isolation")
    run(BIN / "uv", *install, "--editable", ROOT)
    run(python, "-m", "pytest", "-n", "auto", "--dist", "worksteal", *tests)


if __name__ == "__main__":
    main()
