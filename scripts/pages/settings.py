"""Every setting: environment variables, the configuration's fields, and what a run takes in the Launchpad."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, Union, get_args, get_origin, get_type_hints

import dagster as dg
from pages.markdown import code, table

from pipefy_exports_dagster.config.descriptions import descriptions, setting_fields, summary
from pipefy_exports_dagster.config.environment import SECTIONS, meaning_of
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.variables import VARIABLES, Variable
from pipefy_exports_dagster.orchestration.assets import ExportRunConfig, PipeReportRunConfig, ReportRunConfig
from pipefy_exports_dagster.orchestration.history.assets import HistoryRunConfig

RUN_CONFIGS = (ReportRunConfig, PipeReportRunConfig, HistoryRunConfig)
KEYS = {
    "PipefyExportsConfig": (),
    "Connection": ("connection",),
    "PollPolicy": ("polling",),
    "ReadOptions": ("reading",),
    "Report": ("reports",),
    "PipeReport": ("pipe_reports",),
    "Lake": ("lake",),
}
"""Where in the YAML the fields of a class are; `reading` is in each export."""
NAMES = {
    bool: "true or false",
    int: "number",
    float: "number",
    str: "text",
    Path: "path",
    date: "month",
    Any: "any",
}


def environment_table() -> str:
    """Return each variable beside the key that it fills, in the words of that key."""

    def row(variable: Variable) -> Sequence[str]:
        if not variable.section:
            return [code(variable.name), "", "none", variable.says]
        class_: Any = class_of(variable)
        default = next(_default(field) for field in fields(class_) if field.name == variable.field)
        key = code(".".join((*KEYS[variable.section], variable.field)))
        return [code(variable.name), key, default, meaning_of(variable)]

    return table(("name", "fills", "default", "meaning"), [row(variable) for variable in VARIABLES])


def component_variables_table() -> str:
    """Return the variables that a component takes, beside the keys that are before them."""
    taken = [variable for variable in VARIABLES if variable.is_for_components]
    rows = [[code(".".join((*KEYS[v.section], v.field))), code(v.name)] for v in taken]
    return table(("where the YAML lacks", "this is taken"), rows)


def class_of(variable: Variable) -> type:
    """Return the class of the configuration whose field a variable fills."""
    return SECTIONS[variable.section]


def configuration_tables() -> str:
    """Return a section for each dataclass of the configuration, from the whole to its parts."""
    return "\n\n".join(_section(class_) for class_ in configuration_classes())


def configuration_classes() -> list[type]:
    found: list[type] = []
    waiting: list[type] = [PipefyExportsConfig]
    while waiting:
        class_ = waiting.pop(0)
        if class_ not in found:
            found.append(class_)
            hints = get_type_hints(class_)
            waiting += [part for each in setting_fields(class_) for part in _dataclasses(hints[each.name])]
    return found


def run_config_table() -> str:
    found = [
        (code(name), _run_config_of(class_), field.description or "")
        for class_ in RUN_CONFIGS
        for name, field in class_.model_fields.items()
    ]
    rows = [list(row) for row in dict.fromkeys(found)]  # two kinds of reports share some
    assert all(description for *_, description in rows), "a field of a run's config has no description"
    return table(("key", "of", "meaning"), rows)


def _run_config_of(class_: type[dg.Config]) -> str:
    return "histories" if class_ is HistoryRunConfig else "exports"


def _section(class_: Any) -> str:
    said, hints = descriptions(class_), get_type_hints(class_)
    missing = [field.name for field in setting_fields(class_) if not said.get(field.name)]
    assert not missing, f"{class_.__name__} does not describe {missing} in `Args:`"
    rows = [[code(f.name), _kind(hints[f.name]), _default(f), said[f.name]] for f in setting_fields(class_)]
    head = f"### {class_.__name__}\n\n{' '.join(summary(class_).split())}\n\n"
    return head + table(("key", "takes", "default", "meaning"), rows)


def _dataclasses(hint: Any) -> Iterator[type[Any]]:
    if isinstance(hint, type) and is_dataclass(hint):
        yield hint
    for argument in get_args(hint):
        yield from _dataclasses(argument)


def _kind(hint: Any) -> str:
    """Say in words what a field takes; dataclasses lead to their sections."""
    if any(get_origin(part) is Sequence for part in get_args(hint)) and list(_dataclasses(hint)):
        return ", or ".join(_kind(part) for part in get_args(hint))
    if parts := list(_dataclasses(hint)):
        link = f"[{parts[0].__name__}](#{parts[0].__name__.lower()})"
        return f"list of {link}" if get_origin(hint) in {Sequence, tuple} else link
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Mapping:
        return "mapping"
    if origin in {Sequence, tuple}:
        return f"list of {_kind(arguments[0])}"
    if origin is not None:
        kinds = [_kind(argument) for argument in arguments if argument is not NoneType]
        return kinds[-1] if origin is Union or len(kinds) == 1 else " or ".join(kinds)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return " or ".join(code(member.value) for member in hint)
    return NAMES[hint]


def _default(field: "Field[Any]") -> str:
    value = field.default_factory() if field.default_factory is not MISSING else field.default
    if is_dataclass(value):
        return "its defaults"
    if value is None or value in ((), {}, ""):
        return "none"
    if isinstance(value, bool):
        return code(str(value).lower())
    if isinstance(value, date):
        return code(f"{value:%Y-%m}")
    return code(
        f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)
    )


assert issubclass(ReportRunConfig, ExportRunConfig)  # so the table of the one has the fields of the other
