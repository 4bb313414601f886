"""What every request passes first: it is counted, and may fall to a fault."""

from email.utils import format_datetime

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipefy_exports_dagster.sandbox.exchange import Exchange, replay
from pipefy_exports_dagster.sandbox.faults import FaultPlan
from pipefy_exports_dagster.sandbox.listener import Listener
from pipefy_exports_dagster.sandbox.operations import Operation, classify
from pipefy_exports_dagster.sandbox.state import SandboxState


class Front:
    """Stands before the application, which knows nothing of faults."""

    def __init__(self, app: ASGIApp, state: SandboxState, faults: FaultPlan, listener: Listener) -> None:
        self._app = app
        self._state = state
        self._faults = faults
        self._listener = listener

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Treat one request."""
        send = self._dated(send)
        body = await _read_body(receive)
        operation, fields = classify(scope["path"], body)
        if operation is None:
            await self._app(scope, replay(body, receive), send)
            return
        self._state.stats.count_request(operation, fields)
        authorization = Headers(scope=scope).get("authorization")
        if operation is Operation.DOWNLOAD and authorization:
            self._state.stats.note_authorization(authorization)
        armed = self._faults.take(operation, fields)
        if armed is None:
            await self._app(scope, replay(body, receive), send)
            return
        # Counted before it happens: some last until the client gives up.
        self._state.stats.count_fault(armed.fault.name)
        exchange = Exchange(
            argument=armed.argument,
            body=body,
            asgi=(self._app, scope, receive, send),
            state=self._state,
            listener=self._listener,
        )
        if await armed.fault.act(exchange) is False:
            self._faults.give_back(armed)
            self._state.stats.uncount_fault(armed.fault.name)

    def _dated(self, send: Send) -> Send:
        """Return a `send` whose answers say what the sandbox's clock reads, as every server's answers do."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = format_datetime(self._state.clock.now(), usegmt=True).encode()
                message = {**message, "headers": [*message["headers"], (b"date", date)]}
            await send(message)

        return dated


async def _read_body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)
