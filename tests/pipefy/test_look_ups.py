import itertools
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from pipefy.scripted_server import Handler, Reply, ScriptedServer, answer

from pipefy_exports_dagster.errors import RequestRejectedError, ServerUnavailableError
from pipefy_exports_dagster.pipefy.client import PipefyClient
from pipefy_exports_dagster.pipefy.look_ups import ListedReport, find_report, list_reports


def page(reports: int, cursor: Any, *, goes_on: bool = True) -> Any:
    edges = [
        {"node": {"id": str(number), "name": "n" * 100, "cardCount": number}} for number in range(reports)
    ]
    return {
        "data": {
            "organizationReports": {"edges": edges, "pageInfo": {"hasNextPage": goes_on, "endCursor": cursor}}
        }
    }


def pages(make: Callable[[int], Any]) -> Reply:
    numbers = itertools.count(1)

    def reply(handler: Handler) -> None:
        answer(make(next(numbers)))(handler)

    return reply


def test_reports_are_read_to_the_last_page(server: ScriptedServer, client: PipefyClient) -> None:
    server.graphql(page(50, "a"), page(0, "b"), page(2, "c", goes_on=False))
    heard: list[int] = []
    found = list(list_reports(client, "300", on_page=heard.append))
    assert found[51] == ListedReport("1", "n" * 100, 1)
    assert heard == [50, 50, 52]
    assert [request.json["variables"]["after"] for request in server.received] == [None, "a", "b"]


@pytest.mark.parametrize("message", ["Permission not found", "Organization not found"])
def test_not_found_about_something_else_does_not_mean_that_the_report_is_gone(
    message: str, server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql({"data": {"organizationReport": None}, "errors": [{"message": message}]})
    with pytest.raises(RequestRejectedError, match=message):
        find_report(client, "99")


def test_a_code_means_that_there_is_no_such_report(server: ScriptedServer, client: PipefyClient) -> None:
    error = {"message": "no", "extensions": {"code": "RESOURCE_NOT_FOUND"}}
    server.graphql({"data": {"organizationReport": None}, "errors": [error]})
    assert find_report(client, "99") is None


ENDLESS: dict[str, tuple[Callable[[int], Any], str, int]] = {
    "the same cursor": (lambda _: page(1, "a"), "does not go on", 2),
    "two cursors in turn": (lambda number: page(1, "ab"[number % 2]), "does not go on", 3),
    "always another cursor": (lambda number: page(1, f"c{number}"), "more than 1,000 pages", 1000),
    "empty pages": (lambda number: page(0, f"c{number}"), "more than 1,000 pages", 1000),
    "large pages": (lambda number: page(20_000, f"c{number}"), "more than 50,000 reports", 3),
    "a cursor that grows": (lambda number: page(1, "c" * number * 400), "does not go on", 3),
    "a cursor that is no text": (lambda number: page(1, [number]), "does not go on", 1),
}


@pytest.mark.parametrize(("make", "problem", "requests"), ENDLESS.values(), ids=ENDLESS.keys())
def test_a_list_without_end_is_left(
    make: Callable[[int], Any], problem: str, requests: int, server: ScriptedServer, client: PipefyClient
) -> None:
    server.graphql(pages(make))
    with pytest.raises(
        ServerUnavailableError, match=rf"list of reports .*{problem}.*at the end of its address"
    ):
        list(list_reports(client, "300"))
    assert len(server.received) == requests


def test_a_list_that_takes_too_long_is_left(server: ScriptedServer, client: PipefyClient) -> None:
    def slowly(number: int) -> Any:
        server.closing.wait(0.1)
        return page(1, f"c{number}")

    server.graphql(pages(slowly))
    with pytest.raises(ServerUnavailableError, match=r"did not end within 1\.5 seconds"):
        list(list_reports(client, "300", within_s=1.5))
    assert 1 < len(server.received) <= 15


def test_a_list_without_end_takes_little_memory(server: ScriptedServer, client: PipefyClient) -> None:
    server.graphql(pages(lambda number: page(500, f"{number:0900}")))
    tracemalloc.start()
    try:
        with pytest.raises(ServerUnavailableError, match="more than 50,000 reports"):
            list(list_reports(client, "300"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 50 << 20
