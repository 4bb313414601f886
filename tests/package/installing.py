"""Building the package, and environments in which it is installed as somebody else installs it."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pipefy_exports_dagster

REPOSITORY = Path(pipefy_exports_dagster.__file__).parents[1]


@dataclass(frozen=True)
class Installed:
    """An environment in which the wheel is installed, and its variables."""

    bin: Path
    environment: dict[str, str]

    def run(self, command: str, *arguments: str, cwd: Path) -> str:
        return run(str(self.bin / command), *arguments, cwd=cwd, env=self.environment)


def run(*command: str, cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr
