"""One request in the hands of a fault."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipefy_exports_dagster.sandbox.listener import Listener
from pipefy_exports_dagster.sandbox.state import SandboxState

_TICK_S = 0.05


@dataclass(frozen=True, slots=True)
class Answer:
    """What Pipefy would have answered."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def json(self) -> Any:
        """Read the body."""
        return json.loads(self.body)

    def with_json(self, body: Any) -> "Answer":
        """Return the answer with another body."""
        changed = json.dumps(body).encode()
        length = (b"content-length", str(len(changed)).encode())
        headers = [header for header in self.headers if header[0] != length[0]]
        return Answer(self.status, [*headers, length], changed)


class Exchange:
    """A request, and all the ways in which it can be answered or not."""

    def __init__(
        self,
        *,
        argument: str,
        body: bytes,
        asgi: tuple[ASGIApp, Scope, Receive, Send],
        state: SandboxState,
        listener: Listener,
    ) -> None:
        self.argument = argument
        self.body = body
        self.state = state
        self.listener = listener
        self._app, self._scope, self._receive, self._send = asgi
        self._client: tuple[str, int] = tuple(self._scope["client"])

    @property
    def headers(self) -> Headers:
        """The request's headers."""
        return Headers(scope=self._scope)

    @property
    def query(self) -> bytes:
        """The request's query string."""
        return bytes(self._scope["query_string"])

    @property
    def number(self) -> float:
        """The fault's argument as a number."""
        return float(self.argument)

    async def proceed(self) -> None:
        """Let Pipefy answer."""
        await self._app(self._scope, replay(self.body, self._receive), self._send)

    async def execute(self) -> Answer:
        """Let Pipefy do what is asked, but keep the answer back."""
        status, headers, parts = 500, [], []

        async def keep(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], list(message["headers"])
            else:
                parts.append(message.get("body", b""))

        await self._app(self._scope, replay(self.body, self._receive), keep)
        return Answer(status, headers, b"".join(parts))

    async def send(self, answer: Answer) -> None:
        """Send an answer that was kept back."""
        await self._start(answer.status, answer.headers)
        await self._send({"type": "http.response.body", "body": answer.body})

    async def respond(
        self, status: int, body: bytes, content_type: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Answer in Pipefy's place."""
        sent = {"content-type": content_type, "content-length": str(len(body)), **(headers or {})}
        await self._start(status, [(name.encode(), value.encode()) for name, value in sent.items()])
        await self._send({"type": "http.response.body", "body": body})

    async def stream(self, chunks: AsyncIterator[bytes], content_type: str) -> None:
        """Answer without saying how much there is to come, as long as the client listens."""
        await self._start(200, [(b"content-type", content_type.encode())])
        async with self._watched() as gone:
            async for chunk in chunks:
                if gone.is_set() or self.listener.stopping:
                    return
                await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
            await self._send({"type": "http.response.body", "body": b""})

    async def pause(self, seconds: float) -> None:
        """Keep the client waiting; no longer than it waits, or than the sandbox runs."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        async with self._watched() as gone:
            while (left := deadline - loop.time()) > 0 and not gone.is_set() and not self.listener.stopping:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(gone.wait(), min(_TICK_S, left))

    async def reset(self) -> None:
        """Break the connection off."""
        self.listener.reset(self._client)
        await self._until_gone()

    async def cut_off(self, answer: Answer, sent_bytes: int) -> None:
        """Announce a whole answer, send the beginning of it, and close the connection."""
        await self._start(answer.status, answer.headers)
        await self._send({"type": "http.response.body", "body": answer.body[:sent_bytes], "more_body": True})
        self.listener.close(self._client)
        await self._until_gone()

    async def send_raw(self, raw: bytes) -> None:
        """Write bytes past the HTTP library, which would not let them through, and close."""
        self.listener.close(self._client, raw)
        await self._until_gone()

    async def repeat_raw(self, beginning: bytes, piece: bytes, seconds: float) -> None:
        """Write a beginning, then the same bytes again and again, until the client gives up or the time is over."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        self.listener.write(self._client, beginning)
        async with self._watched() as gone:
            while loop.time() < deadline and not gone.is_set() and not self.listener.stopping:
                self.listener.write(self._client, piece)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(gone.wait(), _TICK_S)
        await self.reset()

    async def _start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def _until_gone(self) -> None:
        # uvicorn reports an answer as missing unless it has noticed by then that the client is gone.
        async with self._watched() as gone, asyncio.timeout(5):
            await gone.wait()

    def _watched(self) -> "_Watch":
        return _Watch(self._receive)


class _Watch:
    """Notices, while it is entered, that the client has gone."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._gone = asyncio.Event()

    async def __aenter__(self) -> asyncio.Event:
        self._task = asyncio.ensure_future(self._watch())
        return self._gone

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone.set()


def replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives a body once more that has been read already."""
    replayed = False

    async def replaying() -> Message:
        nonlocal replayed
        if replayed:
            return await receive()
        replayed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replaying
