import gzip
import hashlib
import io
import logging
import stat
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest
from pipefy.conftest import TOKEN
from pipefy.manual_clock import ManualClock
from pipefy.scripted_server import (
    Handler,
    Reply,
    ScriptedServer,
    answer,
    chunked,
    gzipped,
    hang,
    raw,
    redirect,
    reset,
    truncated,
)
from pipefy.secrets_in import told_by

from pipefy_exports_dagster.config import Connection
from pipefy_exports_dagster.errors import (
    AuthenticationError,
    ConnectionFailedError,
    DiskFullError,
    DownloadFailedError,
    DownloadRefusedError,
    PipefyExportsError,
    ServerUnavailableError,
)
from pipefy_exports_dagster.pipefy.download import download_export
from pipefy_exports_dagster.pipefy.export import Export, ExportState
from pipefy_exports_dagster.pipefy.transfer import Downloaded

CONTENT = b"id,name\n" + b"1,a\n" * 50_000
WHOLE = Downloaded(hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


def workbook() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("sheet.xml", "x" * 10_000)
    return file.getvalue()


class Download:
    """Downloads one export; asking Pipefy again gives the link `/fresh`."""

    def __init__(
        self, server: ScriptedServer, connection: Connection, clock: ManualClock, folder: Path
    ) -> None:
        self.server = server
        self.connection = connection
        self.clock = clock
        self.folder = folder
        self.target = folder / "e1.run.part"
        self.refreshed = 0
        self.refusals: list[PipefyExportsError] = []
        self.progress: list[int] = []
        self.on_progress: Callable[[int], None] = self.progress.append

    def export(self, link: str | None) -> Export:
        return Export("e1", ExportState.FINISHED, "finished", link)

    def link(self, path: str = "/file", *, lives_s: float = 3600) -> str:
        expires_on = int(self.clock.now().timestamp() + lives_s)
        return f"{self.server.url}{path}?expires_on={expires_on}&signature=s3cr3t"

    def refresh(self, export_id: str) -> Export:
        assert export_id == "e1"
        self.refreshed += 1
        if self.refusals:
            raise self.refusals.pop(0)
        return self.export(self.link("/fresh"))

    def run(self, link: str | None = None, **limits: Any) -> Downloaded:
        return download_export(
            self.export(link or self.link()),
            self.target,
            refresh=self.refresh,
            connection=replace(self.connection, **limits),
            clock=self.clock,
            on_progress=self.on_progress,
        )

    def fails(
        self, error: type[PipefyExportsError], match: str | None = None, **limits: Any
    ) -> PipefyExportsError:
        """Run, expect an error, and check what holds for each: nothing left, nothing told."""
        with pytest.raises(error, match=match) as caught:
            self.run(**limits)
        assert type(caught.value) is error
        assert list(self.folder.iterdir()) == []
        assert "s3cr3t" not in told_by(caught.value)
        assert len(str(caught.value)) < 600
        return caught.value


@pytest.fixture
def download(server: ScriptedServer, connection: Connection, clock: ManualClock, tmp_path: Path) -> Download:
    folder = tmp_path / "raw"
    folder.mkdir()
    return Download(server, connection, clock, folder)


def test_a_file_arrives_whole(server: ScriptedServer, download: Download) -> None:
    server.on("/file", answer(CONTENT))
    assert download.run() == WHOLE
    assert download.target.read_bytes() == CONTENT
    assert stat.S_IMODE(download.target.stat().st_mode) == 0o600
    assert download.progress[0] > 0
    assert (len(server.received), download.refreshed, download.clock.slept) == (1, 0, [])


def test_the_link_is_requested_as_it_was_signed(server: ScriptedServer, download: Download) -> None:
    server.on("/v1/ar%2Fquivo%20%C3%A7.xlsx", answer(b"x"))
    download.run(
        f"{server.url}/v1/ar%2Fquivo%20%C3%A7.xlsx?expires_on=99999999999&signature=a%2Bb/c+d%3D%3D&x="
    )
    assert server.received[0].query == "expires_on=99999999999&signature=a%2Bb/c+d%3D%3D&x="


def test_the_api_token_is_not_sent(
    server: ScriptedServer, download: Download, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPEFY_TOKEN", TOKEN)
    server.on("/file", redirect("/next"))
    server.on("/next", answer(CONTENT))
    download.run()
    for request in server.received:
        assert "authorization" not in request.headers
        assert "referer" not in request.headers
        assert TOKEN not in str(request)


@pytest.mark.parametrize(
    "reply",
    [
        chunked([CONTENT[:1000], CONTENT[1000:]]),
        gzipped(CONTENT),
        chunked(
            [gzip.compress(CONTENT)[:100], gzip.compress(CONTENT)[100:]], headers={"Content-Encoding": "gzip"}
        ),
    ],
    ids=["in chunks", "gzipped", "gzipped in chunks"],
)
def test_other_framings_arrive_whole(reply: Reply, server: ScriptedServer, download: Download) -> None:
    server.on("/file", reply)
    assert download.run() == WHOLE
    assert download.target.read_bytes() == CONTENT


def test_an_empty_file_is_a_file(server: ScriptedServer, download: Download) -> None:
    server.on("/file", answer(b""))
    assert download.run().size_bytes == 0
    assert download.target.exists()


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


def test_a_file_longer_than_announced_is_cut_where_http_says(
    server: ScriptedServer, download: Download
) -> None:
    server.on("/file", raw(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef"))
    assert download.run().size_bytes == 3


def test_a_whole_workbook_needs_no_announced_length(server: ScriptedServer, download: Download) -> None:
    server.on("/file", raw(b"HTTP/1.1 200 OK\r\n\r\n" + workbook()))
    assert download.run().size_bytes == len(workbook())


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


def test_a_redirect_to_an_allowed_host_is_followed(server: ScriptedServer, download: Download) -> None:
    server.on("/file", redirect(f"http://localhost:{server.port}/next?signature=s3cr3t"))
    server.on("/next", redirect("last", status=307))
    server.on("/last", answer(CONTENT))
    assert download.run() == WHOLE


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example.com/x?signature=s3cr3t",
        "https://pipefy.com.evil.com/?s3cr3t",
        "//evil.example.com/s?s3cr3t",
        "http://app.pipefy.com/x?s3cr3t",
        "https://user:s3cr3t@app.pipefy.com/x",
        "http://169.254.169.254/latest?s3cr3t",
        "file:///etc/passwd",
        "https://[x?s3cr3t",
        "https://xn--a/?s3cr3t",
        "\\\\evil.example.com\\x",
    ],
)
def test_a_redirect_elsewhere_is_refused(location: str, server: ScriptedServer, download: Download) -> None:
    server.on("/file", redirect(location))
    if location.startswith("\\"):
        server.on("/\\\\evil.example.com\\x", answer(status=405))  # a path on the same host
    download.fails(DownloadRefusedError)
    assert download.clock.slept == []


def test_redirects_without_end_are_refused(server: ScriptedServer, download: Download) -> None:
    server.on("/file", redirect("/file?signature=s3cr3t"))
    download.fails(DownloadRefusedError, "more than 5 times")
    assert len(server.received) == 6


@pytest.mark.parametrize("reply", [redirect(""), answer(status=304), answer(status=204), answer(status=405)])
def test_an_answer_that_is_no_file_is_refused(
    reply: Reply, server: ScriptedServer, download: Download
) -> None:
    server.on("/file", reply)
    download.fails(DownloadRefusedError, "the file host answered HTTP")


@pytest.mark.parametrize(
    "reply",
    [
        answer(b"x" * 1001),
        truncated(b"", 10**15),
        chunked(repeat(b"x" * 400)),
        gzipped(bytes(10**7)),
    ],
    ids=["too long", "announced too long", "without end", "a gzip bomb"],
)
def test_a_file_past_the_limit_is_refused(reply: Reply, server: ScriptedServer, download: Download) -> None:
    server.on("/file", reply)
    download.fails(
        DownloadRefusedError, "larger than 1000 bytes; .*`max_download_bytes`", max_download_bytes=1000
    )
    assert len(server.received) == 1


def test_a_file_of_just_the_limit_is_taken(server: ScriptedServer, download: Download) -> None:
    server.on("/file", answer(b"x" * 1000))
    assert download.run(max_download_bytes=1000).size_bytes == 1000


@pytest.mark.parametrize(
    "reply", [hang(), raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")], ids=["silence", "half a file"]
)
def test_silence_ends_at_the_timeout(reply: Reply, server: ScriptedServer, download: Download) -> None:
    server.on("/file", reply, answer(CONTENT))
    assert download.run(request_timeout_s=0.2) == WHOLE


def test_drips_end_at_the_deadline_for_all_attempts(server: ScriptedServer, download: Download) -> None:
    server.on("/file", chunked(repeat(b"x"), pause_s=0.05))
    download.fails(DownloadFailedError, "in 1 attempts; .*too long", download_timeout_s=0.3)


def test_a_host_that_refuses_connections_is_tried_again(
    download: Download, unused_port: Callable[[], int]
) -> None:
    port = unused_port()
    download.link = lambda *_args, **_more: f"http://127.0.0.1:{port}/x?signature=s3cr3t"  # type: ignore[method-assign]
    download.fails(DownloadFailedError, "ConnectError")
    assert len(download.clock.slept) == 3


def test_a_full_disk_is_named(server: ScriptedServer, download: Download) -> None:
    server.on("/file", answer(CONTENT))
    download.target.symlink_to("/dev/full")
    download.fails(DiskFullError, "no space is left in")
    assert len(server.received) == 1
    assert Path("/dev/full").exists()


def test_an_interruption_leaves_no_file(server: ScriptedServer, download: Download) -> None:
    server.on("/file", answer(CONTENT))

    def interrupt(_size: int) -> None:
        raise KeyboardInterrupt

    download.on_progress = interrupt
    with pytest.raises(KeyboardInterrupt):
        download.run()
    assert list(download.folder.iterdir()) == []


def test_the_first_bytes_are_on_disk_when_progress_is_first_reported(
    server: ScriptedServer, download: Download
) -> None:
    server.on("/file", chunked([b"abc", b"def"], pause_s=0.01))
    sizes: list[int] = []
    download_export(
        download.export(download.link()),
        download.target,
        refresh=download.refresh,
        connection=download.connection,
        clock=download.clock,
        on_progress=lambda size: sizes.append(size - download.target.stat().st_size),
    )
    assert sizes == [0]


def test_memory_stays_small(server: ScriptedServer, download: Download) -> None:
    def pieces() -> Iterator[bytes]:
        yield from repeat(bytes(1 << 20), 100)

    server.on("/file", chunked(pieces()))
    tracemalloc.start()
    try:
        assert download.run().size_bytes == 100 << 20
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20 << 20


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
