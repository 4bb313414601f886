"""Session advisory locks in a Postgres: one holder among processes on any machine.

A lock belongs to a session and ends with it, so each has a session of its own: Postgres frees it the moment the
holder's process dies, and when nothing has come from its machine for 50 s. A session that Postgres ended notices at
its next question only: ask (`HeldAdvisoryLock.check`) just before what the lock protects is committed.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from pipefy_exports_dagster.errors import LocksUnavailableError, StorageError
from pipefy_exports_dagster.locks.held import LockHeldError
from pipefy_exports_dagster.locks.pooler_check import require_own_session
from pipefy_exports_dagster.locks.postgres_session import PostgresAddress, PostgresSession
from pipefy_exports_dagster.text.quoting import printable

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 0.5

_TAKE = "SELECT pg_try_advisory_lock(%s)"
_FREE = "SELECT pg_advisory_unlock(%s)"
# A key of 64 bits is shown in halves.
_HELD = """
    FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (l.classid::bigint << 32) | l.objid::bigint = {key}
"""
_IS_OURS = "SELECT 1" + _HELD.format(key="%s") + "AND l.pid = pg_backend_pid()"
_HOLDERS = f"""
    SELECT k.key, a.application_name, host(a.client_addr), held.pid
    FROM unnest(%s::bigint[]) AS k(key)
    CROSS JOIN LATERAL (SELECT l.pid {_HELD.format(key="k.key")}) AS held
    LEFT JOIN pg_stat_activity a ON a.pid = held.pid
"""


@dataclass(frozen=True, slots=True)
class HeldAdvisoryLock:
    """A lock that is held, and whether another held it first."""

    waited: bool
    _session: PostgresSession = field(repr=False)
    _key: int = field(repr=False)

    @property
    def server(self) -> str:
        """Names the server."""
        return self._session.server

    def check(self) -> None:
        """Ask the session whether it still holds the lock.

        Raises:
            LocksUnavailableError: It does not, or does not answer: another may hold it.
        """
        if not self._session.rows(_IS_OURS, self._key):
            raise LocksUnavailableError(
                f"the lock in {self._session.server} was lost: this session does not hold it any more. Nothing was "
                "committed; a retry goes on where this run stopped"
            )


@dataclass(frozen=True, slots=True)
class AdvisoryLocks:
    """The locks of one Postgres.

    A lock's name becomes a key of 64 bits, so two names could share one: nobody works at the same time then who could,
    and who waits sees the other's name, because a holder's session carries it.
    """

    address: PostgresAddress

    @contextmanager
    def held(
        self,
        name: str,
        *,
        timeout_s: float,
        on_wait: Callable[[str], None] = lambda _holder: None,
        run_id: str = "",
    ) -> Iterator[HeldAdvisoryLock]:
        """Hold a lock.

        Args:
            name: Names the lock, the same on every machine.
            timeout_s: How long to wait for another that holds it.
            on_wait: Called once with the holder if the lock is not free.
            run_id: The run, which others that wait are told.

        Raises:
            LockHeldError: The other did not release it in time.
            ConfigurationError: Locks in this Postgres do not work: an extra is missing, or a pooler is in between.
            StorageError: The server refuses to lock.
            LocksUnavailableError: The server does not answer.
        """
        require_own_session(self.address)
        key = key_of(name)
        with self.address.session(name, run_id) as session:
            waited = self._wait(session, key, name, timeout_s, on_wait)
            try:
                yield HeldAdvisoryLock(waited, session, key)
            finally:
                # Closing the session frees it too, but a moment later.
                with suppress(LocksUnavailableError, StorageError):
                    session.rows(_FREE, key)

    def holders(self, names: Iterable[str]) -> dict[str, str]:
        """Return who holds which of the locks; one question for all.

        Raises:
            StorageError: The server refuses the question.
            LocksUnavailableError: The server does not answer.
        """
        names_of = {key_of(name): name for name in names}
        if not names_of:
            return {}
        with self.address.session("looks at locks") as session:
            return _holders(session, names_of)

    def is_held(self, name: str) -> bool:
        """Whether a session holds a lock."""
        return name in self.holders([name])

    def _wait(
        self,
        session: PostgresSession,
        key: int,
        name: str,
        timeout_s: float,
        on_wait: Callable[[str], None],
    ) -> bool:
        deadline, pause_s, waited = time.monotonic() + timeout_s, _FIRST_PAUSE_S, False
        while not session.rows(_TAKE, key)[0][0]:
            left_s = deadline - time.monotonic()
            if left_s <= 0 or not waited:
                holder = _holders(session, {key: name}).get(name, "another session, which has just ended,")
                if not waited:
                    waited = True
                    on_wait(holder)
                if left_s <= 0:
                    raise LockHeldError(f"{holder} holds the lock {name!r} in {session.server}")
            time.sleep(min(pause_s, max(left_s, 0)))
            pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)
        return waited


def key_of(name: str) -> int:
    """Return a name's key: the same in every process and version."""
    return int.from_bytes(
        hashlib.sha256(f"pipefy_exports_dagster {name}".encode()).digest()[:8], "big", signed=True
    )


def _holders(session: PostgresSession, names_of: dict[int, str]) -> dict[str, str]:
    return {
        names_of[key]: printable(said or f"session {pid}") + (f" (from {address})" if address else "")
        for key, said, address, pid in session.rows(_HOLDERS, list(names_of))
    }
