"""What every request passes first: it is counted."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipefy_exports_dagster.sandbox.operations import classify
from pipefy_exports_dagster.sandbox.state import SandboxState


class Front:
    """Reads a request, counts it by what it is for, and passes it on."""

    def __init__(self, app: ASGIApp, state: SandboxState) -> None:
        self._app = app
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await _read_body(receive)
        operation, fields = classify(scope["path"], body)
        if operation is not None:
            self._state.stats.count_request(operation, fields)
        await self._app(scope, _replay(body, receive), send)


async def _read_body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    replayed = False

    async def replay() -> Message:
        nonlocal replayed
        if replayed:
            return await receive()
        replayed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
