"""Report filters (`ReportCardsFilter`): checked before they are sent, and combined with a period.

Shape: `{operator: and | or, queries: [query], groups: [filter]}`, groups nest; a query is
`{field, operator, value, type, label}`. Pipefy refuses any other key. The vendor's guide shows lists as
values, its SDK insists on text: both are sent as given, whole numbers as text.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pipefy_exports_dagster.errors import InvalidFilterError
from pipefy_exports_dagster.pipefy.periods import Window

GROUP_OPERATORS = ("and", "or")
QUERY_OPERATORS = (
    "eq", "not_eq", "contains", "not_contains", "gt", "gte", "lt", "lte", "exists", "not_exists", "unknown",
    "period",
)  # fmt: skip
QUERY_TYPES = ("email", "number", "string", "group_select", "select", "date", "boolean")
GROUP_KEYS = ("operator", "queries", "groups")
QUERY_KEYS = ("field", "operator", "value", "type", "label")


def check_filter(value: Any, path: str = "filter") -> dict[str, Any]:
    """Return a filter in the form that is sent.

    Args:
        value: The filter as a person wrote it.
        path: Where it stands, for the message, such as `filter.groups[1]`.

    Raises:
        InvalidFilterError: Pipefy would refuse it; `path` leads to the offending key.
    """
    group = _mapping(value, path)
    _allow_keys(group, GROUP_KEYS, path)
    checked: dict[str, Any] = {}
    if "operator" in group:
        checked["operator"] = _one_of(group["operator"], GROUP_OPERATORS, f"{path}.operator")
    for key, check in (("queries", _check_query), ("groups", check_filter)):
        if key in group:
            items = _list(group[key], f"{path}.{key}")
            checked[key] = [check(item, f"{path}.{key}[{index}]") for index, item in enumerate(items)]
    if not checked.get("queries") and not checked.get("groups"):
        raise InvalidFilterError(path, "has neither queries nor groups; leave the filter out instead")
    return checked


def within_period(window: Window, field: str, others: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the filter for a period on a date field, together with all of the other filters."""
    period = [
        {"field": field, "operator": "gte", "value": window.first.isoformat(), "type": "date"},
        {"field": field, "operator": "lt", "value": window.end.isoformat(), "type": "date"},
    ]
    combined: dict[str, Any] = {"operator": "and", "queries": period}
    if others:
        combined["groups"] = [dict(other) for other in others]
    return combined


def _check_query(value: Any, path: str) -> dict[str, Any]:
    query = _mapping(value, path)
    _allow_keys(query, QUERY_KEYS, path)
    for key in ("field", "operator"):
        if key not in query:
            raise InvalidFilterError(path, f"has no {key!r}")
    checked = dict(query)
    checked["field"] = _text(query["field"], f"{path}.field")
    checked["operator"] = _one_of(query["operator"], QUERY_OPERATORS, f"{path}.operator")
    if "type" in query:
        checked["type"] = _one_of(query["type"], QUERY_TYPES, f"{path}.type")
    if "label" in query:
        checked["label"] = _text(query["label"], f"{path}.label")
    if "value" in query:
        checked["value"] = _value(query["value"], f"{path}.value")
    return checked


def _value(value: Any, path: str) -> str | list[str] | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list | tuple):
        return [
            _text(_value(item, f"{path}[{index}]"), f"{path}[{index}]") for index, item in enumerate(value)
        ]
    raise InvalidFilterError(path, f"{value!r} is neither text, nor a whole number, nor a list of these")


def _mapping(value: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidFilterError(path, f"{value!r} is not an object with keys")
    return value


def _list(value: Any, path: str) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise InvalidFilterError(path, f"{value!r} is not a list")
    return value


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise InvalidFilterError(path, f"{value!r} is not text")
    return value


def _one_of(value: Any, allowed: Sequence[str], path: str) -> str:
    if value not in allowed:
        raise InvalidFilterError(path, f"{value!r} is not one of {', '.join(allowed)}")
    return str(value)


def _allow_keys(value: Mapping[str, Any], allowed: Sequence[str], path: str) -> None:
    for key in value:
        if key not in allowed:
            raise InvalidFilterError(f"{path}.{key}", f"no such key; allowed are {', '.join(allowed)}")
