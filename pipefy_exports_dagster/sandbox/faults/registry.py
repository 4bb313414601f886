"""What can go wrong: every fault that the sandbox can be told to have."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pipefy_exports_dagster.sandbox.exchange import Exchange
from pipefy_exports_dagster.sandbox.listener import Listener
from pipefy_exports_dagster.sandbox.operations import Operation

Act = Callable[[Exchange], Awaitable[bool | None]]
"""Treats one request. False: this request gave no occasion, it was answered as ever; try the next."""

EVERYWHERE = frozenset(Operation)
CREATE_AND_STATUS = frozenset({Operation.CREATE, Operation.STATUS})
GRAPHQL = CREATE_AND_STATUS | {Operation.LOOKUP}
STATUS = frozenset({Operation.STATUS})
DOWNLOAD = frozenset({Operation.DOWNLOAD})


@dataclass(frozen=True, slots=True)
class Argument:
    """What a fault can be told besides; it comes as text, also where it has to be a number."""

    meaning: str
    default: str
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault.

    Args:
        operations: Which requests it can happen to.
        description: One line, for `--help` and the documentation.
        at_once: What it does when it is set for `any`, instead of waiting for a request.
    """

    name: str
    operations: frozenset[Operation]
    description: str
    argument: Argument | None
    act: Act
    at_once: Callable[[Listener, str], None] | None = None


FAULTS: dict[str, Fault] = {}


def fault(
    name: str,
    operations: frozenset[Operation],
    description: str,
    *,
    argument: Argument | None = None,
    at_once: Callable[[Listener, str], None] | None = None,
) -> Callable[[Act], Act]:
    """Enter a function into the list of faults."""

    def enter(act: Act) -> Act:
        FAULTS[name] = Fault(name, operations, description, argument, act, at_once)
        return act

    return enter
