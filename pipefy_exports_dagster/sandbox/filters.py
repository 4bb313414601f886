"""`ReportCardsFilter`: which cards a report lists.

The schema has already rejected unknown keys, operators and types; here it is decided what the rest
means. Two operators are in the schema but refused, because their meaning is not public.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from pipefy_exports_dagster.sandbox.cards import Card
from pipefy_exports_dagster.sandbox.fields import Field, Kind, Value
from pipefy_exports_dagster.sandbox.refusals import invalid_input

Predicate = Callable[[Card, datetime], bool]
"""Whether a card, as it is at that time, is listed."""

REFUSED_OPERATORS = ("unknown", "period")
_DATE_LENGTH = len("2026-11-22")


def compile_filter(node: Mapping[str, Any], fields: Mapping[str, Field], path: str = "filter") -> Predicate:
    """Turn a filter into a predicate, complaining now about what could not be applied later.

    `fields` are what can be filtered by, by name.

    Raises:
        Refusal: It names an unknown field, a refused operator, or a value that does not fit.
    """
    parts = [
        *(
            _compile_query(query, fields, f"{path}.queries[{position}]")
            for position, query in enumerate(node.get("queries") or ())
        ),
        *(
            compile_filter(group, fields, f"{path}.groups[{position}]")
            for position, group in enumerate(node.get("groups") or ())
        ),
    ]
    if not parts:
        return lambda _, __: True
    combine = all if node["operator"] == "and" else any
    return lambda card, now: combine(part(card, now) for part in parts)


def _compile_query(query: Mapping[str, Any], fields: Mapping[str, Field], path: str) -> Predicate:
    name: str = query["field"]
    operator: str = query["operator"]
    wanted: str | list[str] | None = query.get("value")
    if operator in REFUSED_OPERATORS:
        raise invalid_input(f"{path}.operator: {operator} is not supported")
    if name not in fields:
        raise invalid_input(f"{path}.field: unknown field {name!r}")
    field = fields[name]
    if operator in ("exists", "not_exists"):
        return lambda card, now: _is_blank(card.value(name, now)) == (operator == "not_exists")
    if wanted is None:
        raise invalid_input(f"{path}.value: {operator} needs a value")
    values = wanted if isinstance(wanted, list) else [wanted]
    if operator in ("gt", "gte", "lt", "lte"):
        return _compile_order(field, operator, values, path)
    test = _equals if operator in ("eq", "not_eq") else _contains
    negated = operator.startswith("not_")
    for value in values:
        _check_value(field, value, path)
    return lambda card, now: any(test(card, field, value, now) for value in values) != negated


def _compile_order(field: Field, operator: str, values: list[str], path: str) -> Predicate:
    if len(values) != 1:
        raise invalid_input(f"{path}.value: {operator} needs one value")
    value = values[0]
    _check_value(field, value, path)
    accepted = {"gt": (1,), "gte": (0, 1), "lt": (-1,), "lte": (-1, 0)}[operator]

    def test(card: Card, now: datetime) -> bool:
        held = card.value(field.name, now)
        return not _is_blank(held) and _compare(held, value) in accepted

    return test


def _check_value(field: Field, value: str, path: str) -> None:
    """Refuse a value that the field could never be compared with."""
    try:
        if field.kind is Kind.NUMBER:
            float(value)
        elif field.kind in (Kind.DATE, Kind.DATETIME):
            datetime.fromisoformat(value)
    except ValueError:
        raise invalid_input(f"{path}.value: {value!r} is not a {field.kind}, as {field.name} is") from None


def _is_blank(value: Value) -> bool:
    return value is None or value in ("", ())


def _equals(card: Card, field: Field, wanted: str, now: datetime) -> bool:
    held = card.value(field.name, now)
    if field.name == "current_phase":
        phase = card.phase(now)
        return wanted in (phase.id, phase.name, phase.slug)
    if field.name == "pipe":
        return wanted in (card.pipe.id, card.pipe.name)
    if isinstance(held, tuple):
        return wanted in held
    return not _is_blank(held) and _compare(held, wanted) == 0


def _contains(card: Card, field: Field, wanted: str, now: datetime) -> bool:
    held = card.value(field.name, now)
    parts = held if isinstance(held, tuple) else () if held is None else (str(held),)
    return any(wanted.casefold() in part.casefold() for part in parts)


def _compare(held: Value, wanted: str) -> int:
    """Order a value and a filter's text: -1, 0 or 1.

    A time is compared with a day as a day, so that `lte 2026-10-31` takes in all of the 31st.
    """
    if isinstance(held, bool):
        return _order(str(held).casefold(), wanted.casefold())
    if isinstance(held, int | float):
        return _order(float(held), float(wanted)) if _is_number(wanted) else _order(str(held), wanted)
    if isinstance(held, datetime):
        if len(wanted) == _DATE_LENGTH:
            return _order(held.date(), date.fromisoformat(wanted))
        moment = datetime.fromisoformat(wanted)
        return _order(held, moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    if isinstance(held, date):
        return _order(held, datetime.fromisoformat(wanted).date())
    return _order(str(held), wanted)


def _order(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
