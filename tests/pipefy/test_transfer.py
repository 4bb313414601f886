import gzip
import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

import pytest
from pipefy.conftest import TOKEN
from pipefy.downloading import CONTENT, WHOLE, Download
from pipefy.scripted_server import (
    Reply,
    ScriptedServer,
    answer,
    chunked,
    gzipped,
    raw,
    redirect,
    truncated,
)

from pipefy_exports_dagster.errors import DiskFullError, DownloadRefusedError
from pipefy_exports_dagster.pipefy.download import download_export


def workbook() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("sheet.xml", "x" * 10_000)
    return file.getvalue()


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


def test_a_file_longer_than_announced_is_cut_where_http_says(
    server: ScriptedServer, download: Download
) -> None:
    server.on("/file", raw(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef"))
    assert download.run().size_bytes == 3


def test_a_whole_workbook_needs_no_announced_length(server: ScriptedServer, download: Download) -> None:
    server.on("/file", raw(b"HTTP/1.1 200 OK\r\n\r\n" + workbook()))
    assert download.run().size_bytes == len(workbook())


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
