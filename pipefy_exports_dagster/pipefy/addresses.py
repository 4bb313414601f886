"""Which addresses we talk to. A download link comes from outside, so each is judged before use."""

import ipaddress
import re
from dataclasses import dataclass

import httpx

from pipefy_exports_dagster.config.setting_names import ALLOW_INSECURE_URLS, BASE_URL, DOWNLOAD_HOSTS
from pipefy_exports_dagster.errors import ConfigurationError, DownloadRefusedError

PIPEFY_HOSTS = ("pipefy.com",)
"""Suffix of the hosts in every link seen so far (`app-storage-service.pipefy.com`, `app.pipefy.com`)."""
_MAX_NAME, _MAX_PORT = 253, 65_535
"""Of a host's name in bytes, and of a port (RFC 1035, RFC 793)."""
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
"""A part of a name; with `_`, which some hosts have and no standard allows."""
_SHOWN = 200
"""Characters of an address that are quoted: more is none."""


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """What may be called: https and known hosts; with `allow_insecure`, also loopback, with http or without.

    `download_hosts` are further host suffixes that files may come from, as `Connection` has them.
    """

    allow_insecure: bool = False
    download_hosts: tuple[str, ...] = ()

    def check_base_url(self, base_url: str) -> httpx.URL:
        """Return the API's address without a trailing `/graphql` or slash.

        Raises:
            ConfigurationError: Not an https address (or http to loopback, where that is allowed), or one with more
                in it than host and path.
        """
        url = _parse_base(base_url)
        if url is None or not _is_of_web(url):
            # What stands before an @ is a secret.
            quoted = "" if "@" in base_url else f" {base_url[:_SHOWN]!r}"
            raise ConfigurationError(f"{BASE_URL}{quoted} is not a web address; use https://app.pipefy.com")
        if url.userinfo or url.query or url.fragment:
            # Not quoted: what stands there may be a secret. httpx would also send a user instead of the token.
            raise ConfigurationError(
                f"{BASE_URL} holds a user, a query string or a fragment; it takes an address only, such as "
                "https://app.pipefy.com"
            )
        if url.scheme == "http" and not self.allow_insecure:
            raise ConfigurationError(
                f"{BASE_URL} {base_url!r} is not https, and the API token would travel in clear; "
                f"use https, or set {ALLOW_INSECURE_URLS} to true for a local sandbox"
            )
        if url.scheme == "http" and not _is_loopback(_host(url)):
            raise ConfigurationError(
                f"{BASE_URL} {base_url!r} is not https and leads to another machine, where the API token would "
                f"travel in clear; {ALLOW_INSECURE_URLS} is for a sandbox on this one (127.0.0.1, localhost)"
            )
        return url

    def check_link(self, link: str) -> httpx.URL:
        """Return a download link as a URL if we may follow it; judge each redirect with it as well.

        Raises:
            DownloadRefusedError: Another scheme or host than allowed. The message has no query string.
        """
        url = _parse(link)
        if url is None or not _is_of_web(url):
            raise DownloadRefusedError(
                "the download link is not a web address; the file was not fetched. If that stays, ask Pipefy's "
                "support"
            )
        if url.userinfo:
            raise DownloadRefusedError(
                f"the download link to {without_credentials(url)!r} names a user, as Pipefy's do not; the file "
                "was not fetched"
            )
        host = _host(url)
        if self.allow_insecure and _is_loopback(host):
            return url
        if url.scheme != "https":
            raise DownloadRefusedError(
                f"the download link {without_credentials(url)!r} is not https; the file was not fetched"
            )
        if not any(_is_within(host, suffix) for suffix in PIPEFY_HOSTS + self.download_hosts):
            raise DownloadRefusedError(
                f"the download link leads to {host!r}, which is not a known file host; if Pipefy really "
                f"stores your files there, add it to {DOWNLOAD_HOSTS}"
            )
        return url


def without_credentials(url: httpx.URL) -> str:
    """Return an address as it may be shown: without user, query and fragment, which hold credentials."""
    path = url.raw_path.partition(b"?")[0]
    return f"{url.scheme}://{url.netloc.decode()}{path.decode()}"


def normalize_base_url(base_url: str) -> str:
    """Return the API's address as requests have it, however it is written; one that cannot be read as it is."""
    url = _parse_base(base_url)
    return str(url or base_url).rstrip("/")


def _parse_base(base_url: str) -> httpx.URL | None:
    text = base_url.strip().rstrip("/")
    while text.endswith("/graphql"):
        text = text.removesuffix("/graphql").rstrip("/")
    return _parse(text)


def _parse(text: str) -> httpx.URL | None:
    try:
        return httpx.URL(text)
    except (httpx.InvalidURL, ValueError, TypeError):
        return None


def _is_of_web(url: httpx.URL) -> bool:
    """Tell whether a connection can be asked for: what is wrong with a name or port, libraries find out too late."""
    if url.scheme not in {"http", "https"} or not (url.port is None or 0 < url.port <= _MAX_PORT):
        return False
    host = url.raw_host.decode().lower().removesuffix(".")
    if ":" in host:
        return _is_ip(host)
    try:
        # Where httpx speaks of a host, it turns `xn--` labels back into Unicode, and raises for those that are none.
        spoken = url.host
    except UnicodeError:
        return False
    return bool(spoken) and len(host) <= _MAX_NAME and all(map(_LABEL.fullmatch, host.split(".")))


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return "%" not in host  # a zone is of this machine, and no server's to name


def _host(url: httpx.URL) -> str:
    # Not `url.host`: that turns `xn--` labels back into Unicode, and raises for those that are none.
    return url.raw_host.decode().lower().rstrip(".")


def _is_within(host: str, suffix: str) -> bool:
    return host == suffix or host.endswith("." + suffix)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
