"""A link of an answer, and where a redirect of it leads: refused in one line of ours, or to a host that we know."""

import contextlib
import ipaddress
import socket

import httpx

from fuzz.frame import mutated, require_one_line, seeds
from pipefy_exports_dagster.config.model import Connection
from pipefy_exports_dagster.errors import ConfigurationError, DownloadRefusedError
from pipefy_exports_dagster.pipefy.addresses import AddressPolicy
from pipefy_exports_dagster.pipefy.transfer import joined

SECRET = "s3cr3t"
KNOWN = ("pipefy.com", "files.example.com")
POLICIES = (
    AddressPolicy(download_hosts=("files.example.com",)),
    AddressPolicy(allow_insecure=True, download_hosts=("files.example.com",)),
)
WORDS = (
    *(
        b"https://",
        b"http://",
        b"//",
        b"@",
        b":",
        b"[",
        b"]",
        b"..",
        b".",
        b"xn--",
        b"\\",
        b"%",
        b"%2e",
        b"#",
        b"?",
    ),
    *(
        b"pipefy.com",
        b"files.example.com",
        b"evil.com",
        b"localhost",
        b"127.0.0.1",
        b"[::1]",
        b"0x7f.1",
        b":0",
    ),
    *(
        "。".encode(),
        "ß".encode(),
        "\u00ad".encode(),
        "\u2024".encode(),
        "\uff0f".encode(),
        b"a" * 64,
        b"user:pw@",
    ),
)

examples = mutated(seeds("link"), words=WORDS)


def check(example: bytes) -> None:
    """Judge a link, and the same text as the Location of a redirect, a base URL and a host to download from."""
    text = example.decode(errors="surrogateescape")
    start = httpx.URL("https://app.pipefy.com/storage/v1/x?signature=" + SECRET)
    for policy in POLICIES:
        for link in (text, joined(start, text), f"{text}?signature={SECRET}"):
            try:
                url = policy.check_link(link)
            except DownloadRefusedError as error:
                require_one_line(error)
                _require(SECRET not in str(error), f"it quotes the query: {error}")
            else:
                _require_known(url, allow_insecure=policy.allow_insecure)
        try:
            url = policy.check_base_url(text)
        except ConfigurationError as error:
            require_one_line(error)
        else:
            _require_connectable(url)
    try:
        Connection(download_hosts=(text,))
    except ConfigurationError as error:
        require_one_line(error)


def _require_known(url: httpx.URL, *, allow_insecure: bool) -> None:
    """What httpx connects to, by its own account, is a host that we know."""
    _require_connectable(url)
    host = url.host.lower().rstrip(".")
    if allow_insecure and (host == "localhost" or _is_loopback(host)):
        return
    _require(url.scheme == "https", f"{url.scheme} is let through")
    _require(any(host == known or host.endswith(f".{known}") for known in KNOWN), f"{host!r} is let through")
    _require(not url.userinfo, "a user is let through")


def _require_connectable(url: httpx.URL) -> None:
    """Nothing of a library is raised where the socket is asked for; nothing is looked up."""
    host, port = url.raw_host.decode("ascii"), url.port or 443
    host.encode("idna")
    with contextlib.suppress(socket.gaierror):  # a name
        socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)
    httpx.Request("GET", url)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _require(held: bool, otherwise: str) -> None:
    if not held:
        raise AssertionError(otherwise)
