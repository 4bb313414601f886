"""The environment, YAML and Python show the same settings in the same words."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pages.env_example import env_example
from pages.settings import KEYS, class_of, environment_table

import pipefy_exports_dagster
from pipefy_exports_dagster.component.sections import section_of
from pipefy_exports_dagster.config.descriptions import descriptions
from pipefy_exports_dagster.config.environment import config_from_environment, meaning_of
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.sizes import bytes_of
from pipefy_exports_dagster.config.variables import VARIABLES
from pipefy_exports_dagster.errors import ConfigurationError

ROOT = Path(pipefy_exports_dagster.__file__).parent
FILLING = [variable for variable in VARIABLES if variable.section]
SAYING = {
    "config/variables.py",  # the table itself
    "cli/sandbox.py",  # prints them for the sandbox
    "config/notify.py",  # below the table
    "cli/init.py",  # writes the file of variables
    "cli/dev.py",  # hands on the environment
    "config/dotenv.py",  # reads the data folder before there is a configuration
    "cli/doctor/settings.py",  # what people write instead
    "cli/doctor/doctor.py",  # asks whether one was unusable
}
"""Modules that work with variables, as the sandbox and the demo do. All others name a setting by `setting_names`."""
STARTER = (ROOT / "component" / "starter.yaml").read_text(encoding="utf-8")


def plain(text: str) -> str:
    """Comments of several lines as one text."""
    return " ".join(line.strip().lstrip("#").strip() for line in text.splitlines())


@pytest.mark.parametrize("variable", FILLING, ids=lambda variable: variable.name)
def test_a_variable_is_described_by_the_field_that_it_fills(variable: Any) -> None:
    said = meaning_of(variable)
    row = next(line for line in environment_table().splitlines() if f"`{variable.name}`" in line)
    assert said in row
    assert f"`{'.'.join((*KEYS[variable.section], variable.field))}`" in row
    schema = section_of(class_of(variable)).model_json_schema()["properties"][variable.field]
    if not variable.says:  # else the variable holds something else than its field
        assert schema["description"] == said
    if variable.example is not None:
        above = env_example().split(f"{variable.name}=")[0]
        assert plain(above.rpartition("\n\n")[2]).startswith(said)


def test_a_scaffolded_yaml_says_of_each_key_what_is_said_of_it_elsewhere() -> None:
    said = descriptions(PipefyExportsConfig)
    keys = yaml.safe_load(STARTER)["attributes"].keys()
    assert keys
    for key in keys:
        comment = re.split(r"\n\n|attributes:\n", STARTER.split(f"\n  {key}:")[0])[-1]
        assert said[key].rstrip(".") in plain(comment), key


def test_messages_name_a_setting_as_all_do() -> None:
    names = {variable.name for variable in FILLING}
    wrong = []
    for path in ROOT.rglob("*.py"):
        module = path.relative_to(ROOT).as_posix()
        if module not in SAYING and not module.startswith(("sandbox/", "cli/demo/")):
            wrong += [(module, text) for text in texts_in(path) if any(name in text for name in names)]
    assert wrong == []


def texts_in(path: Path) -> list[str]:
    """Texts that are neither docstrings nor the defaults that a command's help shows."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    left_out = {
        id(node)
        for parent in ast.walk(tree)
        if isinstance(parent, ast.Expr) or (isinstance(parent, ast.keyword) and parent.arg == "show_default")
        for node in ast.iter_child_nodes(parent)
    }
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [node.value for node in constants if isinstance(node.value, str) and id(node) not in left_out]


@pytest.mark.parametrize(
    ("name", "section", "field", "texts"),
    [
        (
            "PIPEFY_EXPORTS_MAX_MEMORY_BYTES",
            "ReadOptions",
            "max_memory_bytes",
            ["4GB", "512MiB", "0", "-1", "x"],
        ),
        ("PIPEFY_EXPORTS_MAX_SECONDS", "ReadOptions", "max_seconds", ["90", "0.5", "0", "-1", "nan", "x"]),
        (
            "PIPEFY_EXPORTS_RAW_RETENTION_DAYS",
            "PipefyExportsConfig",
            "raw_retention_days",
            ["1", "0", "999999"],
        ),
        ("PIPEFY_EXPORTS_MIN_INTERVAL_S", "PollPolicy", "min_interval_s", ["5", "0", "61", "x"]),
        ("PIPEFY_PIPE_ID", "PipeReport", "pipe_id", ["301", "0", "-1", "x"]),
        ("PIPEFY_EXPORTS_TIMEZONE", "PipefyExportsConfig", "timezone", ["UTC", "Mars"]),
        ("PIPEFY_EXPORTS_WAIT", "PipefyExportsConfig", "wait", ["inline", "deferred", "never"]),
    ],
)
def test_both_take_and_refuse_the_same_values(name: str, section: str, field: str, texts: list[str]) -> None:
    model = section_of(class_of(next(v for v in FILLING if v.name == name)))
    for text in texts:
        try:
            config_from_environment({name: text})
            taken = True
        except ConfigurationError:
            taken = False
        try:
            model.model_validate({field: yaml.safe_load(text)})
            written = True
        except ValueError:
            written = False
        assert taken == written, (section, text)


def test_a_size_in_yaml_is_the_size_of_the_variable() -> None:
    model = section_of(class_of(next(v for v in FILLING if v.field == "max_memory_bytes")))
    assert model.model_validate({"max_memory_bytes": "2.5 GB"}).build().max_memory_bytes == bytes_of("2.5 GB")
