"""How far each address has been told, kept where each step is stored at once.

A sensor's own cursor is stored when its tick is over: a daemon that is killed after a message, or a tick that takes
longer than Dagster waits, would send it again.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256

import dagster as dg

from pipefy_exports_dagster.notifications.addresses import Address, variable_of

FIRST_PAUSE_S = 60.0
LONGEST_PAUSE_S = 3600.0
MOST_IN_DOUBT = 3


@dataclass(frozen=True, slots=True)
class Position:
    """Up to where an address has been told.

    Args:
        runs: Number of the run's end, in the event log.
        results: Number of the newest result without a run.
        tries: How often the next message was sent in vain.
        again_at: When it is sent again, in seconds since 1970.
    """

    runs: int
    results: int
    tries: int = 0
    again_at: float = 0.0

    def after_try(self, now: float) -> "Position":
        """Return it after a message that did not arrive: ever longer pauses, an hour at most."""
        pause = min(FIRST_PAUSE_S * 2**self.tries, LONGEST_PAUSE_S)
        return replace(self, tries=self.tries + 1, again_at=now + pause)

    def waits(self, now: float) -> bool:
        """Whether the pause is not over. A clock that was put back makes it no longer than it can be."""
        return now < self.again_at <= now + LONGEST_PAUSE_S


@dataclass(slots=True)
class Positions:
    """The positions of one sensor, by the addresses' names."""

    instance: dg.DagsterInstance
    key: str
    by_name: dict[str, Position]

    @classmethod
    def of(cls, context: dg.SensorEvaluationContext, name: str) -> "Positions":
        """Read those of a sensor: in another code location it is another one.

        Args:
            context: The sensor's.
            name: The sensor's.
        """
        location = context.code_location_origin.location_name if context.code_location_origin else ""
        of = f"{location}/{context.repository_name or ''}/{name}"
        # MySQL tells keys apart by their beginning only.
        key = f"pipefy_exports/notify/{sha256(of.encode()).hexdigest()[:32]}"
        stored = context.instance.daemon_cursor_storage.get_cursor_values({key}).get(key)
        return cls(context.instance, key, _read(stored))

    def store(self, name: str, position: Position) -> None:
        """Keep a position, if it is another one."""
        if self.by_name.get(name) != position:
            self.by_name[name] = position
            self._write()

    def of_address(self, address: Address) -> Position | None:
        """Return an address's position, or the furthest behind of its variable: a second address renames the first."""
        if address.name in self.by_name:
            return self.by_name[address.name]
        same = [
            known for name, known in self.by_name.items() if variable_of(name) == variable_of(address.name)
        ]
        behind = min(same, key=lambda known: known.runs, default=None)
        return Position(behind.runs, behind.results) if behind else None

    def keep_only(self, found: Collection[Address]) -> None:
        """Forget addresses that are not configured any more; those of a variable that is empty may come back."""
        empty = {variable_of(address.name) for address in found if address.hidden is None}
        names = {address.name for address in found}
        gone = {name for name in self.by_name if name not in names and variable_of(name) not in empty}
        for name in gone:
            del self.by_name[name]
        if gone:
            self._write()

    def _write(self) -> None:
        values = {name: asdict(position) for name, position in self.by_name.items()}
        self.instance.daemon_cursor_storage.set_cursor_values({self.key: json.dumps(values)})


def _read(stored: str | None) -> dict[str, Position]:
    values: Mapping[str, Mapping[str, float]] = json.loads(stored or "{}")
    return {
        name: Position(int(of["runs"]), int(of["results"]), int(of["tries"]), of["again_at"])
        for name, of in values.items()
    }
