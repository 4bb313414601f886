"""The reference names everything there is, and says of each what the code says."""

import ast
import re
from dataclasses import fields, replace
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import AssetObservationData, StepMaterializationData
from pages.commands import commands
from pages.definitions import repository
from pages.env_example import FILE as ENV_EXAMPLE
from pages.env_example import env_example
from pages.errors import error_classes
from pages.markdown import code
from pages.metadata_keys import (
    CHECKS,
    MATERIALIZATIONS,
    OBSERVATIONS,
    PACKAGE,
    described_keys,
    keys_in_the_code,
)
from pages.reference import PAGE, with_reference
from pages.settings import configuration_classes
from support.project import JOBS, Project

import pipefy_exports_dagster
from pipefy_exports_dagster import errors
from pipefy_exports_dagster.cli.doctor.settings import OTHER_NAMES
from pipefy_exports_dagster.config.variables import VARIABLES
from pipefy_exports_dagster.orchestration.checks.finding import Check
from pipefy_exports_dagster.orchestration.events import keys
from pipefy_exports_dagster.tables.lineage import EXPORT_TABLE, HISTORY_TABLE

TEXT = PAGE.read_text()


def test_the_reference_is_what_the_code_says() -> None:
    assert with_reference(TEXT) == TEXT, "run: make docs"


def test_every_environment_variable_is_documented() -> None:
    ours = re.compile(r"PIPEFY_[A-Z_]*[A-Z]")
    sandbox = PACKAGE / "sandbox"
    named = {
        node.value
        for path in PACKAGE.rglob("*.py")
        if not path.is_relative_to(sandbox)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and ours.fullmatch(node.value)
    }
    assert named - OTHER_NAMES.keys() | {"DAGSTER_HOME"} == {variable.name for variable in VARIABLES}


def test_a_variable_fills_a_field_that_there_is_or_says_what_it_is_for() -> None:
    sections = {
        class_.__name__: {field.name for field in fields(class_)} for class_ in configuration_classes()
    }
    for variable in VARIABLES:
        assert variable.field in sections[variable.section] if variable.section else variable.says, (
            variable.name
        )


def test_the_example_of_an_environment_is_what_the_table_says() -> None:
    assert env_example() == ENV_EXAMPLE.read_text(), "run: make docs"


def test_every_class_of_the_configuration_is_documented() -> None:
    names = {class_.__name__ for class_ in configuration_classes()}
    assert names <= set(re.findall(r"^### (\w+)$", TEXT, re.MULTILINE))
    assert names <= set(pipefy_exports_dagster.__all__)


def test_every_asset_check_job_schedule_and_sensor_is_documented() -> None:
    found = repository()
    names = {key.to_user_string() for key in found.assets_defs_by_key}
    names |= {key.name for key in found.asset_graph.asset_check_keys}
    names |= {job.name for job in found.get_all_jobs() if not job.name.startswith("__")}
    names |= {schedule.name for schedule in found.schedule_defs} | {
        sensor.name for sensor in found.sensor_defs
    }
    assert [name for name in sorted(names) if f"| {code(name)} |" not in TEXT] == []


def test_every_check_is_of_an_asset_and_in_the_table_of_its_page() -> None:
    assert {key.name for key in repository().asset_graph.asset_check_keys} == set(Check)
    page = (PAGE.parent / "checks.md").read_text()
    assert [check for check in Check if f"| {code(check)} " not in page] == []


def test_every_setting_is_read() -> None:
    read = {
        node.attr
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    settings = {field.name for class_ in configuration_classes() for field in fields(class_)}
    assert settings - read == set()


def test_every_column_of_ours_is_documented() -> None:
    columns = EXPORT_TABLE.lineage.keys() | HISTORY_TABLE.lineage.keys()
    assert [name for name in sorted(columns) if f"| {code(name)} |" not in TEXT] == []


def test_every_metadata_key_is_documented_and_no_other() -> None:
    assert described_keys() == keys_in_the_code()


def test_every_metadata_key_that_has_a_name_is_used() -> None:
    """Beside the modules that define it and hand it on."""
    used = {
        node.id
        for path in PACKAGE.rglob("*.py")
        if (path.parent.name, path.name) not in {("events", "keys.py"), ("events", "__init__.py")}
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Name)
    }
    assert {name for name in vars(keys) if name.isupper()} - used == set()


def test_every_key_of_a_run_is_documented_where_it_occurs(project: Project) -> None:
    """Also a key that no text in the code spells out."""
    assert project.materialize(JOBS, config=replace(project.config, checks=True)).success
    found: dict[str, set[str]] = {}
    with project.instance() as instance:
        [run] = instance.get_runs()
        for entry in instance.all_logs(run.run_id):
            data = entry.dagster_event.event_specific_data if entry.dagster_event else None
            if isinstance(data, StepMaterializationData):
                found["materialization"] = set(data.materialization.metadata)
            elif isinstance(data, AssetObservationData):
                found["observation"] = set(data.asset_observation.metadata)
            elif isinstance(data, dg.AssetCheckEvaluation):
                found.setdefault("check", set()).update(data.metadata)
    assert found["materialization"] - MATERIALIZATIONS.keys() == set()
    assert found["observation"] - OBSERVATIONS.keys() == set()
    assert found["check"]
    assert found["check"] - CHECKS.keys() == set()


def test_every_error_is_documented_and_in_the_tree_of_its_module() -> None:
    names = [class_.__name__ for class_ in error_classes()]
    raised = {
        name for name, value in vars(errors).items() if isinstance(value, type) and name.endswith("Error")
    }
    assert {*names, "PipefyExportsError"} == raised
    assert [name for name in names if f"| {code(name)} |" not in TEXT] == []
    assert [name for name in names if f"── {name} " not in str(errors.__doc__)] == []


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_command_is_documented_with_all_that_it_takes(name: str) -> None:
    [command] = [command for candidate, command in commands() if candidate == name]
    section = TEXT.partition(f"### pipefy-exports {name}\n")[2].partition("\n### ")[0]
    assert section.strip(), name
    missing = [
        option
        for param in command.params
        for option in param.opts
        if option[:1] == "-" and option not in section
    ]
    assert missing == []


def test_the_pages_name_no_command_that_there_is_not() -> None:
    known = {name for name, _ in commands()}
    root = Path(__file__).parents[2]
    pages = [root / "README.md", *(root / "docs").glob("*.md")]
    named = {
        (page.name, word)
        for page in pages
        for word in re.findall(r"pipefy-exports ([a-z][a-z-]+)", "\n".join(_code_of(page.read_text())))
    }
    assert {(page, word) for page, word in named if word not in known} == set()


def _code_of(text: str) -> list[str]:
    return re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL)
