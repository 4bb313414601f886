"""`make demo-scale`, once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipefy_exports_dagster.cli.demo.answers import QUESTIONS

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.timeout(900)
def test_the_demo_loads_on_two_workers_answers_and_ends(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "machines.demo"],
        env=os.environ | {"PYTHONPATH": f"{REPOSITORY}{os.pathsep}{REPOSITORY / 'scripts'}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("SUCCESS") == 6
    assert "on worker-1" in done.stdout
    assert "on worker-2" in done.stdout
    answers = done.stdout.partition(QUESTIONS[0][0])[2]
    assert all(question in done.stdout for question, _ in QUESTIONS)
    assert answers.count("┃") > len(QUESTIONS), "tables with rows"
    assert "make demo-scale KEEP=1" in done.stdout
    assert "Traceback" not in done.stderr
