"""One attempt at a download.

The API token is never sent with it, each redirect is judged like the link itself, and neither reaches a
message with its query string.
"""

import hashlib
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from pipefy_exports_dagster.errors import DownloadRefusedError
from pipefy_exports_dagster.files.private import open_private
from pipefy_exports_dagster.pipefy.addresses import AddressPolicy, without_credentials
from pipefy_exports_dagster.pipefy.answers import retry_after_s
from pipefy_exports_dagster.pipefy.bodies import UnreadableBodyError, read_pieces
from pipefy_exports_dagster.pipefy.secrets import Secrets
from pipefy_exports_dagster.pipefy.transport import BodyLimit, redirect_in

MAX_REDIRECTS = 5
PROGRESS_EVERY_S = 5.0
LINK_EXPIRED = {400, 401, 403, 404, 410}
"""What file hosts answer to a link that no longer lives (400: Google's, and Amazon's for old tokens)."""
MAY_PASS = {408, 425, 429}


class LinkExpiredError(Exception):
    """The file host does not take the link any more; asking for the export again gives a fresh one."""


class TransferInterruptedError(Exception):
    """The attempt failed in a way that another may not."""

    def __init__(self, problem: str, retry_after_s: float | None = None) -> None:
        super().__init__(problem)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What a complete download was."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """Fetches a file within limits; `time_limit` is that of the whole download, redirects and all."""

    http: httpx.Client
    addresses: AddressPolicy
    max_bytes: int
    time_limit: BodyLimit
    on_progress: Callable[[int], None]
    secrets: Secrets

    def fetch(self, link: str | None, target: Path) -> Downloaded:
        """Follow a link and write what it leads to, to `target`, or leave nothing there.

        Raises:
            DownloadRefusedError: The link, or the file's size.
            LinkExpiredError: A fresh link is needed.
            TransferInterruptedError: Or httpx's `TransportError`: another attempt may succeed.
            DiskFullError: No space is left.
        """
        if link is None:
            raise LinkExpiredError("Pipefy gives no link for it any more")
        try:
            with self._follow(link) as response:
                _check_status(response)
                return self._save(response, target)
        except BaseException:
            with suppress(OSError):
                target.unlink(missing_ok=True)
            raise

    @contextmanager
    def _follow(self, link: str) -> Iterator[httpx.Response]:
        """Open a link, and its redirects, each checked on its own."""
        self.secrets.add_link(link)
        url = self.addresses.check_link(link)
        for _ in range(MAX_REDIRECTS + 1):
            with self.http.stream("GET", url, extensions=self.time_limit.as_extension()) as response:
                location = redirect_in(response)
                if location is None:
                    yield response
                    return
            self.secrets.add_link(location)
            url = self.addresses.check_link(joined(url, location))
        raise DownloadRefusedError(
            f"the download link redirects more than {MAX_REDIRECTS} times, at last to {without_credentials(url)!r}"
        )

    def _save(self, response: httpx.Response, target: Path) -> Downloaded:
        announced = response.headers.get("content-length", "")
        if re.fullmatch("[0-9]{1,20}", announced):
            self._check_size(int(announced), response)
        try:
            downloaded = self._write(response, target)
        except UnreadableBodyError as error:
            raise TransferInterruptedError(f"the file host's answer {error}") from None
        # A length that is announced is verified by httpx. Without one an end and a break look the same,
        # except in a workbook, whose table of contents comes last.
        is_announced = announced or "transfer-encoding" in response.headers
        if not is_announced and not zipfile.is_zipfile(target):
            raise TransferInterruptedError(
                "the file host does not say how long the file is, so it is not known whether it is whole"
            )
        return downloaded

    def _write(self, response: httpx.Response, target: Path) -> Downloaded:
        digest, size, reported = hashlib.sha256(), 0, float("-inf")
        with open_private(target) as file:
            for piece in read_pieces(response):
                size += len(piece)
                self._check_size(size, response)
                digest.update(piece)
                file.write(piece)
                now = time.monotonic()
                if now - reported >= PROGRESS_EVERY_S:
                    file.flush()
                    self.on_progress(size)
                    reported = now
        return Downloaded(digest.hexdigest(), size)

    def _check_size(self, size: int, response: httpx.Response) -> None:
        if size > self.max_bytes:
            raise DownloadRefusedError(
                f"the file at {without_credentials(response.url)} is larger than {self.max_bytes} bytes; if that is "
                "right, raise `max_download_bytes`"
            )


def _check_status(response: httpx.Response) -> None:
    status = response.status_code
    if status == httpx.codes.OK:
        return
    if status in LINK_EXPIRED:
        raise LinkExpiredError(f"the file host does not accept the link any more (HTTP {status})")
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status in MAY_PASS:
        raise TransferInterruptedError(
            f"the file host answered HTTP {status}", retry_after_s(response.headers)
        )
    raise DownloadRefusedError(
        f"the file host answered HTTP {status} at {without_credentials(response.url)}; if that stays, ask "
        "Pipefy's support"
    )


def joined(url: httpx.URL, location: str) -> str:
    """Return where a redirect leads, to be judged as a link; nothing where that cannot be read."""
    try:
        return str(url.join(location))
    except (httpx.InvalidURL, ValueError):
        return ""
