"""Servers for tests: each is started by the first test of a worker that asks for it, and ends with the worker."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from servers import Broker, ObjectStore, PostgresDatabase, PostgresServer, SigningObjectStore

from support.needs import needs_scale


@dataclass(frozen=True)
class Bucket:
    """A bucket of its own, whose keys are in this process's environment."""

    store: ObjectStore
    name: str

    @property
    def address(self) -> str:
        return f"s3://{self.name}"

    @property
    def environment(self) -> dict[str, str]:
        return self.store.environment


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    needs_scale()
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    needs_scale()
    with Broker() as server:
        yield server


@pytest.fixture(scope="session")
def object_store() -> Iterator[ObjectStore]:
    needs_scale()
    with ObjectStore() as server:
        yield server


@pytest.fixture(scope="session")
def signing_object_store() -> Iterator[SigningObjectStore]:
    needs_scale()
    with SigningObjectStore() as server:
        yield server


@pytest.fixture
def postgres_database(postgres_server: PostgresServer) -> Iterator[PostgresDatabase]:
    """A new database, which is gone after the test whoever is still connected."""
    name = f"test_{secrets.token_hex(8)}"
    yield postgres_server.create_database(name)
    postgres_server.drop_database(name)


@pytest.fixture
def catalog(postgres_database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch) -> PostgresDatabase:
    """An empty database, which the libpq variables name."""
    for name, value in postgres_database.environment.items():
        monkeypatch.setenv(name, value)
    return postgres_database


@pytest.fixture
def bucket(object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A new bucket; its store's keys and address are in the environment."""
    for name, value in object_store.environment.items():
        monkeypatch.setenv(name, value)
    return Bucket(object_store, object_store.create_bucket())
