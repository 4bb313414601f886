"""Faults of the file: not there, not whole, not a workbook, or without end."""

import asyncio
import io
import random
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool

from pipefy_exports_dagster.sandbox.caxlsx_parts import parts_after, parts_before
from pipefy_exports_dagster.sandbox.exchange import Exchange
from pipefy_exports_dagster.sandbox.faults.answers import FOREIGN_HOST
from pipefy_exports_dagster.sandbox.faults.registry import DOWNLOAD, Argument, fault
from pipefy_exports_dagster.sandbox.workbooks import write_parts

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ENDLESS_BYTES = 10 * 10**9
_CHUNK = 64 * 1024


@fault("link-expired", DOWNLOAD, "410: the link works no more; a fresh one does.")
async def expire_link(exchange: Exchange) -> None:
    """End the link; then the usual answer is a 410."""
    exchange.state.links.expire(parse_qs(exchange.query.decode()).get("signature", [""])[0])
    await exchange.proceed()


@fault(
    "redirect", DOWNLOAD, "302 to another address.", argument=Argument("URL", f"{FOREIGN_HOST}/export.xlsx")
)
async def redirect(exchange: Exchange) -> None:
    """Send the client elsewhere."""
    location = exchange.argument
    await exchange.respond(302, b"", "text/plain", {"location": location})


@fault("truncated", DOWNLOAD, "The connection closes after half of the announced bytes.")
async def truncate(exchange: Exchange) -> None:
    """Break off in the middle."""
    answer = await exchange.execute()
    await exchange.cut_off(answer, len(answer.body) // 2)


@fault("wrong-length", DOWNLOAD, "Content-Length announces half of the file, so that the rest is not read.")
async def misstate_length(exchange: Exchange) -> None:
    """Announce less than is sent: for HTTP the answer is whole, but the file is not."""
    body = (await exchange.execute()).body
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {_XLSX}\r\ncontent-length: {len(body) // 2}\r\nconnection: close\r\n\r\n"
    await exchange.send_raw(head.encode() + body)


@fault("garbage", DOWNLOAD, "200 with bytes that are no file of any kind.")
async def send_garbage(exchange: Exchange) -> None:
    """Send noise."""
    await exchange.respond(200, random.Random(7).randbytes(20_000), _XLSX)  # noqa: S311


@fault("empty-file", DOWNLOAD, "200 with no bytes at all.")
async def send_nothing(exchange: Exchange) -> None:
    """Send an empty file."""
    await exchange.respond(200, b"", _XLSX)


@fault(
    "endless-file",
    DOWNLOAD,
    "A file that grows and grows, up to 10 GB.",
    argument=Argument("kilobytes per second; 0 is no limit", "0", is_number=True),
)
async def send_forever(exchange: Exchange) -> None:
    """Begin like a workbook and go on, without saying how long it will be."""
    slow = exchange.number > 0
    chunk = max(1, int(exchange.number * 1000 / 20)) if slow else _CHUNK

    async def chunks() -> AsyncIterator[bytes]:
        yield b"PK\x03\x04"
        for _ in range(_ENDLESS_BYTES // chunk):
            yield b"\0" * chunk
            await asyncio.sleep(1 / 20 if slow else 0)

    await exchange.stream(chunks(), _XLSX)


@fault(
    "zip-bomb",
    DOWNLOAD,
    "A small workbook that unpacks to very much.",
    argument=Argument("megabytes unpacked", "1024", is_number=True),
)
async def send_bomb(exchange: Exchange) -> None:
    """Send a workbook whose one sheet is huge."""
    bomb = await run_in_threadpool(make_zip_bomb, int(exchange.number))
    await exchange.respond(200, bomb, _XLSX)


def make_zip_bomb(megabytes: int) -> bytes:
    """Make a valid workbook with one sheet of so many megabytes, a thousandth of that when packed."""
    bomb = io.BytesIO()
    cell = b'<c t="inlineStr"><is><t>' + b"A" * 900 + b"</t></is></c>"
    rows = (b"<row>" + cell * 10 + b"</row>") * 108  # a megabyte
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as target:
        write_parts(target, parts_before() | parts_after(datetime.now(UTC)))
        with target.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as stream:
            stream.write(
                b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
            )
            for _ in range(megabytes):
                stream.write(rows)
            stream.write(b"</sheetData></worksheet>")
    return bomb.getvalue()
