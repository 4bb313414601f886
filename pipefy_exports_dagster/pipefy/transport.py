"""HTTP as both parts that use it need it: the API's client, and the download.

Each request has a connection of its own: one that is kept may be closed by the server just when it is used again, and
that looks as if the answer to a create had been lost. It also has limits of its own, which hold whatever arrives.
"""

import functools
import re
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpcore
import httpx

from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.pipefy.proxies import proxies_by_pattern
from pipefy_exports_dagster.pipefy.quiet_logs import keep_links_out_of_logs
from pipefy_exports_dagster.pipefy.timed_network import RequestLimitError, RequestLimits, TimedNetwork

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
LOCATION = "pipefy_exports_dagster.location"
BODY_LIMIT = "pipefy_exports_dagster.body_limit"
REDIRECTS = {301, 302, 303, 307, 308}
NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
"""Errors before the first byte of a request. Any other leaves open whether it arrived."""


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """When the body of an answer has to be here, where that is later than the time limit of a request.

    Args:
        ends_at: A value of `time.monotonic`.
        too_late: What to say when it is not.
    """

    ends_at: float
    too_late: str

    def as_extension(self) -> dict[str, "BodyLimit"]:
        """Return it as httpx carries it to the transport, in `extensions=`."""
        return {BODY_LIMIT: self}


def open_http(timeout_s: float) -> httpx.Client:
    """Return a client that follows no redirect by itself, and whose log lines hold no link.

    Proxies come from the environment, but not for this machine: a sandbox is no business of a proxy's.

    Args:
        timeout_s: How long a request may take, from looking up the host to the last byte of its answer. A
            `BodyLimit` gives the body more.

    Raises:
        ConfigurationError: The environment's settings for proxies or certificates cannot be used.
    """
    keep_links_out_of_logs()
    try:
        return httpx.Client(
            transport=LimitedTransport(timeout_s),
            mounts={
                pattern: LimitedTransport(timeout_s, httpx.Proxy(proxy)) if proxy else None
                for pattern, proxy in proxies_by_pattern().items()
            }
            | {f"all://{host}": None for host in LOOPBACK},
            follow_redirects=False,
            headers={"Accept-Encoding": "gzip", "Connection": "close"},
        )
    except (httpx.InvalidURL, ImportError, OSError, RuntimeError, ValueError) as error:
        problem = type(error).__name__
    raise ConfigurationError(
        f"HTTP cannot be set up ({problem}): check the proxy (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY) and "
        "the certificates (SSL_CERT_FILE, SSL_CERT_DIR) in the environment. A SOCKS proxy needs the package "
        "`httpx[socks]`"
    )


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Load the certificate authorities once: it takes longer (40 ms) than most requests."""
    return httpx.create_ssl_context()


class LimitedTransport(httpx.BaseTransport):
    """Sends each request over a network with a time limit of its own, directly or by a proxy.

    Its errors quote nothing that came from the other side: a phrase, a header or a broken line may hold a secret.
    """

    def __init__(self, timeout_s: float, proxy: httpx.Proxy | None = None) -> None:
        """Prepare a transport.

        Raises:
            RuntimeError: The proxy needs a package that is not installed.
        """
        self._timeout_s = timeout_s
        self._proxy = proxy
        _certificates()
        self._pool(TimedNetwork(self._limits())).close()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; return when the headers of its answer are here."""
        limits = self._limits()
        body_limit = request.extensions.get(BODY_LIMIT)
        if body_limit and body_limit.ends_at < limits.ends_at:
            limits.ends_at, limits.too_late = body_limit.ends_at, body_limit.too_late
        network = TimedNetwork(limits)
        failure = None
        try:
            answer = self._pool(network).handle_request(_core_request(request))
        except BaseException as error:
            network.close()
            failure = _told(error, never_sent=limits.layers < self._layers(request.url))
            if failure is None:
                raise
        if failure:
            raise failure  # outside of `except`: what it came from may quote the other side
        if body_limit:
            limits.begin_body(body_limit.ends_at, body_limit.too_late)
        else:
            limits.begin_body(limits.ends_at, limits.too_late)
        headers = httpx.Headers(answer.headers)
        # httpx reads these even where it does not follow, raises all sorts of errors at odd ones, and quotes them.
        location = headers.pop("location", None) or None
        headers.pop("set-cookie", None)
        return httpx.Response(
            answer.status, headers=headers, stream=_Body(answer, network), extensions={LOCATION: location}
        )

    def _limits(self) -> RequestLimits:
        return RequestLimits(
            silence_s=self._timeout_s,
            ends_at=time.monotonic() + self._timeout_s,
            too_late=f"it did not finish within {self._timeout_s:g} seconds",
        )

    def _pool(self, network: TimedNetwork) -> httpcore.ConnectionPool:
        proxy = self._proxy
        if proxy is None:
            return httpcore.ConnectionPool(ssl_context=_certificates(), network_backend=network)
        address = httpcore.URL(
            scheme=proxy.url.raw_scheme,
            host=proxy.url.raw_host,
            port=proxy.url.port,
            target=proxy.url.raw_path,
        )
        if proxy.url.scheme.startswith("socks"):
            return httpcore.SOCKSProxy(
                address, proxy_auth=proxy.raw_auth, ssl_context=_certificates(), network_backend=network
            )
        return httpcore.HTTPProxy(
            address,
            proxy_auth=proxy.raw_auth,
            proxy_headers=proxy.headers.raw,
            ssl_context=_certificates(),
            proxy_ssl_context=_certificates() if proxy.url.scheme == "https" else None,
            network_backend=network,
        )

    def _layers(self, url: httpx.URL) -> int:
        """How many connections have to stand, one in the other, before the first byte of a request is sent."""
        return 1 + (url.scheme == "https") + (self._proxy is not None and self._proxy.url.scheme == "https")


class _Body(httpx.SyncByteStream):
    """The body of an answer; its connection is closed with it."""

    def __init__(self, answer: httpcore.Response, network: TimedNetwork) -> None:
        self._answer = answer
        self._network = network

    def __iter__(self) -> Iterator[bytes]:
        pieces = self._answer.iter_stream()
        while True:
            failure = None
            try:
                piece = next(pieces, None)
            except Exception as error:
                failure = _told(error, never_sent=False)
                if failure is None:
                    raise
            if failure:
                raise failure
            if piece is None:
                return
            yield piece

    def close(self) -> None:
        self._answer.close()
        self._network.close()


def _core_request(request: httpx.Request) -> httpcore.Request:
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        ),
        headers=request.headers.raw,
        content=request.stream,
    )


def _told(error: BaseException, *, never_sent: bool) -> httpx.TransportError | None:
    """Return an error of the network as one of httpx's, in our words; None for any other."""
    if isinstance(error, RequestLimitError):
        return (httpx.ConnectTimeout if never_sent else httpx.ReadTimeout)(str(error))
    if isinstance(error, httpcore.ProxyError):
        status = re.match("[1-9][0-9]{2}(?![0-9])", str(error))
        return httpx.ProxyError(f"the proxy refused the connection{f' (HTTP {status[0]})' if status else ''}")
    text = _what_broke(error)
    if text is None:
        return None
    return (httpx.ConnectError if never_sent else httpx.ReadError)(text)


def _what_broke(error: BaseException) -> str | None:
    if isinstance(error, httpcore.NetworkError):
        return str(error)  # in the words of `timed_network`
    if isinstance(error, httpcore.RemoteProtocolError):
        if "disconnected without" in str(error):
            return "the connection was closed before an answer came"
        if "incomplete" in str(error) or "without sending complete" in str(error):
            return "the connection was closed in the middle of the answer"
        return "what came is not HTTP"
    if isinstance(error, httpcore.LocalProtocolError | httpcore.UnsupportedProtocol):
        return "it cannot be sent as HTTP"
    return None


def redirect_in(response: httpx.Response) -> str | None:
    """Return where an answer of `open_http`'s client redirects to, as the server wrote it."""
    location = response.extensions.get(LOCATION)
    return location if isinstance(location, str) and response.status_code in REDIRECTS else None
