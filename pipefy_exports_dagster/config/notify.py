"""Whom messages go to: names of environment variables that hold addresses, or addresses, which are never shown.

An address is one of apprise's, `mailto://...` or `slack://...`. Nearly all hold a secret.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Self
from urllib.parse import urlsplit

from pipefy_exports_dagster.errors import ConfigurationError

NOTIFY_VARIABLE = "PIPEFY_EXPORTS_NOTIFY"
HIDDEN = "****"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9]{0,31}://")
_GAP = re.compile(r"[\s,;]+")
_NEITHER = (
    f"`notify` ({NOTIFY_VARIABLE}) has an entry that is neither the name of an environment variable, such as "
    "SLACK_ADDRESS, nor an address, such as mailto://...; it is not shown here, because it may hold a secret"
)


class HiddenAddress(str):
    """An address that shows as stars, whatever prints, stores or quotes it; `reveal` is the only way to its text."""

    __slots__ = ("_address",)
    _address: str

    def __new__(cls, address: str) -> Self:
        """Hide an address."""
        hidden = super().__new__(cls, HIDDEN)
        hidden._address = address
        return hidden

    def reveal(self) -> str:
        """Return the address itself, for whoever sends to it."""
        return self._address

    def __eq__(self, other: object) -> bool:
        """Whether it is the same address."""
        return isinstance(other, HiddenAddress) and other.reveal() == self._address

    def __ne__(self, other: object) -> bool:
        """Whether it is another address: text has a comparison of its own for this, too."""
        return not self == other

    def __hash__(self) -> int:
        return hash(self._address)

    def __getnewargs__(self) -> tuple[str]:
        return (self._address,)  # what a copy is made of


def named_or_hidden(given: Any) -> tuple[str, ...]:
    """Return the names of variables and the hidden addresses that a setting lists; empty entries are left out.

    Raises:
        ConfigurationError: An entry is neither; the message does not quote it.
    """
    entries = [given] if isinstance(given, str) else given
    if not isinstance(entries, Iterable) or isinstance(entries, bytes | dict):
        raise ConfigurationError(_NEITHER)
    return tuple(part for entry in entries for part in _parts(entry))


def is_address(text: str) -> bool:
    """Whether a text begins like an address, rather than being a name."""
    return _ADDRESS.match(text.strip()) is not None


def addresses_in(text: str) -> list[str]:
    """Split a text where a blank, comma or semicolon stands before another address, as apprise does.

    An address may hold commas itself.
    """
    addresses: list[str] = []
    begin = 0
    for gap in _GAP.finditer(text):
        if _ADDRESS.match(text, gap.end()):
            addresses.append(text[begin : gap.start()])
            begin = gap.end()
    addresses.append(text[begin:])
    return [address for part in addresses if (address := part.strip(" \t\r\n,;"))]


def checked_ui_url(url: str | None) -> str | None:
    """Return the address of Dagster's UI without a slash at its end.

    Raises:
        ConfigurationError: It is no address of a web page, or holds credentials.
    """
    if not url:
        return None
    problem = "use its address, such as https://dagster.example.com"
    try:
        parts = urlsplit(url)
        host, has_user = parts.hostname, "@" in parts.netloc
        _ = parts.port
    except ValueError:
        host, has_user = None, False
        parts = urlsplit("")
    if has_user:
        raise ConfigurationError(f"`ui_url` (PIPEFY_EXPORTS_UI_URL) holds a user or password; {problem}")
    plain = (
        url.isprintable() and not any(char.isspace() for char in url) and not (parts.query or parts.fragment)
    )
    if parts.scheme not in {"http", "https"} or not host or not plain:
        raise ConfigurationError(
            f"`ui_url` (PIPEFY_EXPORTS_UI_URL) is not the address of Dagster's UI; {problem}"
        )
    return url.rstrip("/")


def _parts(entry: Any) -> Iterator[str]:
    if isinstance(entry, HiddenAddress):
        yield entry
        return
    if not isinstance(entry, str):
        raise ConfigurationError(_NEITHER)
    if is_address(entry):
        yield from map(HiddenAddress, addresses_in(entry))
        return
    for name in filter(None, _GAP.split(entry)):
        if not _NAME.fullmatch(name):
            raise ConfigurationError(_NEITHER)
        yield name
