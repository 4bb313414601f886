"""Faults of the connection: nothing comes back, or late."""

from pipefy_exports_dagster.sandbox.exchange import Answer, Exchange
from pipefy_exports_dagster.sandbox.faults.registry import EVERYWHERE, Argument, fault
from pipefy_exports_dagster.sandbox.listener import Listener


def _refuse_at_once(listener: Listener, argument: str) -> None:
    listener.refuse_from_any_thread(float(argument))


@fault(
    "refused",
    EVERYWHERE,
    "After such a request was answered, or with `any` at once, the port is closed: connections are refused.",
    argument=Argument("seconds", "2", is_number=True),
    at_once=_refuse_at_once,
)
async def refuse(exchange: Exchange) -> None:
    """Close the port and answer on the connection that stands, as its last word.

    A request that is refused never comes here to be recognized; so the one before it sets this off.
    """
    answer = await exchange.execute()
    exchange.listener.refuse(exchange.number)
    await exchange.send(Answer(answer.status, [*answer.headers, (b"connection", b"close")], answer.body))


@fault("reset", EVERYWHERE, "The connection is reset before the request is executed.")
async def reset(exchange: Exchange) -> None:
    """Break off."""
    await exchange.reset()


@fault("answer-lost", EVERYWHERE, "The request is executed, then the connection is reset.")
async def lose_answer(exchange: Exchange) -> None:
    """Execute, and break off: what was to be created exists."""
    await exchange.execute()
    await exchange.reset()


@fault(
    "hang",
    EVERYWHERE,
    "No answer, until the client gives up or the connection is reset.",
    argument=Argument("seconds", "600", is_number=True),
)
async def hang(exchange: Exchange) -> None:
    """Say nothing."""
    await exchange.pause(exchange.number)
    await exchange.reset()


@fault(
    "informational",
    EVERYWHERE,
    "Informational answers (102 Processing) again and again, and no answer, until the client gives up.",
    argument=Argument("seconds", "600", is_number=True),
)
async def keep_alive(exchange: Exchange) -> None:
    """Say again and again that there will be an answer."""
    await exchange.repeat_raw(b"", b"HTTP/1.1 102 Processing\r\n\r\n", exchange.number)


@fault(
    "slow-headers",
    EVERYWHERE,
    "The headers of an answer, a byte at a time, until the client gives up.",
    argument=Argument("seconds", "600", is_number=True),
)
async def drip_headers(exchange: Exchange) -> None:
    """Begin an answer that never comes to its body."""
    await exchange.repeat_raw(b"HTTP/1.1 200 OK\r\nx-filler: ", b"x", exchange.number)


@fault("slow", EVERYWHERE, "The answer comes late.", argument=Argument("seconds", "5", is_number=True))
async def slow(exchange: Exchange) -> None:
    """Wait, then answer."""
    await exchange.pause(exchange.number)
    await exchange.proceed()
