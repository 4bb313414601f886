"""Locks in a Postgres: sessions that end, servers that do not answer, poolers, names that are too long."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from servers import PostgresDatabase
from sqlalchemy.engine import make_url
from support.transaction_pooler import Pooler

from pipefy_exports_dagster.errors import ConfigurationError, LocksUnavailableError, StorageError
from pipefy_exports_dagster.locks.advisory_locks import AdvisoryLocks, key_of
from pipefy_exports_dagster.locks.held import LockHeldError
from pipefy_exports_dagster.locks.postgres_session import MAX_NAME_BYTES, PostgresAddress, session_name

NAME = "301/automation_jobs_export/last_month"


@pytest.fixture
def locks(postgres_database: PostgresDatabase) -> AdvisoryLocks:
    return AdvisoryLocks(PostgresAddress(postgres_database.url))


def test_a_key_is_the_same_in_every_version() -> None:
    assert key_of(NAME) == 2597446303023929745


def test_a_session_that_the_server_ended_is_noticed_before_the_commit(
    locks: AdvisoryLocks, postgres_database: PostgresDatabase
) -> None:
    with locks.held(NAME, timeout_s=0) as held:
        held.check()
        postgres_database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        )
        with locks.held(NAME, timeout_s=10), pytest.raises(LocksUnavailableError, match="has ended"):
            held.check()


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_restart_of_the_server_is_noticed_by_who_holds_and_by_who_waits(
    locks: AdvisoryLocks, postgres_database: PostgresDatabase, mode: str
) -> None:
    def restart(_holder: str) -> None:
        postgres_database.server.restart(mode)  # type: ignore[arg-type]

    with locks.held(NAME, timeout_s=0) as held:
        with (
            pytest.raises(LocksUnavailableError, match="A retry"),
            locks.held(NAME, timeout_s=10, on_wait=restart),
        ):
            pytest.fail("its session has ended")
        with pytest.raises(LocksUnavailableError):
            held.check()
    with locks.held(NAME, timeout_s=0) as held:
        held.check()


def test_a_lock_that_the_session_gave_back_is_noticed(locks: AdvisoryLocks) -> None:
    with locks.held(NAME, timeout_s=0) as held:
        held._session.rows("SELECT pg_advisory_unlock_all()::text")
        with pytest.raises(LocksUnavailableError, match="was lost"):
            held.check()


def test_who_waits_sees_host_process_run_and_lock(locks: AdvisoryLocks) -> None:
    with locks.held(NAME, timeout_s=0, run_id="1a2b3c4d-5e6f-7081"):
        holder = locks.holders([NAME])[NAME]
        with pytest.raises(LockHeldError) as caught, locks.held(NAME, timeout_s=0):
            pytest.fail("it is held")
    place = f"{socket.gethostname()[-20:]} pid {os.getpid()} run 1a2b3c4d "
    assert holder.startswith(place)
    assert holder.endswith("last_month (from 127.0.0.1)")
    assert holder in str(caught.value)


@pytest.mark.parametrize("purpose", [NAME * 9, "301/Relatório ✓/last_month", "a\nb\x1b[31m", ""])
def test_a_session_is_named_in_what_postgres_keeps_of_a_name(locks: AdvisoryLocks, purpose: str) -> None:
    named = session_name(purpose, "1a2b3c4d-5e6f")
    assert len(named.encode()) <= MAX_NAME_BYTES
    assert "run 1a2b3c4d" in named
    with locks.held(purpose, timeout_s=0, run_id="1a2b3c4d-5e6f"):
        assert locks.holders([purpose])[purpose].startswith(named)


def test_a_connection_string_and_the_variables_of_libpq_name_the_same_server(
    locks: AdvisoryLocks, postgres_database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = postgres_database.environment
    written = (
        f"host={settings['PGHOST']} port={settings['PGPORT']} user={settings['PGUSER']} "
        f"password={settings['PGPASSWORD']} dbname={settings['PGDATABASE']}"
    )
    with locks.held(NAME, timeout_s=0):
        assert AdvisoryLocks(PostgresAddress(written)).is_held(NAME)
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        assert AdvisoryLocks(PostgresAddress()).is_held(NAME)


def test_a_password_that_changes_is_asked_for_each_time(postgres_database: PostgresDatabase) -> None:
    url = make_url(postgres_database.url)
    address = PostgresAddress(
        url.set(password=None).render_as_string(hide_password=False), lambda: str(url.password)
    )
    with AdvisoryLocks(address).held(NAME, timeout_s=0) as held:
        held.check()


SECRET = "geheim-4711"


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"password": SECRET}, StorageError, "it does not accept the user or the password"),
        ({"username": "nobody"}, StorageError, "does not accept the user"),
        ({"database": "nowhere"}, StorageError, "there is no such database"),
        ({"port": 1}, LocksUnavailableError, "nothing listens at its address"),
        ({"host": "nowhere.invalid"}, LocksUnavailableError, "its host is not known"),
        ({"query": {"sslmode": "require"}}, StorageError, "an encrypted connection could not be made"),
        ({"query": {"bogus": SECRET}}, StorageError, "its address cannot be used"),
        ({"drivername": "mysql"}, ConfigurationError, "is of another database"),
        ({"password": f"{SECRET}\0"}, LocksUnavailableError, "cannot be reached"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_a_server_that_cannot_be_used_is_one_error_without_its_password(
    postgres_database: PostgresDatabase, changes: dict[str, object], error: type[Exception], says: str
) -> None:
    url = make_url(postgres_database.url)
    broken = url.set(**changes)  # type: ignore[arg-type]
    locks = AdvisoryLocks(PostgresAddress(broken.render_as_string(hide_password=False)))
    with pytest.raises(error, match=says) as caught, locks.held(NAME, timeout_s=0):
        pytest.fail("there is no such server")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    for secret in (SECRET, str(url.password)):
        assert secret not in str(caught.value)
        assert secret not in repr(locks)


@pytest.mark.parametrize(
    "text", ["://" + SECRET, f"postgresql://a:{SECRET}@[::1/x", f"host=127.0.0.1 {SECRET} x"]
)
def test_what_is_no_address_is_one_error_without_it(text: str) -> None:
    with (
        pytest.raises((ConfigurationError, StorageError)) as caught,
        AdvisoryLocks(PostgresAddress(text)).held(NAME, timeout_s=0),
    ):
        pytest.fail("there is no such server")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("gives_newest", [True, False])
def test_a_pooler_that_hands_sessions_round_is_found_and_named(
    postgres_database: PostgresDatabase, gives_newest: bool
) -> None:
    with _pooled(postgres_database, in_transaction_mode=True, gives_newest=gives_newest) as locks:
        for _ in range(2):
            with (
                pytest.raises(ConfigurationError, match="PgBouncer") as caught,
                locks.held(NAME, timeout_s=0),
            ):
                pytest.fail("two would get it")
    assert "session mode" in str(caught.value)


def test_a_pooler_that_keeps_sessions_apart_is_as_good_as_none(postgres_database: PostgresDatabase) -> None:
    with (
        _pooled(postgres_database, in_transaction_mode=False, gives_newest=True) as locks,
        locks.held(NAME, timeout_s=0) as held,
    ):
        held.check()
        assert locks.is_held(NAME)


@contextmanager
def _pooled(
    database: PostgresDatabase, *, in_transaction_mode: bool, gives_newest: bool
) -> Iterator[AdvisoryLocks]:
    with Pooler(database.server.port, in_transaction_mode, gives_newest).running() as pooler:
        url = make_url(database.url).set(port=pooler.port)
        yield AdvisoryLocks(PostgresAddress(url.render_as_string(hide_password=False)))


def test_without_the_extra_the_error_names_it() -> None:
    script = f"""
import sys
sys.modules["psycopg2"] = None
from pipefy_exports_dagster.locks.advisory_locks import AdvisoryLocks
from pipefy_exports_dagster.locks.postgres_session import PostgresAddress
try:
    with AdvisoryLocks(PostgresAddress("postgresql://a:{SECRET}@b/c")).held("x", timeout_s=0): pass
except Exception as error:
    print(type(error).__name__, error)
print([name for name in ("sqlalchemy", "dagster") if name in sys.modules])
"""
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said.startswith("ConfigurationError locks are in Postgres, and psycopg2 is not installed")
    assert '"pipefy-exports-dagster[scale]"' in said
    assert said.endswith("[]\n")
