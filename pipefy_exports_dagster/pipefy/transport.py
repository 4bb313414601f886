"""HTTP as both parts that use it need it: the API's client, and the download."""

import functools
import re
import ssl

import httpx

from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.pipefy.foreign_text import shown_text
from pipefy_exports_dagster.pipefy.quiet_logs import keep_links_out_of_logs

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
LOCATION = "pipefy_exports_dagster.location"
REDIRECTS = {301, 302, 303, 307, 308}
NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
"""Errors before the first byte of a request. Any other leaves open whether it arrived."""


def open_http(timeout_s: float) -> httpx.Client:
    """Return a client that follows no redirect by itself, and whose log lines hold no link.

    Each request has a connection of its own: one that is kept may be closed by the server just when it is
    used again, and that looks as if the answer to a create had been lost. Proxies come from the environment,
    but not for this machine: a sandbox is no business of a proxy's.

    Raises:
        ConfigurationError: The environment's settings for proxies or certificates cannot be used.
    """
    keep_links_out_of_logs()
    try:
        return httpx.Client(
            verify=_certificates(),
            timeout=timeout_s,
            follow_redirects=False,
            headers={"Accept-Encoding": "gzip", "Connection": "close"},
            limits=httpx.Limits(max_keepalive_connections=0),
            mounts={f"all://{host}": None for host in LOOPBACK},
            event_hooks={"response": [_set_location_aside]},
        )
    except (httpx.InvalidURL, ImportError, OSError, ValueError) as error:
        problem = type(error).__name__
    raise ConfigurationError(
        f"HTTP cannot be set up ({problem}): look at the proxy (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY) and "
        "the certificates (SSL_CERT_FILE, SSL_CERT_DIR) in the environment. A SOCKS proxy needs the package "
        "`httpx[socks]`"
    )


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Load the certificate authorities once: it takes longer (40 ms) than most requests."""
    return httpx.create_ssl_context()


def describe(error: httpx.TransportError) -> str:
    """Return what broke, for a message.

    A protocol error quotes the line that it stumbled over, which may hold a token or a link: the text ends
    where the quotation begins.
    """
    text = re.split(r"""\bbytearray\(|\bb['"]""", str(error))[0]
    return shown_text(f"{type(error).__name__} {text}")


def redirect_in(response: httpx.Response) -> str | None:
    """Return where an answer of `open_http`'s client redirects to, as the server wrote it."""
    location = response.extensions.get(LOCATION)
    return location if isinstance(location, str) and response.status_code in REDIRECTS else None


def _set_location_aside(response: httpx.Response) -> None:
    # httpx reads it even where it does not follow, raises all sorts of errors at odd ones, and quotes them.
    if location := response.headers.get("location"):
        response.extensions[LOCATION] = location
        del response.headers["location"]
