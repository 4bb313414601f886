import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipefy_exports_dagster.errors import InvalidFilterError
from pipefy_exports_dagster.periods import Window
from pipefy_exports_dagster.pipefy.report_filter import (
    QUERY_OPERATORS,
    QUERY_TYPES,
    check_filter,
    combined_filter,
)

QUERY = {"field": "title", "operator": "eq", "value": "x"}
OCTOBER = Window(date(2026, 10, 1), date(2026, 11, 1))

QUERIES = st.fixed_dictionaries(
    {"field": st.text(), "operator": st.sampled_from(QUERY_OPERATORS)},
    optional={
        "value": st.none() | st.text() | st.integers() | st.booleans() | st.lists(st.text() | st.integers()),
        "type": st.sampled_from((*QUERY_TYPES, None)),
        "label": st.text() | st.none(),
    },
)
FILTERS = st.recursive(
    st.fixed_dictionaries({"queries": st.lists(QUERIES, min_size=1, max_size=3)}),
    lambda inner: st.fixed_dictionaries(
        {"groups": st.lists(inner, min_size=1, max_size=3)},
        optional={"operator": st.sampled_from(["and", "or", None]), "queries": st.none() | st.lists(QUERIES)},
    ),
    max_leaves=10,
)


def test_a_filter_is_sent_as_given() -> None:
    given_ = {
        "operator": "or",
        "queries": [QUERY],
        "groups": [{"operator": "and", "queries": [QUERY | {"type": "string"}]}],
    }
    assert check_filter(given_) == given_


def test_the_operator_is_and_where_none_is_given() -> None:
    assert check_filter({"queries": [QUERY]})["operator"] == "and"


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("x", "x"),
        (5, "5"),
        (-5, "-5"),
        (True, "true"),
        ([1, "a", False], ["1", "a", "false"]),
        (("a",), ["a"]),
        ([], []),
        ("", ""),
    ],
)
def test_values_are_sent_as_text_or_lists_of_text(value: Any, sent: Any) -> None:
    assert check_filter({"queries": [QUERY | {"value": value}]})["queries"][0]["value"] == sent


def test_none_counts_as_not_given() -> None:
    query = {"field": "a", "operator": "exists", "value": None, "type": None, "label": None}
    checked = check_filter({"operator": None, "queries": [query], "groups": None})
    assert checked == {"operator": "and", "queries": [{"field": "a", "operator": "exists"}]}


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (5, "filter"),
        ([QUERY], "filter"),
        ("x", "filter"),
        ({}, "filter"),
        ({"queries": []}, "filter"),
        ({"current_phase": 1}, "filter.current_phase"),
        ({"queries": [QUERY], 5: 1}, "filter.5"),
        ({"operator": "xor", "queries": [QUERY]}, "filter.operator"),
        ({"operator": ["and"], "queries": [QUERY]}, "filter.operator"),
        ({"queries": {"a": 1}}, "filter.queries"),
        ({"queries": "abc"}, "filter.queries"),
        ({"queries": ["x"]}, "filter.queries[0]"),
        ({"queries": [QUERY, {"field": "a"}]}, "filter.queries[1]"),
        ({"queries": [QUERY, {"operator": "eq"}]}, "filter.queries[1]"),
        ({"queries": [QUERY | {"field": 5}]}, "filter.queries[0].field"),
        ({"queries": [QUERY | {"operator": "like"}]}, "filter.queries[0].operator"),
        ({"queries": [QUERY | {"type": "text"}]}, "filter.queries[0].type"),
        ({"queries": [QUERY | {"label": 1}]}, "filter.queries[0].label"),
        ({"queries": [QUERY | {"value": 1.5}]}, "filter.queries[0].value"),
        ({"queries": [QUERY | {"value": {"a": 1}}]}, "filter.queries[0].value"),
        ({"queries": [QUERY | {"value": ["a", None]}]}, "filter.queries[0].value[1]"),
        ({"queries": [QUERY | {"value": [["a"]]}]}, "filter.queries[0].value[0]"),
        ({"queries": [QUERY | {"valeu": 1}]}, "filter.queries[0].valeu"),
        ({"groups": [{"groups": [{"queries": [QUERY]}, {"x": 1}]}]}, "filter.groups[0].groups[1].x"),
        ({"groups": [{}], "queries": [QUERY]}, "filter.groups[0]"),
    ],
)
def test_the_message_leads_to_the_offending_key(value: Any, path: str) -> None:
    with pytest.raises(InvalidFilterError) as caught:
        check_filter(value)
    assert caught.value.path == path
    assert str(caught.value).startswith(f"report filter: {path}: ")


def test_groups_nested_without_end_are_refused() -> None:
    endless: dict[str, Any] = {"queries": [QUERY]}
    endless["groups"] = [endless]
    with pytest.raises(InvalidFilterError, match="nested deeper than 20"):
        check_filter(endless)


def test_groups_nested_a_thousand_deep_are_refused() -> None:
    deep: dict[str, Any] = {"queries": [QUERY]}
    for _ in range(5000):
        deep = {"groups": [deep]}
    with pytest.raises(InvalidFilterError, match="nested deeper than 20"):
        check_filter(deep)


@settings(max_examples=50)
@given(FILTERS)
def test_a_checked_filter_is_json_and_checks_to_itself(value: dict[str, Any]) -> None:
    checked = check_filter(value)
    assert check_filter(checked) == checked
    assert json.loads(json.dumps(checked)) == checked
    assert "null" not in json.dumps(list(_values(checked)))


def _values(checked: dict[str, Any]) -> list[Any]:
    """Return whether each part is there, without the texts, which may say `null` themselves."""
    return [
        *(value is not None for query in checked.get("queries", ()) for value in query.values()),
        *(value for group in checked.get("groups", ()) for value in _values(group)),
    ]


def test_a_period_is_anded_with_the_other_filters() -> None:
    either = {"operator": "or", "queries": [QUERY]}
    period = [
        {"field": "finished_at", "operator": "gte", "value": "2026-10-01", "type": "date"},
        {"field": "finished_at", "operator": "lt", "value": "2026-11-01", "type": "date"},
    ]
    assert combined_filter(OCTOBER, "finished_at", []) == {"operator": "and", "queries": period}
    assert combined_filter(OCTOBER, "finished_at", [either]) == {
        "operator": "and",
        "queries": period,
        "groups": [either],
    }
    check_filter(combined_filter(OCTOBER, "finished_at", [either]))
