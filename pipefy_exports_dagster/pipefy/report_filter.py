"""Report filters (`ReportCardsFilter`): checked before they are sent, and combined with a period.

Shape: `{operator: and | or, queries: [query], groups: [filter]}`, groups nest; a query is
`{field, operator, value, type, label}`. Pipefy refuses any other key. The vendor's guide shows lists as
values, its SDK insists on text: both are sent as given, whole numbers as text. A key whose value is
None counts as not given, as saved reports have it. A filter that Pipefy gives back also carries `id` and `lastId`,
which its input does not take: they are left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipefy_exports_dagster.errors import InvalidFilterError
from pipefy_exports_dagster.periods import Window

GROUP_OPERATORS = ("and", "or")
QUERY_OPERATORS = (
    "eq", "not_eq", "contains", "not_contains", "gt", "gte", "lt", "lte", "exists", "not_exists", "unknown",
    "period",
)  # fmt: skip
QUERY_TYPES = ("email", "number", "string", "group_select", "select", "date", "boolean")
GROUP_KEYS = ("operator", "queries", "groups")
MAX_DEPTH = 20
"""Deeper than a person writes a filter; a group that contains itself has no end at all."""
QUERY_KEYS = ("field", "operator", "value", "type", "label")
GIVEN_BACK_KEYS = ("id", "lastId")
"""What Pipefy adds to a filter that it keeps; its input does not take them."""


def check_filter(value: Any, path: str = "filter") -> dict[str, Any]:
    """Return a filter in the form that is sent; its operator is `and` where none is given.

    Args:
        value: The filter as a person wrote it.
        path: Where it stands, for the message, such as `filter.groups[1]`.

    Raises:
        InvalidFilterError: Pipefy would refuse it; `path` leads to the offending key.
    """
    return _check_group(value, path, depth=1)


def combined_filter(
    window: Window | None, field: str, others: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """Return the filter for a window of a date field, together with all of the other filters; None for none."""
    combined: dict[str, Any] = {"operator": "and"}
    if window:
        combined["queries"] = [
            {"field": field, "operator": "gte", "value": window.first.isoformat(), "type": "date"},
            {"field": field, "operator": "lt", "value": window.end.isoformat(), "type": "date"},
        ]
    if others:
        combined["groups"] = [dict(other) for other in others]
    return combined if window or others else None


def _check_group(value: Any, path: str, *, depth: int) -> dict[str, Any]:
    if depth > MAX_DEPTH:
        raise InvalidFilterError(path, f"groups are nested deeper than {MAX_DEPTH}")
    group = _given(value, GROUP_KEYS, path)
    checked: dict[str, Any] = {
        "operator": _one_of(group.get("operator", "and"), GROUP_OPERATORS, f"{path}.operator")
    }
    if "queries" in group:
        checked["queries"] = [
            _check_query(query, where) for query, where in _items(group["queries"], f"{path}.queries")
        ]
    if "groups" in group:
        checked["groups"] = [
            _check_group(inner, where, depth=depth + 1)
            for inner, where in _items(group["groups"], f"{path}.groups")
        ]
    if not checked.get("queries") and not checked.get("groups"):
        raise InvalidFilterError(path, "has neither queries nor groups; leave the filter out instead")
    return checked


def _check_query(value: Any, path: str) -> dict[str, Any]:
    query = _given(value, QUERY_KEYS, path)
    for key in ("field", "operator"):
        if key not in query:
            raise InvalidFilterError(path, f"has no {key!r}")
    checked: dict[str, Any] = {
        "field": _text(query["field"], f"{path}.field"),
        "operator": _one_of(query["operator"], QUERY_OPERATORS, f"{path}.operator"),
    }
    if "value" in query:
        checked["value"] = _value(query["value"], f"{path}.value")
    if "type" in query:
        checked["type"] = _one_of(query["type"], QUERY_TYPES, f"{path}.type")
    if "label" in query:
        checked["label"] = _text(query["label"], f"{path}.label")
    return checked


def _value(value: Any, path: str) -> str | list[str]:
    if isinstance(value, list | tuple):
        return [_scalar(item, where) for item, where in _items(value, path)]
    return _scalar(value, path)


def _scalar(value: Any, path: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    raise InvalidFilterError(path, f"{value!r} is neither text, nor a whole number, nor a list of these")


def _given(value: Any, allowed: Sequence[str], path: str) -> Mapping[str, Any]:
    """Return the keys of an object that have a value."""
    if not isinstance(value, Mapping):
        raise InvalidFilterError(path, f"{value!r} is not an object with keys")
    given = {key: item for key, item in value.items() if key not in GIVEN_BACK_KEYS}
    for key in given:
        if key not in allowed:
            raise InvalidFilterError(f"{path}.{key}", f"no such key; allowed are {', '.join(allowed)}")
    return {key: item for key, item in given.items() if item is not None}


def _items(value: Any, path: str) -> Iterator[tuple[Any, str]]:
    if not isinstance(value, list | tuple):
        raise InvalidFilterError(path, f"{value!r} is not a list")
    return ((item, f"{path}[{index}]") for index, item in enumerate(value))


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise InvalidFilterError(path, f"{value!r} is not text")
    return value


def _one_of(value: Any, allowed: Sequence[str], path: str) -> str:
    if value not in allowed:
        raise InvalidFilterError(path, f"{value!r} is not one of {', '.join(allowed)}")
    return str(value)
