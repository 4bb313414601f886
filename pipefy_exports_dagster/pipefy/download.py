"""From a link to a file on disk: whole, or not there at all.

A link lives about an hour and is a credential of its own. An expired one is replaced by asking for the
export again, which costs no new export.
"""

import os
import random
import re
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.config.model import Connection
from pipefy_exports_dagster.errors import (
    ConnectionFailedError,
    DownloadFailedError,
    DownloadRefusedError,
    ExportNotFoundError,
    ServerUnavailableError,
)
from pipefy_exports_dagster.pipefy.addresses import AddressPolicy
from pipefy_exports_dagster.pipefy.export import Export
from pipefy_exports_dagster.pipefy.secrets import Secrets
from pipefy_exports_dagster.pipefy.transfer import (
    Downloaded,
    LinkExpiredError,
    Transfer,
    TransferInterruptedError,
)
from pipefy_exports_dagster.pipefy.transport import BodyLimit, open_http

MAX_ATTEMPTS = 4
MAX_PAUSE_S = 60.0
EXPIRES_ON = re.compile(r"[?&]expires_on=([0-9]{1,11})(?:[&#]|$)")


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
        on_progress: Called with the bytes so far: at the first ones of an attempt, then every few seconds.

    Raises:
        DownloadRefusedError: A link that must not be followed, or a file larger than the limit.
        DownloadFailedError: The file did not arrive whole in several attempts.
        DiskFullError: No space is left.
    """
    time_limit = BodyLimit(
        time.monotonic() + connection.download_timeout_s,
        f"it did not finish within {connection.download_timeout_s:g} seconds (`download_timeout_s`)",
    )
    secrets = Secrets(os.environ)
    refused = ""
    is_stale = says_it_expired(export.link, clock)
    with open_http(connection.request_timeout_s) as http:
        transfer = Transfer(
            http=http,
            addresses=AddressPolicy(connection.allow_insecure_urls, connection.download_hosts),
            max_bytes=connection.max_download_bytes,
            time_limit=time_limit,
            on_progress=on_progress,
            secrets=secrets,
        )
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                if is_stale:
                    export = refresh(export.id)
                return transfer.fetch(export.link, target)
            except DownloadRefusedError as error:
                refused = str(error)
                break
            except LinkExpiredError as error:
                problem, is_stale = str(error), True
                pause_s = 0.0 if attempt == 1 else 1.0
            except (
                ConnectionFailedError,
                ServerUnavailableError,
                ExportNotFoundError,
            ) as error:  # of `refresh`
                # One answer that knows no such export may be a replica's lag: only a wait concludes that.
                problem, pause_s = str(error), _pause_s(attempt, getattr(error, "retry_after_s", None))
            except (TransferInterruptedError, httpx.TransportError) as error:
                problem = str(error)
                pause_s = _pause_s(attempt, getattr(error, "retry_after_s", None))
                is_stale = says_it_expired(export.link, clock)
            if attempt == MAX_ATTEMPTS or time.monotonic() >= time_limit.ends_at:
                break
            clock.sleep(pause_s)
    if refused:  # its address comes from the file host, which may quote the link in it
        raise DownloadRefusedError(secrets.strike(refused))
    attempts = "one attempt" if attempt == 1 else f"{attempt} attempts"
    raise DownloadFailedError(
        f"the file of export {export.id!r} did not arrive whole in {attempts}; the last problem: "
        f"{secrets.strike(problem)}. Re-materialize the partition: it downloads the same export again"
    )


def says_it_expired(link: str | None, clock: Clock) -> bool:
    """Whether a link tells of itself that it has expired; then it is not worth a request.

    A link that has just been refreshed is tried in any case: it may be our clock that is wrong.
    """
    match = EXPIRES_ON.search(link or "")
    return match is not None and clock.now().timestamp() >= int(match[1])


def _pause_s(attempt: int, asked_s: float | None) -> float:
    backoff_s = 2.0 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311 - jitter
    return min(backoff_s if asked_s is None else asked_s, MAX_PAUSE_S)
