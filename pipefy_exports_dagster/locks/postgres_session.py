"""A session of our own in a Postgres, and what went wrong with it in our own words.

A library's message may quote a password or a whole address, so none is passed on: its cause is told by what it says.
"""

import os
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from pipefy_exports_dagster.errors import ConfigurationError, LocksUnavailableError, StorageError
from pipefy_exports_dagster.text.quoting import printable

INSTALL = 'psycopg2 is not installed: `pip install "pipefy-exports-dagster[scale]"`'
CONNECT_TIMEOUT_S = 10
SILENCE_S, PROBE_S, PROBES = 20, 10, 3
"""A peer that has not answered for 50 s is dead: both ends of the connection find out, and the lock ends."""
MAX_NAME_BYTES = 63
"""Postgres cuts a longer `application_name`."""
MAX_HOST_CHARACTERS = 20

_SETTINGS = {
    # The server's end; it may be told to end idle sessions, and one that holds a lock is idle.
    "tcp_keepalives_idle": str(SILENCE_S),
    "tcp_keepalives_interval": str(PROBE_S),
    "tcp_keepalives_count": str(PROBES),
    "tcp_user_timeout": str((SILENCE_S + PROBE_S * PROBES) * 1000),
    "idle_session_timeout": "0",
}
_SETTLED = (
    "SELECT set_config(s.name, v.value, false) FROM pg_settings s "
    "JOIN unnest(%s::text[], %s::text[]) AS v(name, value) USING (name)"
)

_STAYS = (
    (
        re.compile(r"password|authentication|SCRAM|pg_hba", re.IGNORECASE),
        "it does not accept the user or the password",
    ),
    (
        re.compile(r"role \"[^\"]{0,300}\" (does not exist|is not permitted)", re.IGNORECASE),
        "it does not know the user, or does not let it in",
    ),
    (re.compile(r"database \"[^\"]{0,300}\" does not exist", re.IGNORECASE), "there is no such database"),
    (re.compile(r"permission denied", re.IGNORECASE), "the user may not connect to that database"),
    (re.compile(r"SSL|certificate", re.IGNORECASE), "an encrypted connection could not be made"),
    (re.compile(r"invalid|missing \"=\"|unrecognized", re.IGNORECASE), "its address cannot be used"),
)
"""What libpq says of a connection that another try does not make. It gives no codes for them."""
_PASSES = (
    (
        re.compile(r"too many|remaining connection slots|connection limit", re.IGNORECASE),
        "it has too many connections",
    ),
    (
        re.compile(r"starting up|shutting down|recovery|administrator command", re.IGNORECASE),
        "it is starting or stopping",
    ),
    (
        re.compile(r"could not translate host name|Name or service not known", re.IGNORECASE),
        "its host is not known",
    ),
    (re.compile(r"refused", re.IGNORECASE), "nothing listens at its address"),
    (re.compile(r"timeout|timed out", re.IGNORECASE), "it did not answer in time"),
)


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """Where a Postgres is.

    Args:
        text: A SQLAlchemy URL, or a connection string of libpq. What it does not say is taken from libpq's environment
            variables (`PGHOST`, `PGUSER`, ...); all of it if it is empty.
        password: Gives the password in place of the address, for those that change by the hour.
    """

    text: str = field(default="", repr=False)
    password: Callable[[], str] | None = field(default=None, repr=False)

    @contextmanager
    def session(self, purpose: str, run_id: str = "") -> Iterator["PostgresSession"]:
        """Open a session of its own, and close it.

        Args:
            purpose: What others see that it is for, in `pg_stat_activity`.
            run_id: The run that it is of, if it is of one.

        Raises:
            ConfigurationError: The extra is not installed, or the address is none.
            StorageError: The server refuses the session, and would again.
            LocksUnavailableError: The server does not answer.
        """
        try:
            import psycopg2
        except ImportError:
            raise ConfigurationError(f"locks are in Postgres, and {INSTALL}") from None
        arguments = self._arguments()
        try:
            connection = psycopg2.connect(
                **{
                    "dsn": "",
                    "connect_timeout": CONNECT_TIMEOUT_S,
                    "keepalives": 1,
                    "keepalives_idle": SILENCE_S,
                    "keepalives_interval": PROBE_S,
                    "keepalives_count": PROBES,
                    "tcp_user_timeout": (SILENCE_S + PROBE_S * PROBES) * 1000,
                }
                | arguments
                | {"application_name": session_name(purpose, run_id)}
            )
        except (psycopg2.Error, ValueError, TypeError) as error:
            raise _not_opened(str(error), _label(arguments)) from None
        session = PostgresSession(connection, _label(arguments))
        try:
            connection.autocommit = True
            session.rows(_SETTLED, list(_SETTINGS), list(_SETTINGS.values()))
            yield session
        finally:
            with suppress(psycopg2.Error):
                connection.close()

    def _arguments(self) -> dict[str, Any]:
        arguments = _of_url(self.text) if "://" in self.text else {"dsn": self.text}
        return arguments | ({"password": self.password()} if self.password else {})


@dataclass(frozen=True, slots=True)
class PostgresSession:
    """An open session, each statement of which is a transaction of its own.

    Args:
        connection: The connection, of psycopg2.
        server: Names the server in messages.
    """

    connection: Any
    server: str

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query.

        Raises:
            LocksUnavailableError: The session has ended, or the server does not answer.
            StorageError: The server refuses the query.
        """
        import psycopg2

        try:
            with self.connection.cursor() as cursor:
                cursor.execute(sql, values)
                return list(cursor.fetchall())
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            raise LocksUnavailableError(
                f"the session in {self.server}, which keeps our locks, has ended: the server was stopped, or could not "
                "be reached. A retry takes the lock again, and goes on where this run stopped"
            ) from None
        except psycopg2.Error as error:
            raise StorageError(
                f"{self.server} refuses what locks need (SQLSTATE {error.pgcode}); see whether it is Postgres, and "
                "what its user may do"
            ) from None

    @property
    def is_direct(self) -> bool:
        """Whether the server itself answers: it then names the process that it named when the session began."""
        [(pid,)] = self.rows("SELECT pg_backend_pid()")
        return bool(pid == self.connection.info.backend_pid)


def session_name(purpose: str, run_id: str = "") -> str:
    """Return what tells others whose a session is, and what for; Postgres takes ASCII only.

    Of what is too long the end stays: it tells pods of Kubernetes, and partitions, apart.
    """
    place = f"{_ascii(socket.gethostname())[-MAX_HOST_CHARACTERS:]} pid {os.getpid()} "
    place += f"run {_ascii(run_id)[:8]} " if run_id else ""
    return place + _ascii(purpose)[-(MAX_NAME_BYTES - len(place)) :]


def _ascii(text: str) -> str:
    return printable(text).encode("ascii", "replace").decode("ascii")


def _of_url(text: str) -> dict[str, Any]:
    """Return the arguments for a URL as Dagster's own storage reads it, whatever driver it names."""
    import sqlalchemy.exc
    from sqlalchemy.engine import make_url

    try:
        url = make_url(text)
        if url.get_backend_name() not in {"postgresql", "postgres"}:
            raise ConfigurationError(
                "locks can be in Postgres only, and the address given is of another database"
            )
        url = url.set(drivername="postgresql+psycopg2")
        _, arguments = url.get_dialect()().create_connect_args(url)
    except (sqlalchemy.exc.SQLAlchemyError, ValueError):
        raise ConfigurationError(
            "the address of the Postgres that keeps locks is no URL; write "
            "postgresql+psycopg2://user:password@host:5432/database"
        ) from None
    return dict(arguments)


def _label(arguments: Mapping[str, Any]) -> str:
    """Return the server's name without what is secret: of a connection string nothing, which may be written anyhow."""
    host, port = arguments.get("host"), arguments.get("port")
    place = printable(str(host)) + (f":{port}" if port else "") if host else ""
    return f"Postgres at {place}" if place else "Postgres"


def _not_opened(said: str, server: str) -> Exception:
    for pattern, cause in _PASSES:
        if pattern.search(said):
            return LocksUnavailableError(
                f"{server}, which keeps our locks, cannot be reached: {cause}. It may pass; a retry goes on where this "
                "run stopped"
            )
    for pattern, cause in _STAYS:
        if pattern.search(said):
            return StorageError(f"{server}, which keeps our locks, cannot be used: {cause}")
    return LocksUnavailableError(f"{server}, which keeps our locks, cannot be reached; see whether it runs")
