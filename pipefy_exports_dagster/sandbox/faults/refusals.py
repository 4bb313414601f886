"""Faults of HTTP: an answer that is none."""

import base64
import json
from collections.abc import AsyncIterator
from urllib.parse import quote

from pipefy_exports_dagster.sandbox.exchange import Exchange
from pipefy_exports_dagster.sandbox.faults.registry import EVERYWHERE, GRAPHQL, Argument, fault

_JSON = "application/json"
_MEGABYTE = 1_000_000
_HTML = (
    b"<!DOCTYPE html>\n<html><head><title>%s</title></head>"
    b"<body><h1>%s</h1><p>This is a page for people.</p></body></html>\n"
)


@fault("rate-limited", EVERYWHERE, "429 with Retry-After.", argument=Argument("Retry-After", "1"))
async def rate_limit(exchange: Exchange) -> None:
    """Ask to slow down."""
    await _refuse(exchange, 429, "Too many requests", {"retry-after": exchange.argument})


@fault("unavailable", EVERYWHERE, "503 with Retry-After.", argument=Argument("Retry-After", "1"))
async def be_unavailable(exchange: Exchange) -> None:
    """Ask to come back later."""
    await _refuse(exchange, 503, "Service unavailable", {"retry-after": exchange.argument})


@fault("server-error", EVERYWHERE, "500.")
async def break_down(exchange: Exchange) -> None:
    """Fail without doing what was asked."""
    await _refuse(exchange, 500, "Internal server error")


@fault("bad-gateway", EVERYWHERE, "502 with a page of HTML.")
async def lose_gateway(exchange: Exchange) -> None:
    """Answer as a proxy does that cannot reach Pipefy."""
    page = _HTML % (b"502 Bad Gateway", b"502 Bad Gateway")
    await exchange.respond(502, page, "text/html; charset=utf-8")


@fault("html-page", EVERYWHERE, "200 with a page of HTML, where JSON or a file is expected.")
async def show_page(exchange: Exchange) -> None:
    """Answer with a page to log in, as a proxy does."""
    await exchange.respond(200, _HTML % (b"Log in", b"Log in"), "text/html; charset=utf-8")


@fault("unauthorized", EVERYWHERE, "401, although the token is good and stays so.")
async def deny_token(exchange: Exchange) -> None:
    """Refuse a token once."""
    await _refuse(exchange, 401, "Unauthorized", {"www-authenticate": "Bearer"})


@fault("token-revoked", GRAPHQL, "401: the token that came is revoked for good; a new one can be fetched.")
async def revoke_token(exchange: Exchange) -> None:
    """Revoke the token; then the usual answer is a 401."""
    exchange.state.tokens.revoke(exchange.headers.get("authorization"))
    await exchange.proceed()


@fault("forbidden", EVERYWHERE, "403.")
async def forbid(exchange: Exchange) -> None:
    """Refuse whoever asks."""
    await _refuse(exchange, 403, "Forbidden")


@fault(
    "token-quoted",
    GRAPHQL,
    "A GraphQL error that quotes the token it was sent, as it is and encoded, in its message, its code and in headers.",
)
async def quote_token(exchange: Exchange) -> None:
    """Say back what should be secret."""
    token = exchange.headers.get("authorization", "").removeprefix("Bearer ")
    forms = [
        token,
        base64.b64encode(token.encode()).decode(),
        token.encode().hex(),
        quote(quote(token, safe="")),
    ]
    text = " or ".join([*forms, "".join(f"\\u{ord(character):04x}" for character in token)])
    body = {"data": None, "errors": [{"message": f"Not this token: {text}.", "extensions": {"code": token}}]}
    headers = {"x-token": token, "content-language": forms[1]}
    await exchange.respond(200, json.dumps(body).encode(), f"{_JSON}; token={token}", headers)


@fault(
    "huge-answer",
    EVERYWHERE,
    "An answer of that size, where JSON is expected.",
    argument=Argument("megabytes", "100", is_number=True),
)
async def flood(exchange: Exchange) -> None:
    """Answer with JSON that does not stop for long."""
    megabytes = int(exchange.number)

    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"data": {"filler": "'
        for _ in range(megabytes):
            yield b"x" * _MEGABYTE
        yield b'"}}'

    await exchange.stream(chunks(), _JSON)


async def _refuse(
    exchange: Exchange, status: int, message: str, headers: dict[str, str] | None = None
) -> None:
    await exchange.respond(status, json.dumps({"error": message}).encode(), _JSON, headers)
