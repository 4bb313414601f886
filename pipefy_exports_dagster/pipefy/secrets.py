"""The secrets that a client works with, to be struck out of all text of others that is shown.

A server, a file host or a proxy may quote what it was sent. Nothing in its answer is shown before it went through here,
and headers and phrases are not shown at all.
"""

import itertools
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, unquote_plus, urlsplit

from pipefy_exports_dagster.pipefy.secret_forms import forms_of, is_in, struck_out

MOST_SECRETS = 100
"""Of each kind; the oldest is forgotten: links and tokens of service accounts live for an hour or less."""
MOST_LINKS = 10
"""Of one answer: each has two or three secrets."""
MOST_ERRORS, MOST_ERROR_CHARACTERS = 100, 200_000
LONGEST_ERROR = 10_000
DEEPEST_ERROR = 20
LARGE_ANSWER = 1 << 20
_ADDRESS = re.compile(rb'"(https?:[^"]*+)"', re.IGNORECASE)
LONGEST_LINK = 8_000
_NAME_OF_A_SECRET = re.compile(r"PASSWORD|PASSWD|SECRET|TOKEN|_KEY$|DSN$", re.IGNORECASE)
_USERINFO = re.compile(r"://([^/?#]*)@")


class SecretsQuotedError(Exception):
    """A large answer that quotes a secret; the message continues `the answer ...`."""


class Secrets:
    """Secrets of two kinds: the credentials, which no part of an answer may quote, and others, which no message may."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Begin with what the environment holds: passwords of proxies and databases, keys of storages."""
        self._credentials: dict[str, None] = {}
        self._others: dict[str, None] = {}
        for name, value in environ.items():
            # The password may hold an @: the last one ends it.
            userinfo = _USERINFO.search(value)
            password = userinfo[1].partition(":")[2] if userinfo else ""
            if password:
                self.add(password, unquote(password))
            if _NAME_OF_A_SECRET.search(name) or (password and not value.startswith("http")):
                self.add(value.strip())

    def add(self, *secrets: str) -> None:
        """Remember secrets that no message may quote."""
        _remember(self._others, secrets)

    def add_credentials(self, *secrets: str) -> None:
        """Remember secrets that no part of an answer may quote, such as the token."""
        _remember(self._credentials, secrets)

    def add_link(self, link: str) -> None:
        """Remember what makes a link a credential: its query string, and what is in it."""
        try:
            query = urlsplit(link).query
        except ValueError:
            query = link.partition("?")[2]
        values = [pair.partition("=")[2] for pair in query.split("&")[:50]]
        self.add(query, *(value for value in values if len(value) > 5 and not value.isdigit()))  # noqa: PLR2004
        self.add(*(unquote_plus(value) for value in values if "%" in value or "+" in value))

    def strike(self, text: str) -> str:
        """Return a text without any of the secrets, in any of their usual forms."""
        return struck_out(text, self._forms(self._credentials | self._others))

    def strike_answer(
        self, payload: dict[str, Any], body: bytes, *, has_token: bool = False
    ) -> dict[str, Any]:
        """Return an answer without secrets: in its errors none at all, in all else no credentials.

        Links that it gives are secrets from now on.

        Args:
            payload: The answer.
            body: What it was read from.
            has_token: It is the token endpoint's, which answers with a credential.

        Raises:
            SecretsQuotedError: The answer is large, and quotes a credential.
        """
        addresses = (found[1] for found in _ADDRESS.finditer(body))
        links = (address for address in addresses if b"?" in address and len(address) <= LONGEST_LINK)
        for link in itertools.islice(links, MOST_LINKS):
            self.add_link(_text(link))
        errors = payload.get("errors")
        credentials = self._forms(self._credentials)
        if not has_token and is_in(body.decode(errors="replace"), credentials, depth=4, also_cut=False):
            if len(body) > LARGE_ANSWER:
                raise SecretsQuotedError("is large and quotes a secret")
            payload = _rewritten(payload, lambda text: struck_out(text, credentials, also_cut=False))
        if errors is None:
            return payload
        return payload | {"errors": _rewritten(_shortened(errors), self.strike)}

    @staticmethod
    def _forms(secrets: Mapping[str, None]) -> tuple[str, ...]:
        return tuple(form for secret in secrets for form in forms_of(secret))


def _remember(known: dict[str, None], secrets: tuple[str, ...]) -> None:
    for secret in secrets:
        if secret:
            known.pop(secret, None)
            known[secret] = None
    while len(known) > MOST_SECRETS:
        del known[next(iter(known))]


def _text(json_text: bytes) -> str:
    try:
        return str(json.loads(b'"' + json_text + b'"', strict=False))
    except ValueError:
        return json_text.decode(errors="replace")


def _rewritten(value: Any, rewrite: Callable[[str], str]) -> Any:
    """Return JSON with each text in it rewritten, names included."""
    if isinstance(value, str):
        return rewrite(value)
    if isinstance(value, list):
        return [_rewritten(item, rewrite) for item in value]
    if isinstance(value, dict):
        return {rewrite(name): _rewritten(item, rewrite) for name, item in value.items()}
    return value


def _shortened(errors: Any) -> Any:
    """Return as much of the errors as could ever be shown, so that striking out has little to do."""
    left = MOST_ERROR_CHARACTERS

    def shorten(value: Any, depth: int) -> Any:
        nonlocal left
        if isinstance(value, str):
            shorter = value[: min(LONGEST_ERROR, left)]
            left -= len(shorter)
            return shorter if len(shorter) == len(value) else shorter + "…"
        if depth == 0 or left <= 0:
            return "…" if isinstance(value, list | dict) else value
        if isinstance(value, list):
            return [shorten(item, depth - 1) for item in value[:MOST_ERRORS]]
        if isinstance(value, dict):
            names = list(value)[:MOST_ERRORS]
            return {shorten(name, depth): shorten(value[name], depth - 1) for name in names}
        return value

    return shorten(errors, DEEPEST_ERROR)
