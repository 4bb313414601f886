from collections.abc import Callable

import pytest
from pipefy.manual_clock import ManualClock
from pipefy.scripted_server import (
    Reply,
    ScriptedServer,
    answer,
    chunked,
    gzipped,
    hang,
    raw,
    reset,
    truncated,
)

from pipefy_exports_dagster.config.model import Connection
from pipefy_exports_dagster.errors import (
    AuthenticationError,
    ConnectionFailedError,
    CreateAnswerLostError,
    PermissionDeniedError,
    PipefyExportsError,
    RateLimitedError,
    RequestRejectedError,
    SchemaMismatchError,
    TokenUnavailableError,
)
from pipefy_exports_dagster.pipefy.client import PipefyClient
from pipefy_exports_dagster.pipefy.creating import create_with_retry, created_from
from pipefy_exports_dagster.pipefy.credentials import ServiceAccount, StaticToken
from pipefy_exports_dagster.pipefy.export import CreatedExport

DOCUMENT = "mutation M { create { id } }"
CREATED = {"data": {"create": {"id": "e1", "status": "created"}}}


def creating(client: PipefyClient) -> Callable[[], CreatedExport]:
    def create() -> CreatedExport:
        answer = client.execute(DOCUMENT, {}, field="create")
        return created_from(answer, state_field="status", request={}, dialect="only")

    return create


def error(message: str = "no", *, code: str | None = None, located: bool = False) -> dict[str, object]:
    return (
        {"message": message}
        | ({"extensions": {"code": code}} if code else {})
        | ({"locations": [{"line": 1, "column": 1}]} if located else {})
    )


NOT_CREATED: dict[str, Reply] = {
    "429": answer(status=429),
    "429 with Retry-After": answer(status=429, headers={"Retry-After": "7"}),
    "503 with Retry-After": answer(status=503, headers={"Retry-After": "7"}),
    "503 with a date": answer(
        status=503,
        headers={"Retry-After": "Sun, 22 Nov 2026 12:00:07 GMT", "Date": "Sun, 22 Nov 2026 12:00:00 GMT"},
    ),
    "throttled": answer({"errors": [error(code="THROTTLED")]}),
}
MAYBE_CREATED: dict[str, Reply] = {
    "reset": reset(),
    "reset in the answer": reset(b"HTTP/1.1 200 OK\r\n"),
    "closed": raw(b""),
    "cut off": truncated(b"{", 100),
    "no HTTP": raw(b"hello\r\n"),
    "too large": chunked([bytes(1 << 20)] * 12),
    "no gzip": answer(b"x", headers={"Content-Encoding": "gzip"}),
    "408": answer(status=408),
    "500": answer(status=500),
    "502 with a web page": answer("<html>", status=502),
    "503": answer(status=503),
    "503 with a Retry-After that is none": answer(status=503, headers={"Retry-After": "-1"}),
    "504 with Retry-After": answer(status=504, headers={"Retry-After": "7"}),
    "500 with data": answer(CREATED, status=500),
    "a web page": answer("<html>"),
    "an empty answer": answer(""),
    "no object": answer([1]),
    "no data": answer({}),
    "null": answer({"data": None}),
    "null field": answer({"data": {"create": None}}),
    "no id": answer({"data": {"create": {"status": "created"}}}),
    "an endless id": answer({"data": {"create": {"id": "x" * 10_000}}}),
    "an internal error": answer({"data": {"create": None}, "errors": [error(code="INTERNAL_SERVER_ERROR")]}),
    "a crash": answer({"errors": [error("Internal error")]}),
}
REFUSED: dict[str, tuple[Reply, type[PipefyExportsError]]] = {
    "401": (answer(status=401), AuthenticationError),
    "403": (answer("<html>", status=403), PermissionDeniedError),
    "404": (answer("<html>", status=404), RequestRejectedError),
    "redirect": (answer(status=302, headers={"Location": "/x"}), RequestRejectedError),
    "denied": (
        answer({"data": {"create": None}, "errors": [error(code="PERMISSION_DENIED")]}),
        PermissionDeniedError,
    ),
    "rejected": (answer({"data": {"create": None}, "errors": [error("daily limit")]}), RequestRejectedError),
    "schema": (answer({"errors": [error(located=True)]}), SchemaMismatchError),
}


@pytest.mark.parametrize("reply", NOT_CREATED.values(), ids=NOT_CREATED.keys())
def test_what_surely_created_nothing_is_sent_again(
    reply: Reply, server: ScriptedServer, client: PipefyClient, clock: ManualClock
) -> None:
    server.graphql(reply, gzipped(b'{"data": {"create": {"id": "e1"}}}'))
    created = create_with_retry(creating(client), clock=clock, label="x")
    assert (created.export.id, len(server.received), len(clock.slept)) == ("e1", 2, 1)


@pytest.mark.parametrize("reply", MAYBE_CREATED.values(), ids=MAYBE_CREATED.keys())
def test_what_may_have_created_an_export_is_never_sent_again(
    reply: Reply, server: ScriptedServer, client: PipefyClient, clock: ManualClock
) -> None:
    server.graphql(reply)
    with pytest.raises(CreateAnswerLostError, match="an export may have been created"):
        create_with_retry(creating(client), clock=clock, label="x")
    assert (len(server.received), clock.slept) == (1, [])


@pytest.mark.parametrize(("reply", "error"), REFUSED.values(), ids=REFUSED.keys())
def test_a_refusal_is_not_sent_again(
    reply: Reply,
    error: type[PipefyExportsError],
    server: ScriptedServer,
    client: PipefyClient,
    clock: ManualClock,
) -> None:
    server.graphql(reply)
    with pytest.raises(PipefyExportsError) as caught:
        create_with_retry(creating(client), clock=clock, label="x")
    assert type(caught.value) is error
    assert (len(server.received), clock.slept) == (1, [])


def test_no_answer_may_have_created_an_export(server: ScriptedServer, clock: ManualClock) -> None:
    server.graphql(hang())
    connection = Connection(base_url=server.url, allow_insecure_urls=True, request_timeout_s=0.2)
    with PipefyClient(connection, StaticToken("t")) as client, pytest.raises(CreateAnswerLostError):
        create_with_retry(creating(client), clock=clock, label="x")
    assert len(server.received) == 1


def test_no_connection_is_tried_again_with_growing_pauses(
    unused_port: Callable[[], int], clock: ManualClock
) -> None:
    nowhere = Connection(base_url=f"http://127.0.0.1:{unused_port()}", allow_insecure_urls=True)
    with PipefyClient(nowhere, StaticToken("t")) as client, pytest.raises(ConnectionFailedError) as caught:
        create_with_retry(creating(client), clock=clock, label="x")
    assert not caught.value.sent
    assert [0.5 * 2**i <= pause <= 1.5 * 2**i for i, pause in enumerate(clock.slept)] == [True] * 4


def test_retry_after_is_obeyed(server: ScriptedServer, client: PipefyClient, clock: ManualClock) -> None:
    server.graphql(answer(status=429, headers={"Retry-After": "123"}), CREATED)
    create_with_retry(creating(client), clock=clock, label="x")
    assert clock.slept == [123]


def test_a_long_retry_after_is_left_to_the_next_run(
    server: ScriptedServer, client: PipefyClient, clock: ManualClock
) -> None:
    server.graphql(answer(status=429, headers={"Retry-After": "86400"}))
    with pytest.raises(RateLimitedError) as caught:
        create_with_retry(creating(client), clock=clock, label="x")
    assert (caught.value.retry_after_s, clock.slept) == (86400, [])


def test_a_server_that_stays_busy_ends_as_rate_limited(
    server: ScriptedServer, client: PipefyClient, clock: ManualClock
) -> None:
    server.graphql(answer(status=429))
    with pytest.raises(RateLimitedError):
        create_with_retry(creating(client), clock=clock, label="x")
    assert len(server.received) == 5


@pytest.mark.parametrize(
    ("trouble", "error"), [(reset(), ConnectionFailedError), (answer(status=500), TokenUnavailableError)]
)
def test_trouble_at_the_token_endpoint_creates_nothing(
    trouble: Reply,
    error: type[PipefyExportsError],
    server: ScriptedServer,
    connection: Connection,
    clock: ManualClock,
) -> None:
    server.on("/oauth/token", trouble)
    with PipefyClient(connection, ServiceAccount("i", "s")) as client, pytest.raises(error):
        create_with_retry(creating(client), clock=clock, label="x")
    assert server.paths() == ["/oauth/token"] * 5


def test_a_token_that_expires_at_create_costs_one_export(
    server: ScriptedServer, connection: Connection, clock: ManualClock
) -> None:
    server.on("/oauth/token", answer({"access_token": "t1"}), answer({"access_token": "t2"}))
    server.graphql(answer(status=401), CREATED)
    with PipefyClient(connection, ServiceAccount("i", "s")) as client:
        create_with_retry(creating(client), clock=clock, label="x")
    assert server.paths() == ["/oauth/token", "/graphql", "/oauth/token", "/graphql"]
    assert clock.slept == []


def test_errors_beside_a_new_export_do_not_lose_it(
    server: ScriptedServer, client: PipefyClient, clock: ManualClock
) -> None:
    server.graphql(CREATED | {"errors": [error("half of it")]})
    assert create_with_retry(creating(client), clock=clock, label="x").export.id == "e1"


def test_an_error_in_our_own_code_is_not_dressed_up(clock: ManualClock) -> None:
    def create() -> CreatedExport:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        create_with_retry(create, clock=clock, label="x")
