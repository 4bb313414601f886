# ruff: noqa: INP001  a script
"""Run tests with the oldest or the newest versions that pyproject.toml allows.

python scripts/test_corner.py lowest-direct|highest [what pytest is to run]

The environment is made anew under build/, with Python 3.11 where that is to be had: the oldest that is allowed.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = Path(sys.prefix) / "bin"


def run(*command: str | Path) -> None:
    """Run a command; end with its exit code if it fails."""
    done = subprocess.run([str(part) for part in command], cwd=ROOT, check=False)  # noqa: S603 - our own
    if done.returncode:
        sys.exit(done.returncode)


def main() -> None:
    """Resolve, install, and run the tests."""
    corner, *tests = sys.argv[1:]
    environment = ROOT / "build" / f"corner-{corner}"
    python = environment / "bin" / "python"
    with tempfile.TemporaryDirectory() as folder:
        # Without the lock's own choice of DuckDB.
        project = Path(folder) / "pyproject.toml"
        project.write_text(
            re.sub(r"(?m)^constraint-dependencies.*\n", "", (ROOT / "pyproject.toml").read_text())
        )
        versions = Path(folder) / "requirements.txt"
        chosen = ("--extra", "dev", "--resolution", corner, "--prerelease", "disallow", "--quiet")
        run(BIN / "uv", "venv", "--quiet", "--clear", "--python", sys.executable, environment)
        run(BIN / "uv", "pip", "compile", project, *chosen, "--python", python, "-o", versions)
        run(BIN / "uv", "pip", "install", "--quiet", "--python", python, "-r", versions)
    install = ("pip", "install", "--quiet", "--python", python, "--no-deps", "--no-build-isolation")
    run(BIN / "uv", *install, "--editable", ROOT)
    run(python, "-m", "pytest", "-n", "auto", "--dist", "worksteal", *tests)


if __name__ == "__main__":
    main()
