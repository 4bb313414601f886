"""Faults of GraphQL's answers: well-formed, and wrong."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from pipefy_exports_dagster.sandbox.exchange import Exchange
from pipefy_exports_dagster.sandbox.exports import SandboxExportKind
from pipefy_exports_dagster.sandbox.faults.registry import CREATE_AND_STATUS, GRAPHQL, STATUS, Argument, fault
from pipefy_exports_dagster.sandbox.operations import GRAPHQL_PATH, classify
from pipefy_exports_dagster.sandbox.refusals import extensions_of
from pipefy_exports_dagster.sandbox.resolvers import KINDS

# How each export names its state, and calls its first state and its last.
_WORDS = {"status": ("created", "finished"), "state": ("processing", "done")}
_LINKS = ("fileUrl", "fileURL", "downloadUrl")
FOREIGN_HOST = "https://files.example.net"


@fault(
    "graphql-error",
    GRAPHQL,
    "A GraphQL error and no data; nothing is executed.",
    argument=Argument("code", "INTERNAL_ERROR"),
)
async def fail(exchange: Exchange) -> None:
    """Answer with an error alone."""
    body = {"data": None, "errors": [_error(exchange.argument)]}
    await exchange.respond(200, json.dumps(body).encode(), "application/json")


@fault(
    "error-without-code",
    GRAPHQL,
    "A GraphQL error without a code and no data; nothing is executed.",
    argument=Argument("message", "Something went wrong"),
)
async def fail_in_words(exchange: Exchange) -> None:
    """Answer with an error's text alone, as older parts of Pipefy do."""
    body = {"data": None, "errors": [{"message": exchange.argument}]}
    await exchange.respond(200, json.dumps(body).encode(), "application/json")


@fault(
    "graphql-error-beside-data",
    GRAPHQL,
    "The request is executed; a GraphQL error stands beside its data.",
    argument=Argument("code", "INTERNAL_ERROR"),
)
async def fail_partly(exchange: Exchange) -> None:
    """Answer with data and an error."""
    answer = await exchange.execute()
    await exchange.send(answer.with_json({**answer.json(), "errors": [_error(exchange.argument)]}))


@fault(
    "null-export", CREATE_AND_STATUS, "The request is executed; where the export should be, there is null."
)
async def hide_export(exchange: Exchange) -> None:
    """Answer without the export."""
    answer = await exchange.execute()
    await exchange.send(answer.with_json(_without_exports(answer.json())))


@fault("export-gone", STATUS, "Pipefy no longer knows the export, from now on.")
async def forget_export(exchange: Exchange) -> None:
    """Forget the export, then answer as ever."""
    for kind, export in _exports_by_kind(exchange, (await exchange.execute()).json()):
        exchange.state.exports.forget(str(export.get("id")), kind)
    await exchange.proceed()


@fault(
    "failed-export",
    CREATE_AND_STATUS,
    "The export has failed, for good.",
    argument=Argument("state", "failed"),
)
async def fail_export(exchange: Exchange) -> None:
    """Let the export fail, and say so at once, in the word that the fault names."""
    answer = await exchange.execute()
    body = answer.json()
    for kind, export in _exports_by_kind(exchange, body):
        exchange.state.exports.fail(str(export.get("id")), kind)
        _set(export, exchange.argument)
    await exchange.send(answer.with_json(body))


@fault(
    "unknown-state",
    CREATE_AND_STATUS,
    "The export is in a state that nobody knows.",
    argument=Argument("state", "archived"),
)
async def invent_state(exchange: Exchange) -> None:
    """Answer with a state that is in no documentation."""
    answer = await exchange.execute()
    body = answer.json()
    for export in _exports(body):
        _set(export, exchange.argument)
    await exchange.send(answer.with_json(body))


@fault("state-backwards", STATUS, "The export, already further on, is back in its first state.")
async def go_back(exchange: Exchange) -> bool:
    """Answer with the first state, once the export is past it."""
    answer = await exchange.execute()
    body = answer.json()
    further = [export for export in _exports(body) if _state(export) != _word(export, 0)]
    for export in further:
        _set(export, _word(export, 0))
    await exchange.send(answer.with_json(body))
    return bool(further)


@fault("no-link", CREATE_AND_STATUS, "The export is finished, but there is no link.")
async def drop_link(exchange: Exchange) -> None:
    """Answer that all is done, without a link."""
    answer = await exchange.execute()
    body = answer.json()
    for export in _exports(body):
        _set(export, _word(export, 1))
    await exchange.send(answer.with_json(body))


@fault(
    "foreign-link",
    CREATE_AND_STATUS,
    "The link, once there is one, leads to another host.",
    argument=Argument("scheme and host", FOREIGN_HOST),
)
async def point_elsewhere(exchange: Exchange) -> bool:
    """Answer with a link to a host that is not Pipefy's."""

    def elsewhere(link: str) -> str:
        parts = urlsplit(link)
        return f"{exchange.argument}{parts.path}?{parts.query}"

    return await _with_links(exchange, elsewhere)


@fault("expired-link", CREATE_AND_STATUS, "The link, once there is one, has expired an hour ago.")
async def give_old_link(exchange: Exchange) -> bool:
    """Answer with a link whose time is over."""

    def old(link: str) -> str:
        parts = urlsplit(link)
        return exchange.state.links.sign(f"{parts.scheme}://{parts.netloc}", parts.path, lifetime_s=-3600)

    return await _with_links(exchange, old)


async def _with_links(exchange: Exchange, change: Any) -> bool:
    answer = await exchange.execute()
    body = answer.json()
    changed = False
    for export in _exports(body):
        for name in _LINKS:
            if export.get(name):
                export[name] = change(export[name])
                changed = True
    await exchange.send(answer.with_json(body))
    return changed


def _error(code: str) -> dict[str, Any]:
    return {"message": "Something went wrong", "extensions": extensions_of(code)}


def _exports(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every export in an answer: what has a state, under whatever name it was asked for."""
    if isinstance(node, dict):
        if _WORDS.keys() & node.keys():
            yield node
        for value in node.values():
            yield from _exports(value)


def _without_exports(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if _WORDS.keys() & node.keys():
        return None
    return {name: _without_exports(value) for name, value in node.items()}


def _state_name(export: dict[str, Any]) -> str:
    return "status" if "status" in export else "state"


def _exports_by_kind(
    exchange: Exchange, body: dict[str, Any]
) -> Iterator[tuple[SandboxExportKind, dict[str, Any]]]:
    """Yield every export in an answer with its kind, which the request's root fields name, in the answer's order."""
    _, fields = classify(GRAPHQL_PATH, exchange.body)
    for field, value in zip(fields, (body.get("data") or {}).values(), strict=False):
        yield from ((KINDS[field], export) for export in _exports(value))


def _word(export: dict[str, Any], position: int) -> str:
    return _WORDS[_state_name(export)][position]


def _state(export: dict[str, Any]) -> Any:
    return export[_state_name(export)]


def _set(export: dict[str, Any], state: str) -> None:
    """Put an export into a state, in which it has no link."""
    export[_state_name(export)] = state
    for name in _LINKS:
        if name in export:
            export[name] = None
