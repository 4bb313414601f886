"""Lists that Pipefy gives page by page, and where one is taken for a list without end."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pipefy_exports_dagster.errors import ServerUnavailableError
from pipefy_exports_dagster.pipefy.client import PipefyClient

PAGE_SIZE = 50
MAX_PAGES, MAX_REPORTS, MAX_PAGING_S = 1_000, 50_000, 600.0
"""More than any organization or pipe has."""
LONGEST_CURSOR = 1_000


def nodes_of_pages(
    client: PipefyClient,
    document: str,
    variables: Mapping[str, Any],
    *,
    field: str,
    on_page: Callable[[int], None],
    within_s: float,
) -> Iterator[Mapping[str, Any]]:
    """Yield the nodes of a connection, page by page.

    Args:
        client: Asks Pipefy.
        document: The query; it takes `$first` and `$after`.
        variables: Its other variables.
        field: Its root field, the connection.
        on_page: Hears after each page how many there are so far.
        within_s: Seconds; no page is asked for later.

    Raises:
        ServerUnavailableError: The answer is no list, or the list has no end.
    """
    count, ends_at = 0, time.monotonic() + within_s
    cursors: list[str | None] = [None]
    while True:
        asked = {**variables, "first": PAGE_SIZE, "after": cursors[-1]}
        page = client.execute(document, asked, field=field)
        if not isinstance(page, Mapping) or not isinstance(page.get("edges"), list):
            raise _endless("holds no list")
        for edge in page["edges"]:
            node = edge.get("node") if isinstance(edge, Mapping) else None
            if isinstance(node, Mapping):
                count += 1
                yield node
            if count > MAX_REPORTS:
                raise _endless(f"holds more than {MAX_REPORTS:,} reports")
        on_page(count)
        info = page.get("pageInfo")
        following = info.get("endCursor") if isinstance(info, Mapping) and info.get("hasNextPage") else None
        if not following:
            return
        if not isinstance(following, str) or len(following) > LONGEST_CURSOR or following in cursors:
            raise _endless("does not go on after a page")
        cursors.append(following)
        if len(cursors) > MAX_PAGES:
            raise _endless(f"has more than {MAX_PAGES:,} pages")
        if time.monotonic() > ends_at:
            raise _endless(f"did not end within {within_s:g} seconds")


def _endless(how: str) -> ServerUnavailableError:
    return ServerUnavailableError(
        f"Pipefy's list of reports {how}, so it was not read further; a report's id is also the number at the end of "
        "its address in Pipefy",
        status=200,
    )
