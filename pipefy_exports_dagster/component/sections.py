"""The configuration as pydantic models, made from its dataclasses: for Dagster's loader, schema and checks.

A field that is added to a dataclass is a key of the YAML at once, with its type, default and description.
"""

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, is_dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Self, Union, get_args, get_origin, get_type_hints

import dagster as dg
import pydantic
from pydantic_core import InitErrorDetails

from pipefy_exports_dagster.config.descriptions import descriptions, names_secrets, setting_fields, summary
from pipefy_exports_dagster.config.notify import HIDDEN, is_address, named_or_hidden
from pipefy_exports_dagster.config.sizes import bytes_of
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.text.quoting import quoted_value

TEMPLATE = re.compile(r"\{\{|\{%")
FIELD_NAMED = re.compile(r"`(\w+)`")
"""How messages about one field begin."""
MONTH = re.compile(r"\d{4}-\d{2}")


def _made_readable(schema: dict[str, Any]) -> None:
    """Word a section's JSON schema so that the errors `dg check yaml` makes of it say what is allowed.

    Of `anyOf` it would say that no schema fits, and of a key too many not which there are. A section has no type,
    because one that can be left out may be `true` or `false`.
    """
    del schema["additionalProperties"], schema["type"]
    schema["propertyNames"] = {"enum": sorted(schema["properties"])}
    for entry in schema["properties"].values():
        choices = entry.get("anyOf", [])
        lists, sections = ([each for each in choices if name in each] for name in ("items", "$ref"))
        if lists and sections:
            del entry["anyOf"]
            entry |= {"if": {"type": "object"}, "then": sections[0], "else": lists[0]}
            continue
        if choices and all(isinstance(choice.get("type"), str) for choice in choices):
            del entry["anyOf"]
            for choice in choices:
                entry.update(choice)
            entry["type"] = sorted({choice["type"] for choice in choices})


class Section(dg.Model):
    """A dataclass of the configuration, as a mapping in YAML."""

    model_config = pydantic.ConfigDict(
        coerce_numbers_to_str=True,  # an id may stand without quotes
        json_schema_extra=_made_readable,
    )
    dataclass: ClassVar[Callable[..., Any]]

    @pydantic.model_validator(mode="before")
    @classmethod
    def _say_what_is_allowed(cls, values: Any) -> Any:
        allowed = ", ".join(sorted(cls.model_fields))
        if not isinstance(values, Mapping):
            raise ValueError(f"give a mapping; its keys may be {allowed}")  # noqa: TRY004 - pydantic wants this one
        unknown = [key for key in values if key not in cls.model_fields]
        if unknown:
            # Without their values: a misspelt `notify` may hold a secret.
            raise _at_keys({key: key for key in unknown}, f"there is no such key; the keys are {allowed}")
        for key in values.keys() & _names_of_secrets(cls.dataclass):
            try:
                _without_secrets(values[key])
            except ValueError as error:
                raise _at_keys({key: HIDDEN}, str(error)) from None
        return values

    @pydantic.model_validator(mode="after")
    def _check_as_in_python(self) -> Self:
        if not has_template(self.given()):
            try:
                self.build()
            except ConfigurationError as error:
                named = FIELD_NAMED.match(str(error))
                if named and named[1] in self.model_fields_set:
                    raise _at_keys({named[1]: getattr(self, named[1])}, str(error)) from None
                raise ValueError(str(error)) from None
        return self

    def given(self) -> dict[str, Any]:
        """Return what the YAML says, without defaults."""
        # Without warnings: a template is not of its key's type.
        return self.model_dump(exclude_unset=True, warnings=False)

    def build(self) -> Any:
        """Return the dataclass. What is not given has the dataclass's own default.

        Raises:
            ConfigurationError: A value cannot be used.
        """
        return self.dataclass(**{name: _built(getattr(self, name)) for name in self.model_fields_set})


@functools.cache
def section_of(dataclass: type) -> type[Section]:
    """Return the model of a dataclass, and of those within it."""
    said, hints = descriptions(dataclass), get_type_hints(dataclass)
    members: dict[str, Any] = {
        field.name: (
            _NamesOfSecrets if names_secrets(field) else _key_type(field.name, hints[field.name]),
            _default(field, said.get(field.name)),
        )
        for field in setting_fields(dataclass)
    }
    model = pydantic.create_model(dataclass.__name__, __base__=Section, __doc__=summary(dataclass), **members)
    model.dataclass = dataclass
    return model


def is_template(value: Any) -> bool:
    """Whether a value is rendered before it is used: `{{ env.PIPEFY_ORG_ID }}`."""
    return isinstance(value, str) and TEMPLATE.search(value) is not None


def has_template(value: Any) -> bool:
    """Whether there is a template anywhere in a value."""
    if isinstance(value, Mapping):
        return any(has_template(part) for part in value.values())
    if isinstance(value, list | tuple):
        return any(has_template(part) for part in value)
    return is_template(value)


def _at_keys(values: Mapping[Any, Any], text: str) -> pydantic.ValidationError:
    problems = [
        # The only type of error with a text of its own that Dagster can add the line to.
        InitErrorDetails(type="value_error", loc=(str(key),), input=value, ctx={"error": ValueError(text)})
        for key, value in values.items()
    ]
    return pydantic.ValidationError.from_exception_data("configuration", problems)


def _built(value: Any) -> Any:
    if isinstance(value, Section):
        return value.build()
    return tuple(_built(part) for part in value) if isinstance(value, list) else value


def _key_type(name: str, hint: Any) -> Any:
    """Return the type of a key in YAML: sizes are written as in variables, `4GB`."""
    type_ = _yaml_type(hint)
    if not name.endswith("_bytes"):
        return type_
    return Annotated[type_, pydantic.BeforeValidator(_size, json_schema_input_type=type_)]


def _size(value: Any) -> Any:
    if not isinstance(value, str) or is_template(value):
        return value
    size = bytes_of(value)
    if size is None:
        raise ValueError(f"{quoted_value(value)} is no size; use a size such as 4GB, or a number of bytes")
    return size


def _yaml_type(hint: Any) -> Any:  # noqa: PLR0911 - a line for each type of field
    """Return the type of a key in YAML, for a field's type in Python."""
    origin, arguments = get_origin(hint), get_args(hint)
    if is_dataclass(hint):
        return section_of(hint)  # type: ignore[arg-type]
    if origin in {Union, UnionType} and NoneType in arguments:
        [*others] = [argument for argument in arguments if argument is not NoneType]
        if len(others) == 1 and is_dataclass(others[0]):
            section = section_of(others[0])  # type: ignore[arg-type]
            switch = pydantic.BeforeValidator(_switched, json_schema_input_type=section)
            return Annotated[section | None, switch]
    lists = [get_args(argument)[0] for argument in arguments if get_origin(argument) is Sequence]
    if lists and is_dataclass(lists[0]):
        [single] = [argument for argument in arguments if is_dataclass(argument)]
        return _list_or_section(section_of(lists[0]), section_of(single))  # type: ignore[arg-type]
    if origin in {Sequence, tuple}:
        if is_dataclass(arguments[0]):
            return list[section_of(arguments[0])]  # type: ignore[misc,arg-type]
        return _or_template(list[_yaml_type(arguments[0])])  # type: ignore[misc]
    if {int, float} & {hint, *arguments}:
        return _or_template(Annotated[hint, pydantic.BeforeValidator(_no_flag, json_schema_input_type=hint)])
    if origin is Mapping:
        return _or_template(dict[arguments[0], arguments[1]])  # type: ignore[valid-type]
    if hint is date:
        month_or_day = Annotated[date, pydantic.BeforeValidator(_first_day)]
        return _or_template(month_or_day, in_schema=Any)  # in YAML it is a date already, which JSON has not
    return _or_template(hint, in_schema=hint | str | int if str in {hint, *arguments} else None)


@functools.cache
def _names_of_secrets(dataclass: type) -> frozenset[str]:
    return frozenset(field.name for field in setting_fields(dataclass) if names_secrets(field))


def _without_secrets(value: Any) -> list[str]:
    """Take names of variables and templates; no address, because a YAML is shared, and quoted in errors."""
    entries = [value] if isinstance(value, str) else value
    templates = (
        [entry for entry in entries if is_template(entry)] if isinstance(entries, list | tuple) else []
    )
    rest = [entry for entry in entries if entry not in templates] if templates else entries
    if isinstance(rest, list | tuple) and any(isinstance(entry, str) and is_address(entry) for entry in rest):
        raise ValueError(
            "an address is not written here, because it may hold a secret: put it into an environment variable, and "
            "give that variable's name"
        )
    try:
        named_or_hidden(rest)
    except ConfigurationError as error:
        raise ValueError(str(error)) from None
    return list(entries)


_NamesOfSecrets = Annotated[Any, pydantic.PlainValidator(_without_secrets, json_schema_input_type=Any)]
"""Without a type in the schema: an error about the type would quote the value."""


def _list_or_section(items: type[Section], single: type[Section]) -> Any:
    """Take a list of one section, or a mapping that is another; errors are of the one that is meant."""
    several = pydantic.TypeAdapter(list[items])  # type: ignore[valid-type]

    def chosen(value: Any) -> Any:
        if isinstance(value, Mapping | Section):
            return single.model_validate(value)
        return several.validate_python(value)

    type_ = list[items] | single  # type: ignore[valid-type]
    return Annotated[Any, pydantic.PlainValidator(chosen, json_schema_input_type=type_)]


def _or_template(type_: Any, *, in_schema: Any = None) -> Any:
    # Not a union: its errors would be told of both sides, and any text would do for a number.
    wrap = pydantic.WrapValidator(_unless_template, json_schema_input_type=in_schema or type_ | str)
    return Annotated[type_, wrap]


def _unless_template(value: Any, validate: pydantic.ValidatorFunctionWrapHandler) -> Any:
    return value if is_template(value) else validate(value)


def _switched(value: Any) -> Any:
    """Turn the two words for a part that can be left out: `true`, as it is by default, and `false`."""
    return {True: {}, False: None}[value] if isinstance(value, bool) else value


def _no_flag(value: Any) -> Any:
    """Refuse true and false where a number is wanted: pydantic takes them for 1 and 0."""
    if isinstance(value, bool):
        raise ValueError(f"give a number, not {str(value).lower()}")  # noqa: TRY004 - pydantic wants this one
    return value


def _first_day(value: Any) -> Any:
    return f"{value}-01" if isinstance(value, str) and MONTH.fullmatch(value) else value


def _default(field: Field[Any], description: str | None) -> Any:
    """Return a field's description and, where JSON has it, its default: for the schema, not to be used."""
    value = field.default_factory() if field.default_factory is not MISSING else field.default
    if isinstance(value, Enum):
        value = value.value
    elif isinstance(value, Path | date):
        value = str(value)
    if value is None or isinstance(value, str | int | float):
        return pydantic.Field(default=value, description=description)
    return pydantic.Field(default_factory=lambda: None, description=description)
