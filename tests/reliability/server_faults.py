"""Trouble with the servers that several machines share, and with scratch. docs/reliability.md shows this table.

In each case the run after the fault loads the one export that was asked for.
"""

from dataclasses import dataclass

from support.store_proxy import Fault

from pipefy_exports_dagster.orchestration.milestones import Milestone


@dataclass(frozen=True)
class ServerFault:
    """What happens, and how the run that meets it ends: `says` is part of its message."""

    fault: str
    what: str
    error: str = ""
    says: str = ""

    @property
    def outcome(self) -> str:
        return f"fails: `{self.error}`" if self.error else "succeeds"


@dataclass(frozen=True)
class Restart(ServerFault):
    """Postgres is restarted when a run has come so far."""

    at: Milestone = Milestone.WAITING


@dataclass(frozen=True)
class StoreFault(ServerFault):
    """The object store does that with a request of a method, for a key that ends so."""

    method: str = "PUT"
    ending: str = ".xlsx"
    does: Fault = Fault.UNAVAILABLE


LOST_LOCK = "A retry takes the lock again, and goes on where this run stopped"

RESTARTS = (
    Restart(
        "Postgres is restarted while a run waits for Pipefy",
        "the run ends its work but for the commit: its lock is gone",
        "LocksUnavailableError",
        LOST_LOCK,
        at=Milestone.WAITING,
    ),
    Restart(
        "... while a run writes to the lake",
        "nothing is committed: the lock and the catalog's session are gone",
        "LocksUnavailableError",
        LOST_LOCK,
        at=Milestone.IN_TRANSACTION,
    ),
    Restart(
        "... when a run has committed",
        "the load is written down by another session",
        at=Milestone.COMMITTED,
    ),
)
RESTART_IN_LOCK = ServerFault(
    "... while a run waits for another's lock",
    "nothing is asked for",
    "LocksUnavailableError",
    LOST_LOCK,
)
STORE_FAULTS = (
    StoreFault(
        "the object store answers 503 before an export is asked for",
        "nothing is asked for",
        "StoreUnavailableError",
        method="GET",
        ending=".probe",
    ),
    StoreFault("it refuses a put", "nothing is loaded", "StorageError", does=Fault.DENIED),
    StoreFault("it answers 503 to a put", "asked again, then nothing is loaded", "StoreUnavailableError"),
    StoreFault(
        "the connection ends in the middle of a put of a raw file",
        "asked again, then nothing is loaded",
        "StoreUnavailableError",
        does=Fault.CUT,
    ),
    StoreFault(
        "... or of its sidecar",
        "the file counts as not stored",
        "StoreUnavailableError",
        ending=".json",
        does=Fault.CUT,
    ),
)
LAKE_FAULTS = (
    StoreFault(
        "it answers 503 to a put of the lake's rows",
        "asked again, then nothing is committed",
        "StoreUnavailableError",
        "the object store cannot be reached, or did not answer as it should",
        ending=".parquet",
    ),
    StoreFault(
        "the connection ends in the middle of one",
        "asked again, then nothing is committed",
        "StoreUnavailableError",
        "the object store cannot be reached, or did not answer as it should",
        ending=".parquet",
        does=Fault.CUT,
    ),
)
FULL_DISK = ServerFault(
    "the disk for scratch is full",
    "the half download is removed",
    "DiskFullError",
    "no space is left in",
)
SERVER_FAULTS: tuple[ServerFault, ...] = (*RESTARTS, RESTART_IN_LOCK, *STORE_FAULTS, *LAKE_FAULTS, FULL_DISK)
