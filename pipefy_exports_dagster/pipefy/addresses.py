"""Which addresses we talk to. A download link comes from outside, so each is judged before use."""

import ipaddress
from dataclasses import dataclass

import httpx

from pipefy_exports_dagster.errors import ConfigurationError, DownloadRefusedError

PIPEFY_HOSTS = (".pipefy.com",)
"""Suffix of the hosts in every link seen so far (`app-storage-service.pipefy.com`, `app.pipefy.com`)."""


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """What may be called: https and known hosts; with `allow_insecure`, also http and loopback.

    `download_hosts` are further host suffixes that files may come from.
    """

    allow_insecure: bool = False
    download_hosts: tuple[str, ...] = ()

    def check_base_url(self, base_url: str) -> httpx.URL:
        """Return the API's address without a trailing `/graphql` or slash.

        Raises:
            ConfigurationError: Not an https address (or http, where that is allowed).
        """
        try:
            url = httpx.URL(base_url.strip().rstrip("/").removesuffix("/graphql"))
        except httpx.InvalidURL:
            url = httpx.URL("")
        if url.scheme not in {"http", "https"} or not url.host:
            raise ConfigurationError(
                f"PIPEFY_BASE_URL {base_url!r} is not a web address; use https://app.pipefy.com"
            )
        if url.scheme == "http" and not self.allow_insecure:
            raise ConfigurationError(
                f"PIPEFY_BASE_URL {base_url!r} is not https, and the API token would travel in clear; "
                "use https, or set PIPEFY_ALLOW_INSECURE_URLS=true for a local sandbox"
            )
        return url

    def check_link(self, link: str) -> httpx.URL:
        """Return a download link as a URL if we may follow it; judge each redirect with it as well.

        Raises:
            DownloadRefusedError: Another scheme or host than allowed. The message has no query string.
        """
        try:
            url = httpx.URL(link)
        except httpx.InvalidURL:
            raise DownloadRefusedError("Pipefy gave a download link that is not a web address") from None
        host = url.host.lower().rstrip(".")
        if self.allow_insecure and _is_loopback(host) and url.scheme in {"http", "https"}:
            return url
        if url.scheme != "https":
            raise DownloadRefusedError(
                f"the download link {shown(url)!r} is not https; the file was not fetched"
            )
        if url.userinfo or not any(_is_within(host, suffix) for suffix in PIPEFY_HOSTS + self.download_hosts):
            raise DownloadRefusedError(
                f"the download link leads to {host!r}, which is not a known file host; if Pipefy really "
                "stores your files there, add it to PIPEFY_DOWNLOAD_HOSTS"
            )
        return url


def shown(url: httpx.URL) -> str:
    """Return an address as it may be shown: without user, query and fragment, which hold credentials."""
    return f"{url.scheme}://{url.host}{f':{url.port}' if url.port else ''}{url.path}"


def _is_within(host: str, suffix: str) -> bool:
    suffix = suffix.lower().lstrip(".")
    return bool(suffix) and (host == suffix or host.endswith("." + suffix))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
