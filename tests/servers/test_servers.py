"""The servers that tests and `make demo-scale` start: they answer, restart, and are gone with their owner."""

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.error import HTTPError

import pytest
from servers import Broker, ObjectStore, PostgresDatabase, PostgresServer, ServerError, SigningObjectStore
from servers.server import HOST, Server
from support.needs import needs_scale
from support.servers import Bucket
from support.waiting import eventually

needs_scale()
import obstore  # noqa: E402
import psycopg2  # noqa: E402
import valkey  # noqa: E402
from obstore.store import S3Store  # noqa: E402

SCRIPTS = Path(__file__).parents[2] / "scripts"


def test_postgres_asks_for_its_password(postgres_database: PostgresDatabase) -> None:
    assert postgres_database.execute("SELECT %s + 1", 41) == [(42,)]
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(
            host=HOST, port=postgres_database.server.port, user="pipefy_exports", password="another"
        )


def test_each_database_is_empty(postgres_database: PostgresDatabase, postgres_server: PostgresServer) -> None:
    postgres_database.execute("CREATE TABLE here (n int)")
    other = postgres_server.create_database("other")
    assert other.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
    postgres_server.drop_database("other")


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_postgres_keeps_what_was_committed_when_it_is_restarted(mode: str) -> None:
    with PostgresServer() as server:
        database = server.create_database("kept")
        database.execute("CREATE TABLE kept AS SELECT 7 AS n")
        with server.cursor("kept") as session:
            server.restart(mode)  # type: ignore[arg-type]
            with pytest.raises(psycopg2.OperationalError):
                session.execute("SELECT 1")
        assert database.execute("SELECT n FROM kept") == [(7,)]


def test_the_broker_asks_for_its_password_and_shows_all_it_holds(broker: Broker) -> None:
    with valkey.Valkey.from_url(broker.url()) as client:
        client.set("a key", "a value")
    assert b"a value" in broker.content()
    with (
        valkey.Valkey(host=HOST, port=broker.port) as stranger,
        pytest.raises(valkey.exceptions.AuthenticationError),
    ):
        stranger.get("a key")


def test_the_object_store_refuses_to_overwrite_where_that_is_asked(bucket: Bucket) -> None:
    store = S3Store(bucket.name)
    obstore.put(store, "folder/file", b"x" * 6_000_000)
    with pytest.raises(obstore.exceptions.AlreadyExistsError):
        obstore.put(store, "folder/file", b"another", mode="create")
    assert bytes(obstore.get(store, "folder/file").bytes()) == b"x" * 6_000_000


def test_the_signing_store_takes_its_own_key_only(signing_object_store: SigningObjectStore) -> None:
    name = signing_object_store.create_bucket()
    settings = signing_object_store.environment

    def store(secret: str) -> S3Store:
        return S3Store(
            name,
            endpoint=signing_object_store.endpoint,
            access_key_id=settings["AWS_ACCESS_KEY_ID"],
            secret_access_key=secret,
            region=settings["AWS_REGION"],
            client_options={"allow_http": True},
        )

    obstore.put(store(settings["AWS_SECRET_ACCESS_KEY"]), "file", b"rows")
    with pytest.raises(obstore.exceptions.PermissionDeniedError):
        obstore.get(store("another"), "file")
    with pytest.raises(HTTPError, match="HTTP Error 40"):
        urllib.request.urlopen(f"{signing_object_store.endpoint}/{name}/file")


@pytest.mark.parametrize("kind", [PostgresServer, Broker, ObjectStore, SigningObjectStore])
def test_a_server_is_gone_with_its_files_when_its_owner_is_killed(kind: type[Server]) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER.format(kind=kind.__name__)],
        env=os.environ | {"PYTHONPATH": str(SCRIPTS)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout
    pid, folder = owner.stdout.readline().split(maxsplit=1)
    assert Path(folder.strip()).exists()
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    eventually(lambda: not is_there(int(pid)), lambda: f"{pid} is still there")
    eventually(lambda: not Path(folder.strip()).exists(), lambda: list(Path(folder.strip()).iterdir()))


OWNER = """
import servers, time
with servers.{kind}() as server:
    print(server.pid, server.folder, flush=True)
    time.sleep(600)
"""


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_closed_server_leaves_nothing() -> None:
    with Broker() as server:
        pid, folder = server.pid, server.folder
    assert not is_there(pid)
    assert not folder.exists()


def test_a_server_that_cannot_start_says_why_and_leaves_nothing(broker: Broker) -> None:
    second = Broker()
    second.port = broker.port
    with pytest.raises(ServerError, match="Address already in use"), second:
        pass
    assert not second.is_running
    with pytest.raises(ServerError, match="has not been started"):
        assert second.folder
