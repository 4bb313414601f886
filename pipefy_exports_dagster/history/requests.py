"""Whether two requests ask for the same rows: an export of some rows only must not pass for a month."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

NOT_ABOUT_ROWS = ("columns", "sortBy")
SOURCE = "source"
"""Stands in the request of a file that `pipefy-exports load` took in: what was asked for is not known."""
NO_FILTER: Mapping[str, Any] = {"operator": "and"}
"""Stands for a filter that was not sent: a saved report's own may have been, alone."""


def without_added_columns(made_with: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield what may have been asked for, before columns were added when the export was created.

    An export is known by what was asked for; the columns of a saved report, or the period's field at the end of the
    configured ones, are added to that.
    """
    yield made_with
    if columns := made_with.get("columns"):
        yield {name: value for name, value in made_with.items() if name != "columns"}
        yield {**made_with, "columns": columns[:-1]}


def difference_in_rows(
    made_with: Mapping[str, Any], configured: Mapping[str, Any], *, as_asked: bool = False
) -> str | None:
    """Return which argument makes an export hold other rows than the configured one would; None if none does.

    Of a file that a person brought nothing is known, and the person is believed. A saved report's own filter is
    looked up when an export is created, and then stands last in its groups; it makes no difference.

    Args:
        made_with: What was sent to Pipefy, from the sidecar.
        configured: What the configuration would send for the same period.
        as_asked: Whether it is known that nothing was added to what was asked for.
    """
    if SOURCE in made_with:
        return None
    made_with, configured = _rows_only(made_with), _rows_only(configured)
    for name in sorted(made_with.keys() | configured.keys()):
        one, other = made_with.get(name), configured.get(name)
        if name == "filter" and not as_asked:
            one, other = one or NO_FILTER, other or NO_FILTER
            if isinstance(one, dict) and isinstance(other, dict):
                one = _without_saved_filter(one, other)
        if one != other:
            return name
    return None


def _without_saved_filter(made_with: dict[str, Any], configured: dict[str, Any]) -> dict[str, Any]:
    groups, own = made_with.get("groups", []), configured.get("groups", [])
    if len(groups) == len(own) + 1 and groups[: len(own)] == own:
        rest = {name: value for name, value in made_with.items() if name != "groups"}
        return rest | ({"groups": own} if "groups" in configured else {})
    return made_with


def _rows_only(request: Mapping[str, Any]) -> dict[str, Any]:
    # Through JSON, as the sidecar was: tuples become lists.
    plain: dict[str, Any] = json.loads(json.dumps(dict(request)))
    return {name: value for name, value in plain.items() if name not in NOT_ABOUT_ROWS}
