"""From a link to a file on disk: whole, or not there at all.

The link is a signed address and a credential of its own. The API token is never sent with it, each
redirect is judged like the link itself, and neither reaches a message with its query string.
"""

import errno
import hashlib
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.config import Connection
from pipefy_exports_dagster.errors import DiskFullError, DownloadFailedError, DownloadRefusedError
from pipefy_exports_dagster.pipefy.addresses import AddressPolicy, shown
from pipefy_exports_dagster.pipefy.answers import retry_after_s
from pipefy_exports_dagster.pipefy.export import Export
from pipefy_exports_dagster.pipefy.raw_files import open_private

MAX_ATTEMPTS = 4
MAX_REDIRECTS = 5
MAX_PAUSE_S = 60.0
PROGRESS_EVERY_S = 5.0
CHUNK_BYTES = 1 << 18
LINK_EXPIRED = {401, 403, 404, 410}
"""What a file host answers to a link that no longer lives; a fresh one comes with the export's query."""


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What a complete download was."""

    sha256: str
    size_bytes: int


class _LinkExpiredError(Exception):
    """The file host does not take the link any more; asking for the export again gives a fresh one."""


def download_export(
    export: Export,
    target: Path,
    *,
    refresh: Callable[[str], Export],
    connection: Connection,
    clock: Clock,
    on_progress: Callable[[int], None] = lambda _size: None,
) -> Downloaded:
    """Write an export's file to `target`, which only exists afterwards if it is whole.

    Args:
        export: A finished export, with its link.
        target: A new file; it is removed again if the download fails.
        refresh: Gives the export with a fresh link, where this one has expired.
        connection: Limits, and which hosts are allowed.
        clock: Sleeps between attempts.
        on_progress: Called with the bytes so far: at the first ones, then every few seconds.

    Raises:
        DownloadRefusedError: A link that must not be followed, or a file larger than the limit.
        DownloadFailedError: The file did not arrive whole in several attempts.
        DiskFullError: No space is left.
    """
    addresses = AddressPolicy(connection.allow_insecure_urls, connection.download_hosts)
    limits = httpx.Timeout(connection.request_timeout_s)
    with httpx.Client(
        timeout=limits, follow_redirects=False, headers={"Accept-Encoding": "identity"}
    ) as http:
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                if export.link is None:
                    raise _LinkExpiredError  # noqa: TRY301 - the same remedy
                _refuse_expired(addresses.check_link(export.link), clock)
                with _removed_on_failure(target), _follow(http, export.link, addresses) as response:
                    return _save(response, target, connection, on_progress)
            except _LinkExpiredError:
                problem = "the file host does not accept the link any more"
                if attempt < MAX_ATTEMPTS:
                    export = refresh(export.id)
                pause_s = 0.0 if attempt == 1 else 1.0
            except (_Interrupted, httpx.TransportError) as error:
                problem = str(error) if isinstance(error, _Interrupted) else f"{type(error).__name__} {error}"
                asked_s = error.retry_after_s if isinstance(error, _Interrupted) else None
                backoff_s = 2.0 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311 - jitter
                pause_s = min(backoff_s if asked_s is None else asked_s, MAX_PAUSE_S)
            if attempt < MAX_ATTEMPTS:
                clock.sleep(pause_s)
    raise DownloadFailedError(
        f"the file of export {export.id!r} did not arrive whole in {MAX_ATTEMPTS} attempts; the last problem: "
        f"{problem}. Re-materialize the partition: it downloads the same export again"
    )


class _Interrupted(Exception):  # noqa: N818 - becomes a DownloadFailedError when it stays
    """An attempt failed in a way that another may not."""

    def __init__(self, problem: str, retry_after_s: float | None = None) -> None:
        super().__init__(problem)
        self.retry_after_s = retry_after_s


@contextmanager
def _follow(http: httpx.Client, link: str, addresses: AddressPolicy) -> Iterator[httpx.Response]:
    """Open a link, and its redirects, each judged anew."""
    url = addresses.check_link(link)
    for _ in range(MAX_REDIRECTS + 1):
        with http.stream("GET", url) as response:
            location = response.headers.get("location")
            if not (response.is_redirect and location):
                yield response
                return
            try:
                target = str(url.join(location))
            except httpx.InvalidURL:
                target = ""
        url = addresses.check_link(target)
    raise DownloadRefusedError(f"the download link {shown(url)!r} redirects more than {MAX_REDIRECTS} times")


def _refuse_expired(url: httpx.URL, clock: Clock) -> None:
    """Skip the request for a link that says itself that it has expired."""
    expires_on = url.params.get("expires_on", "")
    if expires_on.isdigit() and clock.now().timestamp() >= int(expires_on):
        raise _LinkExpiredError


def _save(
    response: httpx.Response, target: Path, connection: Connection, on_progress: Callable[[int], None]
) -> Downloaded:
    _check_status(response)
    expected = response.headers.get("content-length", "")
    limit = connection.max_download_bytes
    if expected.isdigit() and int(expected) > limit:
        raise _too_large(response, limit)
    digest, size = hashlib.sha256(), 0
    started = time.monotonic()
    reported = started - PROGRESS_EVERY_S  # the first bytes are reported at once
    with _disk_full_named(target), open_private(target) as file:
        for chunk in response.iter_bytes(CHUNK_BYTES):
            size += len(chunk)
            if size > limit:
                raise _too_large(response, limit)
            digest.update(chunk)
            file.write(chunk)
            now = time.monotonic()
            if now - reported >= PROGRESS_EVERY_S:
                on_progress(size)
                reported = now
            if now - started > connection.download_timeout_s:
                raise _Interrupted(f"still downloading after {connection.download_timeout_s:.0f} s")
    received = response.num_bytes_downloaded
    if expected.isdigit() and received != int(expected):
        raise _Interrupted(f"{received} of {expected} bytes arrived")
    return Downloaded(digest.hexdigest(), size)


def _check_status(response: httpx.Response) -> None:
    status = response.status_code
    if status == httpx.codes.OK:
        return
    if status in LINK_EXPIRED:
        raise _LinkExpiredError
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status == httpx.codes.TOO_MANY_REQUESTS:
        raise _Interrupted(f"the file host answered HTTP {status}", retry_after_s(response.headers))
    raise DownloadRefusedError(
        f"the file host answered HTTP {status} at {shown(response.url)}; if that stays, ask Pipefy's support"
    )


def _too_large(response: httpx.Response, limit: int) -> DownloadRefusedError:
    return DownloadRefusedError(
        f"the file at {shown(response.url)} is larger than {limit} bytes; if that is right, raise "
        "`max_download_bytes`"
    )


@contextmanager
def _removed_on_failure(target: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(OSError):
            target.unlink(missing_ok=True)
        raise


@contextmanager
def _disk_full_named(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFullError(
                f"no space is left in {target.parent}; free some, then materialize the partition again: it "
                "downloads the same export"
            ) from None
        raise
