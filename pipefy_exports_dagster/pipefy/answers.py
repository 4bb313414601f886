"""What an answer of Pipefy means: data, or one error of ours.

GraphQL answers errors with HTTP 200, sometimes beside partial data, so the content decides and the
status only where there is no content.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from pipefy_exports_dagster.config.setting_names import BASE_URL
from pipefy_exports_dagster.errors import (
    AuthenticationError,
    PermissionDeniedError,
    RateLimitedError,
    RequestRejectedError,
    ServerUnavailableError,
)
from pipefy_exports_dagster.pipefy.addresses import without_credentials
from pipefy_exports_dagster.pipefy.graphql_errors import error_of, errors_in, message_of

MAX_DEPTH = 200
"""Objects and lists within each other. Python 3.13 reads thousands, and cannot print them."""
KNOWN_TYPES = {
    "application/json": ", although it is called so",
    "text/html": ", but a web page",
    "text/plain": ", but plain text",
    "": ", and has no Content-Type",
}
Strike = Callable[[dict[str, Any], bytes], dict[str, Any]]
"""Strikes secrets out of an answer; given what was read and the body that it was read from."""


def read_answer(
    url: httpx.URL, status: int, headers: httpx.Headers, body: bytes, *, strike: Strike | None = None
) -> Mapping[str, Any]:
    """Return the GraphQL payload (`data`, `errors`) of an HTTP answer.

    Nothing of the headers is in a message: they may quote a secret.

    Raises:
        AuthenticationError: 401.
        PermissionDeniedError: 403.
        RateLimitedError: 429.
        ServerUnavailableError: 5xx, 408, or something that is not a JSON object.
        RequestRejectedError: Any other refusal.
    """
    payload = _json_object(body, strike)
    if payload is not None and httpx.codes.is_success(status):
        return payload
    if status == httpx.codes.UNAUTHORIZED:
        raise AuthenticationError("Pipefy does not accept the token (HTTP 401)")
    if status == httpx.codes.FORBIDDEN:
        raise PermissionDeniedError(
            "Pipefy refuses access (HTTP 403): the credentials' owner needs to be an administrator of the "
            "organization"
        )
    if status == httpx.codes.TOO_MANY_REQUESTS:
        raise RateLimitedError(
            "Pipefy asks to slow down (HTTP 429)", status=status, retry_after_s=retry_after_s(headers)
        )
    is_our_fault = httpx.codes.is_client_error(status) and status != httpx.codes.REQUEST_TIMEOUT
    if is_our_fault and payload is not None and errors_in(payload):
        raise error_of(payload, status=status)
    if is_our_fault or httpx.codes.is_redirect(status):
        raise RequestRejectedError(
            f"HTTP {status} at {without_credentials(url)}: no GraphQL API answers there; check {BASE_URL}"
        )
    what = _instead_of_json(headers) if httpx.codes.is_success(status) else "an error"
    raise ServerUnavailableError(
        f"Pipefy answered {what} (HTTP {status}) at {without_credentials(url)}",
        status=status,
        retry_after_s=retry_after_s(headers),
    )


def data_of(payload: Mapping[str, Any], field: str) -> tuple[Any, tuple[str, ...]]:
    """Return the value of the operation's field, and the messages of errors that stand beside it.

    Args:
        payload: What `read_answer` returned.
        field: The root field, and after a dot the field within it that the caller is after, if any.

    Raises:
        PipefyExportsError: The value is missing or null, and there are errors.
        ServerUnavailableError: There are neither data nor errors, which is no answer.
    """
    data, errors = payload.get("data"), errors_in(payload)
    root, _, inner = field.partition(".")
    value = data.get(root) if isinstance(data, Mapping) else None
    if inner:
        value = value.get(inner) if isinstance(value, Mapping) else None
    if value is None and errors:
        raise error_of(payload)
    if not isinstance(data, Mapping) or root not in data:
        raise ServerUnavailableError("Pipefy answered with neither data nor errors", status=httpx.codes.OK)
    return value, tuple(message_of(error) for error in errors)


def retry_after_s(headers: httpx.Headers) -> float | None:
    """Return Retry-After in seconds, from now; both of its forms are in use."""
    text = headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        until, sent = http_date(text), http_date(headers.get("date", ""))
        if until is None:
            return None
        # Counted from the server's own clock: ours may be wrong.
        seconds = max((until - (sent or datetime.now(UTC))).total_seconds(), 0.0)
    return seconds if 0 <= seconds < float("inf") else None


def http_date(text: str) -> datetime | None:
    """Read a date of an HTTP header; None if it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _instead_of_json(headers: httpx.Headers) -> str:
    """Name what came; only types that we know are named, because a header may quote anything."""
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return f"something that is not JSON{KNOWN_TYPES.get(content_type, '')}"


def _json_object(body: bytes, strike: Strike | None) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
        if b"\\u" in body:
            # Half of a surrogate pair is JSON for Python, but no text that can be stored or logged.
            json.dumps(value, ensure_ascii=False).encode()
        if not isinstance(value, dict) or (
            body.count(b"[") + body.count(b"{") > MAX_DEPTH and _is_deep(value)
        ):
            return None
        return strike(value, body) if strike else value
    except (ValueError, RecursionError):
        return None


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            item
            for node in level
            for item in (node.values() if isinstance(node, dict) else node)
            if isinstance(item, dict | list)
        ]
        if not level:
            return False
    return True
