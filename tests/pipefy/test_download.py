import gzip
import io
import logging
import stat
import zipfile
from collections.abc import Callable
from itertools import repeat

import pytest
from pipefy.downloading import CONTENT, WHOLE, Download
from pipefy.scripted_server import (
    Handler,
    Reply,
    ScriptedServer,
    answer,
    chunked,
    hang,
    raw,
    redirect,
    reset,
    truncated,
)

from pipefy_exports_dagster.errors import (
    AuthenticationError,
    ConnectionFailedError,
    DownloadFailedError,
    PipefyExportsError,
    ServerUnavailableError,
)


def workbook() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("sheet.xml", "x" * 10_000)
    return file.getvalue()


def test_a_file_arrives_whole(server: ScriptedServer, download: Download) -> None:
    server.on("/file", answer(CONTENT))
    assert download.run() == WHOLE
    assert download.target.read_bytes() == CONTENT
    assert stat.S_IMODE(download.target.stat().st_mode) == 0o600
    assert download.progress[0] > 0
    assert (len(server.received), download.refreshed, download.clock.slept) == (1, 0, [])


BROKEN: dict[str, Reply] = {
    "cut off": truncated(CONTENT, len(CONTENT) + 1),
    "cut off in a chunk": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc"),
    "cut off between chunks": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
    "reset": reset(),
    "reset in the middle": reset(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nabc"),
    "closed": raw(b""),
    "no length": raw(b"HTTP/1.1 200 OK\r\n\r\n" + CONTENT),
    "half a workbook of no length": raw(b"HTTP/1.1 200 OK\r\n\r\n" + workbook()[:-30]),
    "gzip that is cut off": raw(
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(CONTENT)[:50]
    ),
    "no gzip": answer(CONTENT, headers={"Content-Encoding": "gzip"}),
    "an encoding we did not ask for": answer(CONTENT, headers={"Content-Encoding": "zstd"}),
    "500": answer("oops", status=500),
    "502 with a web page": answer("<html>", status=502),
    "429": answer(status=429),
    "408": answer(status=408),
    "no HTTP": raw(b"220 ftp.example.com\r\n"),
    "a header with the link": raw(
        b"HTTP/1.1 302 Found\r\nLocation: https://app.pipefy.com/?signature=s3cr3t\x00\r\n\r\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("reply", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_download_is_tried_again(reply: Reply, server: ScriptedServer, download: Download) -> None:
    server.on("/file", reply, answer(CONTENT))
    assert download.run() == WHOLE
    assert download.target.read_bytes() == CONTENT
    assert (len(download.clock.slept), download.refreshed) == (1, 0)


@pytest.mark.parametrize("reply", BROKEN.values(), ids=BROKEN.keys())
def test_a_download_that_stays_broken_leaves_no_file(
    reply: Reply, server: ScriptedServer, download: Download
) -> None:
    server.on("/file", reply)
    download.fails(DownloadFailedError, "'e1' did not arrive whole in 4 attempts")
    assert len(server.received) == 4
    assert [0.5 * 2**i <= pause <= 1.5 * 2**i for i, pause in enumerate(download.clock.slept)] == [True] * 3


def test_retry_after_is_obeyed_up_to_a_limit(server: ScriptedServer, download: Download) -> None:
    busy = [answer(status=503, headers={"Retry-After": text}) for text in ("7", "99999999", "-1")]
    server.on("/file", *busy, answer(CONTENT))
    download.run()
    assert download.clock.slept[:2] == [7, 60]
    assert download.clock.slept[2] < 10


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_an_expired_link_is_replaced_by_asking_again(
    status: int, server: ScriptedServer, download: Download
) -> None:
    server.on("/file", answer("AccessDenied", status=status))
    server.on("/fresh", answer(CONTENT))
    assert download.run() == WHOLE
    assert (server.paths(), download.refreshed) == (["/file", "/fresh"], 1)


def test_a_link_that_says_it_has_expired_is_not_tried(server: ScriptedServer, download: Download) -> None:
    server.on("/fresh", answer(CONTENT))
    assert download.run(download.link(lives_s=0)) == WHOLE
    assert (server.paths(), download.refreshed) == (["/fresh"], 1)


def test_a_clock_that_runs_ahead_does_not_stop_the_download(
    server: ScriptedServer, download: Download
) -> None:
    server.on("/file", answer(CONTENT))
    link = download.link()
    download.clock.advance(86400)
    download.refresh = lambda export_id: download.export(link)  # type: ignore[method-assign]  # noqa: ARG005
    assert download.run(link) == WHOLE


@pytest.mark.parametrize("expires_on", ["", "soon", "-5", "²", "9" * 5000, "1e3", "0x1"])
def test_an_odd_expiry_is_left_to_the_file_host(
    expires_on: str, server: ScriptedServer, download: Download
) -> None:
    server.on("/file", answer(CONTENT))
    assert download.run(f"{server.url}/file?expires_on={expires_on}&signature=s3cr3t") == WHOLE
    assert download.refreshed == 0


def test_a_link_that_expires_in_mid_download_is_replaced(server: ScriptedServer, download: Download) -> None:
    def break_off_late(handler: Handler) -> None:
        download.clock.advance(3600)
        truncated(b"abc", 99)(handler)

    server.on("/file", break_off_late)
    server.on("/fresh", answer(CONTENT))
    assert download.run() == WHOLE
    assert server.paths() == ["/file", "/fresh"]


def test_a_link_that_is_never_accepted_is_a_failed_download(
    server: ScriptedServer, download: Download
) -> None:
    server.on("/file", answer(status=403))
    server.on("/fresh", answer(status=403))
    download.fails(DownloadFailedError, r"does not accept the link any more \(HTTP 403\)")
    assert download.refreshed == 3


def test_an_export_whose_link_is_gone_is_a_failed_download(download: Download) -> None:
    download.refresh = lambda export_id: download.export(None)  # type: ignore[method-assign]  # noqa: ARG005
    download.link = lambda *_args, **_more: f"{download.server.url}/none"  # type: ignore[method-assign]
    download.fails(DownloadFailedError, "gives no link")


@pytest.mark.parametrize(
    "trouble", [ConnectionFailedError("broken", sent=True), ServerUnavailableError("x", status=502)]
)
def test_trouble_while_asking_for_a_fresh_link_is_waited_out(
    trouble: PipefyExportsError, server: ScriptedServer, download: Download
) -> None:
    download.refusals = [trouble, trouble]
    server.on("/file", answer(status=403))
    server.on("/fresh", answer(CONTENT))
    assert download.run() == WHOLE
    assert server.paths() == ["/file", "/fresh"]


def test_a_refusal_while_asking_for_a_fresh_link_is_final(server: ScriptedServer, download: Download) -> None:
    download.refusals = [AuthenticationError("no")]
    server.on("/file", answer(status=403))
    download.fails(AuthenticationError, "no")


@pytest.mark.parametrize(
    "reply", [hang(), raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")], ids=["silence", "half a file"]
)
def test_silence_ends_at_the_timeout(reply: Reply, server: ScriptedServer, download: Download) -> None:
    server.on("/file", reply, answer(CONTENT))
    assert download.run(request_timeout_s=0.2) == WHOLE


def test_drips_end_at_the_deadline_for_all_attempts(server: ScriptedServer, download: Download) -> None:
    server.on("/file", chunked(repeat(b"x"), pause_s=0.05))
    download.fails(
        DownloadFailedError, "in one attempt; .*did not finish within 0.3 seconds", download_timeout_s=0.3
    )


def test_a_host_that_refuses_connections_is_tried_again(
    download: Download, unused_port: Callable[[], int]
) -> None:
    port = unused_port()
    download.link = lambda *_args, **_more: f"http://127.0.0.1:{port}/x?signature=s3cr3t"  # type: ignore[method-assign]
    download.fails(DownloadFailedError, "Connection refused")
    assert len(download.clock.slept) == 3


def test_no_link_is_logged_at_any_level(
    server: ScriptedServer, download: Download, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.on("/file", redirect("/next?signature=s3cr3t"))
    server.on("/next", answer(status=403), answer(CONTENT))
    server.on("/fresh", truncated(b"", 5), answer(CONTENT))
    download.run()
    assert "HTTP Request: GET http://127.0.0.1" in caplog.text
    assert "s3cr3t" not in caplog.text
