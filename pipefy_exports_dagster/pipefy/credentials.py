"""The ways to authenticate, and the bearer token that each gives.

Personal access tokens are deprecated by the vendor and still work. A service account's tokens live
between five minutes and thirty days, so one can expire while an export runs.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.config.model import Connection
from pipefy_exports_dagster.errors import AuthenticationError, ConfigurationError

RENEW_BEFORE_EXPIRY_S = 60.0
SHORTEST_LIFETIME_S = 5 * 60.0
LONGEST_LIFETIME_S = 30 * 24 * 3600.0
"""Of a service account's tokens, by the vendor's guide."""

FetchToken = Callable[[Mapping[str, str]], Mapping[str, Any]]
"""Posts a form to the token endpoint and returns its JSON answer."""


class Credentials(Protocol):
    """One way to authenticate."""

    label: ClassVar[str]
    """What messages call it, after `a`."""

    @property
    def secret(self) -> str:
        """What no message may quote."""

    @property
    def form(self) -> Mapping[str, str] | None:
        """What the token endpoint is sent for a token; None where the secret is the token."""

    def variables(self, connection: Connection) -> tuple[str, ...]:
        """Return the environment variables that these credentials come from."""


@dataclass(frozen=True, slots=True)
class StaticToken:
    """A token that lives until someone revokes it."""

    token: str = field(repr=False)
    label: ClassVar[str] = "token"
    form: ClassVar[None] = None

    @property
    def secret(self) -> str:
        return self.token

    def variables(self, connection: Connection) -> tuple[str, ...]:
        return (connection.token_env,)


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """OAuth2 client credentials, exchanged for short-lived tokens."""

    client_id: str
    client_secret: str = field(repr=False)
    label: ClassVar[str] = "service account"

    @property
    def secret(self) -> str:
        return self.client_secret

    @property
    def form(self) -> Mapping[str, str]:
        return {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }

    def variables(self, connection: Connection) -> tuple[str, ...]:
        return connection.client_id_env, connection.client_secret_env


def read_credentials(connection: Connection, environ: Mapping[str, str]) -> Credentials:
    """Take the credentials from the environment; a token wins over a service account.

    Raises:
        ConfigurationError: None are there, or half of a service account.
    """
    token = environ.get(connection.token_env, "").strip()
    client_id = environ.get(connection.client_id_env, "").strip()
    client_secret = environ.get(connection.client_secret_env, "").strip()
    if token:
        if not is_token(token):
            raise ConfigurationError(
                f"{connection.token_env} holds characters that no token has, such as a space or a line end; "
                "copy the token again, without the word Bearer and without quotes"
            )
        return StaticToken(token)
    if client_id and client_secret:
        return ServiceAccount(client_id, client_secret)
    missing = [
        name
        for name, value in (
            (connection.client_id_env, client_id),
            (connection.client_secret_env, client_secret),
        )
        if not value
    ]
    raise ConfigurationError(
        f"no Pipefy credentials: set {' and '.join(missing)}, or {connection.token_env}, in the environment "
        "or in the file .env beside pyproject.toml, then start Dagster again"
    )


def is_token(text: str) -> bool:
    """Whether text can stand in an `Authorization` header; an error about one that cannot would quote it."""
    return re.fullmatch(r"[!-~]+", text) is not None


class TokenSource:
    """Gives the bearer token for the next request; fetches one when it has to."""

    def __init__(self, credentials: Credentials, fetch: FetchToken, clock: Clock) -> None:
        self._credentials = credentials
        self._fetch = fetch
        self._clock = clock
        self._token: str | None = None
        self._renew_at = 0.0

    @property
    def can_renew(self) -> bool:
        """Whether a refused token can be replaced by asking for another."""
        return self._credentials.form is not None

    def token(self) -> str:
        """Return a token that has not expired as far as we know."""
        form = self._credentials.form
        if form is None:
            return self._credentials.secret
        if self._token is None or self._clock.now().timestamp() >= self._renew_at:
            self._token = self._request_token(form)
        return self._token

    def forget(self) -> None:
        """Drop the token, because the server refused it."""
        self._token = None

    def _request_token(self, form: Mapping[str, str]) -> str:
        answer = self._fetch(form)
        token = answer.get("access_token")
        if not isinstance(token, str) or not is_token(token):
            raise AuthenticationError("Pipefy's token endpoint answered without an access token")
        lifetime_s = _lifetime_s(answer.get("expires_in"))
        # A token that lives shorter than twice the margin is used for half of its life.
        margin_s = min(RENEW_BEFORE_EXPIRY_S, lifetime_s / 2)
        self._renew_at = self._clock.now().timestamp() + lifetime_s - margin_s
        return token


def _lifetime_s(expires_in: Any) -> float:
    if isinstance(expires_in, int | float) and 0 < expires_in <= LONGEST_LIFETIME_S:
        return float(expires_in)
    return SHORTEST_LIFETIME_S
