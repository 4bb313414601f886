"""What the fields of the configuration may hold, checked where a section is made.

Each error begins with its field: that is how a wrong value is found in a YAML. What a number may be follows from the
unit in its field's name, unless the section says otherwise; so a new field is checked without a line of its own.
"""

import functools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from pipefy_exports_dagster.config.setting_names import setting_name
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.text.quoting import quoted_value

LONGEST_S = 1e9
"""Some 30 years; timers of the operating system take little more."""
_FEW = 1000
"""Up to here, both ends of a range are said at once."""


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers that a field takes, up to `highest`; `lowest` itself only where it is `included`."""

    lowest: float
    highest: float
    included: bool = False

    def problem(self, number: float) -> str | None:
        """Say what a number has to be, None if it is."""
        if self.included and self.highest <= _FEW and not self.lowest <= number <= self.highest:
            return f"it has to be from {self.lowest:g} to {self.highest:g}"
        if number < self.lowest or (number == self.lowest and not self.included):
            return f"it has to be {self.lowest:,g} or more" if self.included else "it has to be more than 0"
        return None if number <= self.highest else f"it has to be {self.highest:,.0f} or less"


SECONDS = Range(0, LONGEST_S)
SECONDS_OR_0 = Range(0, LONGEST_S, included=True)
ANY_NUMBER = Range(0, 10**18)


def check_fields(
    section: Any,
    ranges: Mapping[str, Range] = MappingProxyType({}),
) -> None:
    """Check numbers, flags and texts of a frozen dataclass, and bring numbers into their field's type.

    An error names the environment variable that fills the field as well, where there is one.

    Args:
        section: The dataclass's instance, as its `__post_init__` has it.
        ranges: Of the fields that take other numbers than their unit says.

    Raises:
        ConfigurationError: A value cannot be used.
    """
    section_class: type = type(section)
    for field in fields(section):
        hint, value = _hints(section_class)[field.name], getattr(section, field.name)
        name = setting_name(section_class.__name__, field.name)
        kinds = _kinds(hint)
        if value is None and NoneType in kinds:
            continue
        if kinds & {int, float}:
            range_ = ranges.get(field.name) or (
                SECONDS if field.name.endswith(("_s", "_seconds")) else ANY_NUMBER
            )
            try:
                checked = _number_or_numbers(name, value, range_, kinds, is_list=get_origin(hint) is tuple)
            except ConfigurationError as error:
                raise ConfigurationError(f"{error}{', or none' * (NoneType in kinds)}") from None
            object.__setattr__(section, field.name, checked)
        elif what := _wanted(kinds, value):
            raise ConfigurationError(f"{name} is {quoted_value(value)}; {what}")


def _kinds(hint: Any) -> set[Any]:
    """Return what a field takes: the types of a union, those within a tuple, or else the one."""
    return set(get_args(hint)) if get_origin(hint) in {Union, UnionType, tuple} else {hint}


def _wanted(kinds: set[Any], value: object) -> str | None:
    """Say what to give in place of a value of the wrong type; None if it is of the right one."""
    kinds = kinds - {NoneType}
    if kinds == {bool}:
        return None if isinstance(value, bool) else "use true or false"
    if kinds == {str}:
        return None if isinstance(value, str) else "give text"
    if kinds == {Path}:
        return None if isinstance(value, str | PathLike) else "give a path"
    if kinds == {date}:
        return None if isinstance(value, date) else "give a date"
    sections = [kind for kind in kinds if isinstance(kind, type) and is_dataclass(kind)]
    if sections and not isinstance(value, tuple(get_origin(kind) or kind for kind in kinds)):
        return f"give a `{sections[0].__name__}`"
    return None


def _number_or_numbers(
    name: str, value: object, range_: Range, kinds: set[Any], *, is_list: bool
) -> float | tuple[float, ...]:
    is_whole = int in kinds
    if not is_list:
        return _number(name, value, range_, is_whole=is_whole)
    if not isinstance(value, Iterable) or isinstance(value, str | bytes | Mapping):
        raise ConfigurationError(f"{name} is {quoted_value(value)}; give a list of numbers")
    return tuple(_number(name, each, range_, is_whole=is_whole) for each in value)


def _number(name: str, value: object, range_: Range, *, is_whole: bool) -> float:
    # NumPy's numbers are numbers too; what comes after must be able to write them as JSON.
    if not isinstance(value, Real) or isinstance(value, bool):
        raise ConfigurationError(f"{name} is {quoted_value(value)}; use a number")
    number = int(value) if isinstance(value, Integral) else float(value)
    if isinstance(number, float) and not math.isfinite(number):
        raise ConfigurationError(f"{name} is {quoted_value(value)}; use a number that is finite")
    if problem := range_.problem(number):
        raise ConfigurationError(f"{name} is {quoted_value(value)}; {problem}")
    if not is_whole:
        return float(number)
    if number != int(number):
        raise ConfigurationError(f"{name} is {quoted_value(value)}; use a whole number")
    return int(number)


@functools.cache
def _hints(section: type) -> Mapping[str, Any]:
    return get_type_hints(section)
