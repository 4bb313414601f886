"""Every field of the configuration that is a number, a flag, a text or a section refuses what is none, by its name.

The fields are walked, not listed: a new one cannot be forgotten.
"""

import math
from dataclasses import fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest
import yaml
from pages.settings import configuration_classes

from pipefy_exports_dagster.component.yaml_file import TYPE, configurations_in
from pipefy_exports_dagster.config.model import PipefyExportsConfig, PollPolicy
from pipefy_exports_dagster.errors import ConfigurationError

ALL = [(class_, field.name) for class_ in configuration_classes() for field in fields(class_)]
NO_NUMBERS: dict[str, Any] = {
    "text": "5",
    "a flag": True,
    "not a number": math.nan,
    "infinity": math.inf,
    "negative": -1,
    "more than any": 10**400,
    "more digits than Python writes": 10**5000,
    "another kind of number": Decimal(5),
    "a list": [5, "6"],
    "a mapping": {},
}
WRITTEN = ("not a number", "infinity", "negative", "a flag", "a mapping")
"""What YAML can say, and does not mean the same in quotes."""


def takes(class_: type, name: str) -> set[Any]:
    hint = get_type_hints(class_)[name]
    return {hint, *get_args(hint)}


NUMBERS = [(class_, name) for class_, name in ALL if takes(class_, name) & {int, float}]


def test_there_are_numbers_in_every_section_that_has_a_limit() -> None:
    named = {name for _, name in NUMBERS}
    assert {"max_seconds", "max_retries", "fraction", "pipe_ids", "raw_retention_days"} <= named
    assert len(NUMBERS) >= 20


@pytest.mark.parametrize(("class_", "name"), NUMBERS)
@pytest.mark.parametrize("case", NO_NUMBERS)
def test_what_is_no_number_of_its_range_is_refused_by_its_field(class_: Any, name: str, case: str) -> None:
    value = NO_NUMBERS[case]
    if get_origin(get_type_hints(class_)[name]) is tuple:
        value = value if case in {"a list", "text"} else [value]
        if case == "a mapping":
            value = {}
    with pytest.raises(ConfigurationError) as caught:
        class_(**{name: value})
    said = str(caught.value)
    assert said.startswith(f"`{name}` ")
    assert "\n" not in said
    assert len(said) < 250


@pytest.mark.parametrize(("class_", "name"), [each for each in NUMBERS if float in takes(*each)])
def test_a_whole_number_does_where_any_number_does(class_: Any, name: str) -> None:
    assert getattr(class_(**{name: 1}), name) == 1


@pytest.mark.parametrize(
    ("class_", "name"), [each for each in NUMBERS if int in takes(*each) and each[1] != "pipe_ids"]
)
def test_a_whole_number_may_be_written_with_an_exponent_and_no_other(class_: Any, name: str) -> None:
    made = class_(**{name: 2e0})
    assert getattr(made, name) == 2
    assert isinstance(getattr(made, name), int)
    with pytest.raises(ConfigurationError, match=f"^`{name}` .* whole number"):
        class_(**{name: 2.5})


@pytest.mark.parametrize(
    ("class_", "name"), [each for each in ALL if get_type_hints(each[0])[each[1]] is bool]
)
@pytest.mark.parametrize("value", ["false", 0, None])
def test_a_flag_is_true_or_false(class_: Any, name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=f"^`{name}` .* use true or false"):
        class_(**{name: value})


@pytest.mark.parametrize(
    ("class_", "name"), [each for each in ALL if takes(*each) - {type(None), str | None} == {str}]
)
@pytest.mark.parametrize("value", [5, b"x", ["x"]])
def test_a_text_is_text(class_: Any, name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=f"^`{name}` "):
        class_(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("polling", {"timeout_s": 5}),
        ("connection", None),
        ("automation_jobs", True),
        ("schedules", "daily"),
        ("data_dir", 5),
        ("history_start", "2024-01"),
        ("wait", 5),
    ],
)
def test_a_part_of_another_kind_is_refused_by_its_field(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"^`{name}` "):
        PipefyExportsConfig(**{name: value})


def test_the_values_that_people_use_are_taken() -> None:
    PipefyExportsConfig(
        max_retries=0,
        retry_delay_s=0,
        resume_window_s=0,
        partition_lock_timeout_s=0,
        database_lock_timeout_s=0,
        raw_retention_days=None,
        last_month_due_day=None,
        history_start=date(2025, 3, 9),
        polling=PollPolicy(min_interval_s=5, max_interval_s=5, fraction=0, timeout_s=0),
    )


PATHS = {
    "PipefyExportsConfig": (),
    "Connection": ("connection",),
    "PollPolicy": ("polling",),
    "AutomationJobs": ("automation_jobs",),
    "ReadOptions": ("automation_jobs", "reading"),
    "Report": ("reports", 0),
    "PipeReport": ("pipe_reports", 0),
    "Schedules": ("schedules",),
    "Schedule": ("schedules", "last_month"),
}
"""Where each section stands in a YAML."""


@pytest.mark.parametrize(("class_", "name"), NUMBERS)
@pytest.mark.parametrize("case", WRITTEN)
def test_a_yaml_with_it_is_refused_with_file_line_and_path(
    class_: type, name: str, case: str, tmp_path: Path
) -> None:
    value = NO_NUMBERS[case]
    path = (*PATHS[class_.__name__], name)
    attributes: Any = {name: [value] if name == "pipe_ids" else value}
    for key in reversed(PATHS[class_.__name__]):
        attributes = [attributes] if key == 0 else {key: attributes}
    file = tmp_path / "defs.yaml"
    file.write_text(yaml.safe_dump({"type": TYPE, "attributes": attributes}, sort_keys=True))
    with pytest.raises(ConfigurationError) as caught:
        configurations_in(file)
    said = str(caught.value)
    assert "attributes." + ".".join(map(str, path)) in said
    line = next(n for n, text in enumerate(file.read_text().splitlines(), 1) if f"{name}:" in text)
    assert f" at {file}:{line}" in said or f" at {file}:{line + 1}" in said
    assert len(said.splitlines()) == 1
