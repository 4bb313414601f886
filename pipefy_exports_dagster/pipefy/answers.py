"""What an answer of Pipefy means: data, or one error of ours.

GraphQL answers errors with HTTP 200, sometimes beside partial data, so the content decides and the
status only where there is no content.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from pipefy_exports_dagster.errors import (
    AuthenticationError,
    PermissionDeniedError,
    PipefyExportsError,
    RateLimitedError,
    RequestRejectedError,
    SchemaMismatchError,
    ServerUnavailableError,
)
from pipefy_exports_dagster.pipefy.addresses import shown

PERMISSION_CODES = {"PERMISSION_DENIED", "FORBIDDEN", "NOT_AUTHORIZED", "UNAUTHORIZED"}
AUTHENTICATION_CODES = {"UNAUTHENTICATED", "AUTHENTICATION_ERROR"}
MAX_SHOWN_MESSAGE = 300


def read_answer(url: httpx.URL, status: int, headers: httpx.Headers, body: bytes) -> Mapping[str, Any]:
    """Return the GraphQL payload (`data`, `errors`) of an HTTP answer.

    Raises:
        AuthenticationError: 401.
        PermissionDeniedError: 403.
        RateLimitedError: 429.
        ServerUnavailableError: 5xx, or something that is not a JSON object.
        RequestRejectedError: Any other refusal.
    """
    payload = _json_object(body)
    if status == httpx.codes.OK and payload is not None:
        return payload
    if status == httpx.codes.UNAUTHORIZED:
        raise AuthenticationError(
            "Pipefy does not accept the token (HTTP 401): check PIPEFY_TOKEN, or the service account's "
            "PIPEFY_SERVICE_ACCOUNT_CLIENT_ID and PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET"
        )
    if status == httpx.codes.FORBIDDEN:
        raise PermissionDeniedError(
            "Pipefy refuses access (HTTP 403): the credentials' owner needs to be an administrator of the "
            "organization"
        )
    if status == httpx.codes.TOO_MANY_REQUESTS:
        raise RateLimitedError(
            "Pipefy asks to slow down (HTTP 429)", status=status, retry_after_s=retry_after_s(headers)
        )
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status == httpx.codes.OK:
        what = "a server error" if status != httpx.codes.OK else "something that is not JSON"
        raise ServerUnavailableError(
            f"Pipefy answered {what} (HTTP {status}, {headers.get('content-type', 'no content type')}) "
            f"at {shown(url)}",
            status=status,
            retry_after_s=retry_after_s(headers),
        )
    if payload is not None and payload.get("errors"):
        return payload
    raise RequestRejectedError(
        f"HTTP {status} at {shown(url)}: no GraphQL API answers there; check PIPEFY_BASE_URL"
    )


def data_of(payload: Mapping[str, Any], field: str) -> tuple[Any, tuple[str, ...]]:
    """Return the value of the operation's root field, and the messages of errors that stand beside it.

    Raises:
        PipefyExportsError: The field is missing or null, and there are errors.
    """
    data, errors = payload.get("data"), payload.get("errors") or ()
    value = data.get(field) if isinstance(data, Mapping) else None
    messages = tuple(_message(error) for error in errors)
    if value is None and errors:
        raise error_of(errors, executed="data" in payload)
    return value, messages


def error_of(errors: Sequence[Any], *, executed: bool) -> PipefyExportsError:
    """Return GraphQL errors as one error of ours.

    Args:
        errors: The `errors` list of the answer.
        executed: Whether the answer has a `data` entry. By the GraphQL specification it has none when the
            request was refused before anything ran, which is what makes another dialect safe to try.
    """
    codes = tuple(
        str(error["extensions"]["code"])
        for error in errors
        if isinstance(error, Mapping)
        and isinstance(error.get("extensions"), Mapping)
        and error["extensions"].get("code")
    )
    text = "; ".join(dict.fromkeys(_message(error) for error in errors))
    upper = {code.upper() for code in codes}
    if upper & AUTHENTICATION_CODES:
        return AuthenticationError(f"Pipefy does not accept the credentials: {text}")
    if upper & PERMISSION_CODES:
        return PermissionDeniedError(
            f"Pipefy denies permission: {text}. The credentials' owner needs to be an administrator of "
            "the organization, and PIPEFY_ORG_ID has to be that organization"
        )
    if any("NOT_FOUND" in code for code in upper):
        return RequestRejectedError(f"Pipefy does not find it: {text}", codes=codes)
    if not executed:
        return SchemaMismatchError(f"Pipefy's schema refuses the request: {text}", codes=codes)
    return RequestRejectedError(f"Pipefy refuses the request: {text}", codes=codes)


def retry_after_s(headers: httpx.Headers) -> float | None:
    """Return Retry-After in seconds; its rarer form, a date, is not used by APIs and is ignored."""
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _message(error: Any) -> str:
    message = error.get("message") if isinstance(error, Mapping) else error
    text = " ".join(str(message).split())
    return text if len(text) <= MAX_SHOWN_MESSAGE else text[: MAX_SHOWN_MESSAGE - 1] + "…"
