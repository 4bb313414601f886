"""The descriptions of the configuration's fields, read from where they stand: `Args:` in a docstring."""

import inspect
import re
from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any

INTERNAL: Mapping[str, Any] = {"is_internal": True}
"""Metadata of a dataclass's field that is no setting: no key of the YAML, and not in the reference."""
NAMES_OF_SECRETS: Mapping[str, Any] = {"names_secrets": True}
"""Metadata of a field that names variables with secrets: in YAML it takes no secret itself."""
ARGUMENT = re.compile(r"    (\w+): (.*)")


def setting_fields(class_: Any) -> list[Field[Any]]:
    """Return the fields of a dataclass that are settings."""
    return [field for field in fields(class_) if not field.metadata.get("is_internal")]


def names_secrets(field: Field[Any]) -> bool:
    """Whether a field holds names of variables with secrets."""
    return bool(field.metadata.get("names_secrets"))


def summary(class_: type) -> str:
    """Return what a class's docstring says before `Args:`."""
    return (inspect.getdoc(class_) or "").split("\n\nArgs:\n")[0]


def descriptions(class_: type) -> Mapping[str, str]:
    """Return the description of each field of a dataclass, where it has one."""
    _, _, arguments = (inspect.getdoc(class_) or "").partition("\nArgs:\n")
    found: dict[str, str] = {}
    name = ""
    for line in arguments.splitlines():
        if not line.startswith("    "):
            break
        if match := ARGUMENT.fullmatch(line):
            name = match[1]
            found[name] = match[2]
        elif name:
            found[name] += f" {line.strip()}"
    return {field.name: found[field.name] for field in setting_fields(class_) if field.name in found}
