"""Which faults are set, for which requests, and how often they are still to happen."""

import threading
from dataclasses import dataclass
from typing import Any

from pipefy_exports_dagster.sandbox.faults.registry import FAULTS, Fault
from pipefy_exports_dagster.sandbox.listener import Listener
from pipefy_exports_dagster.sandbox.operations import Operation, operation_of

ANY = "any"
ALWAYS = "always"


@dataclass(slots=True, eq=False)
class ArmedFault:
    """A fault that is set.

    Args:
        operation: One of the operations, the name of a GraphQL root field, or `any`.
        left: How often it is still to happen; None: always.
    """

    fault: Fault
    operation: str
    left: int | None
    argument: str

    def concerns(self, operation: Operation, fields: tuple[str, ...]) -> bool:
        """Say whether the fault can happen to a request."""
        named = self.operation in (ANY, operation) or self.operation in fields
        return named and operation in self.fault.operations

    def as_json(self) -> dict[str, Any]:
        """Return what is set, for other processes."""
        return {
            "operation": self.operation,
            "fault": self.fault.name,
            "left": ALWAYS if self.left is None else self.left,
            "argument": self.argument,
        }


class FaultPlan:
    """The faults that are set, in the order in which they will happen."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[ArmedFault] = []
        self._at_once: list[ArmedFault] = []
        self._listener: Listener | None = None

    @property
    def armed(self) -> list[ArmedFault]:
        """The faults still to happen."""
        with self._lock:
            return list(self._armed)

    def arm(self, order: str) -> None:
        """Set a fault: `operation:fault[:times][:argument]`, such as `create:answer-lost` or `any:slow:3:0.5`.

        Raises:
            ValueError: There is no such operation or fault, or the two do not go together.
        """
        operation, name, times, argument = (*order.split(":", 3), "", "", "")[:4]
        self.add(operation, name, times or 1, argument or None)

    def add(self, operation: str, name: str, times: int | str = 1, argument: str | None = None) -> None:
        """Set a fault for the next `times` requests of an operation, or for `always`.

        Raises:
            ValueError: There is no such operation or fault, or the two do not go together.
        """
        fault = _fault(name)
        _check_operation(operation, fault)
        armed = ArmedFault(fault, operation, _times(times), _argument(fault, argument))
        with self._lock:
            if armed.operation == ANY and armed.fault.at_once:
                self._at_once.append(armed)
            else:
                self._armed.append(armed)
        self._run_at_once()

    def clear(self) -> None:
        """Let everything be well again."""
        with self._lock:
            self._armed.clear()

    def take(self, operation: Operation, fields: tuple[str, ...]) -> ArmedFault | None:
        """Return the fault that is to happen to a request now, and count it down."""
        with self._lock:
            for armed in self._armed:
                if armed.concerns(operation, fields):
                    if armed.left is not None:
                        armed.left -= 1
                        if armed.left == 0:
                            self._armed.remove(armed)
                    return armed
        return None

    def give_back(self, armed: ArmedFault) -> None:
        """Count a fault up again that had no occasion to happen."""
        with self._lock:
            if armed.left is not None:
                armed.left += 1
                if armed not in self._armed:
                    self._armed.insert(0, armed)

    def attach(self, listener: Listener) -> None:
        """Let faults that wait for no request happen from now on."""
        self._listener = listener
        self._run_at_once()

    def _run_at_once(self) -> None:
        with self._lock:
            ready, self._at_once = (self._at_once, []) if self._listener else ([], self._at_once)
        for armed in ready:
            if armed.fault.at_once and self._listener:
                armed.fault.at_once(self._listener, armed.argument)


def _fault(name: str) -> Fault:
    if name not in FAULTS:
        raise ValueError(f"no such fault: {name!r}; there are {', '.join(sorted(FAULTS))}")
    return FAULTS[name]


def _times(times: int | str) -> int | None:
    if times == ALWAYS:
        return None
    try:
        number = int(times)
    except ValueError:
        number = 0
    if number < 1:
        raise ValueError(f"times must be a number from 1 or {ALWAYS!r}, not {times!r}")
    return number


def _check_operation(named: str, fault: Fault) -> None:
    if named == ANY:
        return
    operation = Operation(named) if named in set(Operation) else operation_of(named)
    if operation is Operation.LOOKUP and named != operation:
        raise ValueError(f"no such operation: {named!r}; there are {ANY}, {', '.join(Operation)}")
    if operation not in fault.operations:
        raise ValueError(f"{fault.name} happens to {', '.join(sorted(fault.operations))}, not to {named}")


def _argument(fault: Fault, given: str | None) -> str:
    if fault.argument is None:
        if given:
            raise ValueError(f"{fault.name} takes no argument")
        return ""
    argument = given or fault.argument.default
    if fault.argument.is_number:
        try:
            float(argument)
        except ValueError:
            raise ValueError(f"{fault.name} takes {fault.argument.meaning}, not {argument!r}") from None
    return argument
