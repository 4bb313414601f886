"""Creating an export: the one request that must not be repeated blindly.

An export is scarce and a person gets an e-mail for each. So the request is sent again only when it
surely did not arrive (no connection) or was surely refused (429; 503 with Retry-After). In every other
case of a missing answer an export may exist, and the error says so.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.errors import (
    ConnectionFailedError,
    CreateAnswerLostError,
    RateLimitedError,
    ServerUnavailableError,
    TokenUnavailableError,
)
from pipefy_exports_dagster.pipefy.export import CreatedExport, parse_export, read_id

MAX_ATTEMPTS = 5
FIRST_DELAY_S = 1.0
MAX_RETRY_AFTER_S = 300.0
"""A longer Retry-After is left to Dagster's retry of the step."""

SERVICE_UNAVAILABLE = 503


def create_with_retry(create: Callable[[], CreatedExport], *, clock: Clock, label: str) -> CreatedExport:
    """Create an export, and try again only while it is certain that none was created.

    Raises:
        CreateAnswerLostError: The answer was lost; an export may exist.
        ConnectionFailedError: Pipefy could not be reached in any of the attempts.
        ServerUnavailableError: Pipefy refused each attempt, or asks to wait too long.
    """
    attempt = 1
    while True:
        try:
            return create()
        except (ConnectionFailedError, ServerUnavailableError) as error:
            if not surely_not_created(error):
                raise CreateAnswerLostError(
                    f"the answer to the request for an export ({label}) was lost, so an export may have been "
                    f"created: {error}. Look for an e-mail from Pipefy in the next minutes, then materialize "
                    "the partition again, which asks for another export"
                ).of_request(error.correlation_id) from None
            asked_s = error.retry_after_s if isinstance(error, ServerUnavailableError) else None
            if attempt == MAX_ATTEMPTS or (asked_s or 0) > MAX_RETRY_AFTER_S:
                raise
            backoff_s = FIRST_DELAY_S * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311 - jitter
            clock.sleep(asked_s if asked_s is not None else backoff_s)
            attempt += 1


def surely_not_created(error: ConnectionFailedError | ServerUnavailableError) -> bool:
    """Whether a failed request for an export certainly created none."""
    if isinstance(error, ConnectionFailedError):
        return not error.sent
    if isinstance(error, RateLimitedError | TokenUnavailableError):
        return True
    return error.status == SERVICE_UNAVAILABLE and error.retry_after_s is not None


@contextmanager
def before_create() -> Iterator[None]:
    """Mark what a create has to look up first: where that fails, the create itself was not sent.

    Raises:
        ConnectionFailedError: With `sent` false, whatever broke, unless the error says so much itself.
    """
    try:
        yield
    except (ConnectionFailedError, ServerUnavailableError) as error:
        if surely_not_created(error):
            raise
        raise ConnectionFailedError(
            f"no export was asked for, because what it needs could not be read: {error}", sent=False
        ).of_request(error.correlation_id) from None


def created_from(
    answer: Any,
    *,
    state_field: str,
    request: Mapping[str, Any],
    dialect: str,
    report_name: str | None = None,
    warnings: tuple[str, ...] = (),
) -> CreatedExport:
    """Read the answer to a create.

    Raises:
        CreateAnswerLostError: The answer names no export, though Pipefy accepted the request.
    """
    export_id = read_id(answer)
    if export_id is None:
        raise CreateAnswerLostError(
            "Pipefy accepted the request for an export but its answer names none, so an export may have been "
            "created; look for an e-mail from Pipefy, then materialize the partition again, which asks for "
            "another export"
        )
    export = parse_export(answer, export_id=export_id, state_field=state_field)
    return CreatedExport(export, request, dialect, report_name, warnings)
