"""Whether locks of sessions work at a server's address: behind some poolers, two clients get the same lock (tested).

A pooler in transaction mode (PgBouncer, Pgcat, Supavisor, RDS Proxy without pinning) gives each transaction whatever
session of the server is free. Another's lock is then a lock of one's own, which is granted.
"""

import secrets
from contextlib import ExitStack

from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.locks.postgres_session import PostgresAddress, PostgresSession

BEHIND_A_POOLER = 3
"""How many sessions try at once where something stands before the server: a pooler has more than one to give."""
_found_good: set[str] = set()


def require_own_session(address: PostgresAddress) -> None:
    """Check, once for a process and an address, that a second session is refused what the first holds.

    The lock is of a name of its own: one that a pooler keeps hinders nobody.

    Raises:
        ConfigurationError: Both got it.
    """
    if address.text in _found_good:
        return
    key = secrets.randbits(63)
    with ExitStack() as stack:
        first = stack.enter_context(address.session("checks locks"))
        is_direct = first.is_direct
        first.rows("SELECT pg_try_advisory_lock(%s)", key)
        others = [
            stack.enter_context(address.session("checks locks"))
            for _ in range(1 if is_direct else BEHIND_A_POOLER)
        ]
        for other in others:
            # Its transaction keeps one of the pooler's sessions, so that the next gets another.
            other.rows("BEGIN; SELECT 1")
            if _got(other, key) or not _keeps(first, key):
                raise ConfigurationError(
                    f"locks do not work in {first.server}: two sessions got the same one. A pooler in transaction "
                    "mode (PgBouncer) stands between, or it is not Postgres. Give the address of Postgres itself, or "
                    "put the pooler into session mode"
                )
        first.rows("SELECT pg_advisory_unlock(%s)", key)
    _found_good.add(address.text)


def _got(session: PostgresSession, key: int) -> bool:
    return bool(session.rows("SELECT pg_try_advisory_lock(%s)", key)[0][0])


def _keeps(session: PostgresSession, key: int) -> bool:
    return bool(
        session.rows(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid() "
            "AND (classid::bigint << 32) | objid::bigint = %s",
            key,
        )
    )
