"""The code location: what it defines, and what loading it must not do."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipefy_exports_dagster.component.configurations import configurations
from pipefy_exports_dagster.errors import ConfigurationError

LOAD = """
import socket, sys
def refuse(*args, **kwargs): raise AssertionError("the network was called at load time")
socket.socket.connect = refuse
from pipefy_exports_dagster.definitions import defs
from dagster import AssetKey
repository = defs.get_repository_def()
print(sorted(key.to_user_string() for key in repository.assets_defs_by_key))
print(sorted(schedule.name for schedule in repository.schedule_defs))
heavy = ("pandas", "duckdb", "pyarrow", "fastexcel", "openpyxl", "httpx")
print("heavy:", [name for name in heavy if name in sys.modules])
"""


def load(tmp_path: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("PIPEFY_", "DAGSTER_"))}
    return subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:pipefy_exports_dagster", "-c", LOAD],
        env=bare | environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )


def test_everything_is_defined_without_any_environment_variable(tmp_path: Path) -> None:
    result = load(tmp_path)
    assert result.returncode == 0, result.stderr
    assets = [
        f"{name}_{kind}"
        for name in ("automation_jobs", "organization_report")
        for kind in ("export", "history")
    ]
    assert str(assets) in result.stdout
    assert (
        "['pipefy_current_month_schedule', 'pipefy_last_month_schedule', 'pipefy_month_end_history_schedule']"
        in result.stdout
    )


def test_loading_neither_imports_heavy_libraries_nor_writes_files(tmp_path: Path) -> None:
    result = load(tmp_path)
    assert "heavy: []" in result.stdout
    assert list(tmp_path.iterdir()) == []


YAML = """
type: pipefy_exports_dagster.PipefyExportsComponent
attributes: {organization_id: 1, history: false}
---
type: pipefy_exports_dagster.PipefyExportsComponent
attributes: {organization_id: 2, key_prefix: acme, reports: [{name: purchases}], history: false}
"""


def test_a_yaml_file_takes_the_place_of_the_variables(tmp_path: Path) -> None:
    (tmp_path / "pipefy.yaml").write_text(YAML)
    result = load(tmp_path, PIPEFY_EXPORTS_CONFIG="pipefy.yaml")
    assert result.returncode == 0, result.stderr
    assert "['acme/automation_jobs_export', 'acme/purchases', 'automation_jobs_export']" in result.stdout
    assert "heavy: []" in result.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "pipefy.yaml cannot be read: No such file or directory"),
        ("{", "pipefy.yaml is not YAML: "),
        ("type: dagster.DefsFolderComponent", "has no document of `type: pipefy_exports_dagster."),
        (YAML.replace("history", "histories"), "attributes.histories at {path}:3: there is no such key"),
    ],
)
def test_a_yaml_file_that_cannot_be_used_is_named(tmp_path: Path, text: str | None, said: str) -> None:
    path = tmp_path / "pipefy.yaml"
    if text:
        path.write_text(text)
    with pytest.raises(ConfigurationError, match=re.escape(said.format(path=path))):
        configurations({"PIPEFY_EXPORTS_CONFIG": str(path)})


def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    result = load(tmp_path, PIPEFY_EXPORTS_TIMEZONE="Mars/Olympus")
    assert result.returncode != 0
    assert "(PIPEFY_EXPORTS_TIMEZONE) is 'Mars/Olympus', which is not a time zone" in result.stderr
