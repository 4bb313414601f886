"""Who a bearer token belongs to, and `/oauth/token`."""

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from pipefy_exports_dagster.sandbox.clock import SandboxClock
from pipefy_exports_dagster.sandbox.well_known import (
    ACCESS_TOKEN_PREFIX,
    CLIENT_ID,
    CLIENT_SECRET,
    MEMBER_TOKEN,
    RESTRICTED_TOKEN,
    SECOND_ORGANIZATION_ID,
    TOKEN,
)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a token belongs to. `organization_ids` is what it may see; None: all that anyone may.

    `role` is the one in all of these: `admin` or `member`.
    """

    id: str
    name: str
    email: str
    organization_ids: frozenset[str] | None = None
    role: str = "admin"

    @property
    def is_admin(self) -> bool:
        """Whether everything may be exported."""
        return self.role == "admin"


PERSON = Principal("306000001", "Ana Beatriz Gonçalves", "ana@example.com")
SERVICE_ACCOUNT = Principal("306000002", "Pipefy exports (service account)", "exports@example.com")
RESTRICTED_PERSON = Principal(
    "306000003", "Noah Lindqvist", "noah@example.com", frozenset({SECOND_ORGANIZATION_ID})
)
MEMBER = Principal("306000004", "Íris Nakamura", "iris@example.com", role="member")


class TokenRefusedError(Exception):
    """`/oauth/token` refuses; `code` is OAuth's, the message its description."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class TokenStore:
    """Static tokens, which live until revoked, and issued ones, which also expire."""

    def __init__(self, clock: SandboxClock, lifetime_s: float) -> None:
        self._clock = clock
        self._lifetime_s = lifetime_s
        self._lock = threading.Lock()
        self._static = {TOKEN: PERSON, RESTRICTED_TOKEN: RESTRICTED_PERSON, MEMBER_TOKEN: MEMBER}
        self._issued: dict[str, float] = {}
        self._revoked: set[str] = set()

    def issue(self, form: Mapping[str, object]) -> dict[str, object]:
        """Answer a client-credentials request.

        Raises:
            TokenRefusedError: The grant or the client is not accepted.
        """
        if form.get("grant_type") != "client_credentials":
            raise TokenRefusedError("unsupported_grant_type", "grant_type must be client_credentials")
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            raise TokenRefusedError("invalid_client", "client authentication failed")
        token = ACCESS_TOKEN_PREFIX + secrets.token_hex(16)
        with self._lock:
            self._issued[token] = self._clock.elapsed_s() + self._lifetime_s
        return {"access_token": token, "token_type": "Bearer", "expires_in": int(self._lifetime_s)}

    def principal(self, authorization: str | None) -> Principal | None:
        """Return who an `Authorization` header speaks for; None where it is not accepted."""
        token = bearer(authorization)
        with self._lock:
            if token is None or token in self._revoked:
                return None
            if token in self._static:
                return self._static[token]
            if self._clock.elapsed_s() < self._issued.get(token, 0.0):
                return SERVICE_ACCOUNT
        return None

    def revoke(self, authorization: str | None) -> None:
        """Let a token work no more."""
        token = bearer(authorization)
        if token is not None:
            with self._lock:
                self._revoked.add(token)

    def restore(self) -> None:
        """Let revoked tokens work again."""
        with self._lock:
            self._revoked.clear()


def bearer(authorization: str | None) -> str | None:
    """Return the token in an `Authorization` header."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.casefold() == "bearer" and token.strip() else None
