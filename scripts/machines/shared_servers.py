"""What machines share: each server started empty."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from servers import Broker, ObjectStore, PostgresDatabase, PostgresServer

BUCKET = "pipefy-exports"


@dataclass(frozen=True)
class SharedServers:
    """A Postgres with the Dagster instance and the lake's catalog, a broker, and a bucket."""

    postgres: PostgresServer
    instance: PostgresDatabase
    lake: PostgresDatabase
    broker: Broker
    store: ObjectStore
    bucket: str

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Self]:
        """Start all of them; they are gone with what they hold when the block ends.

        Raises:
            ServerError: One does not start.
        """
        with PostgresServer() as postgres, Broker() as broker, ObjectStore() as store:
            yield cls(
                postgres,
                postgres.create_database("dagster"),
                postgres.create_database("lake"),
                broker,
                store,
                store.create_bucket(BUCKET),
            )

    @property
    def settings(self) -> dict[str, str]:
        """The variables that say where everything is, and how to get in."""
        instance = self.instance.environment
        return {
            **self.lake.environment,
            **self.store.environment,
            "DAGSTER_PG_HOST": instance["PGHOST"],
            "DAGSTER_PG_PORT": instance["PGPORT"],
            "DAGSTER_PG_USER": instance["PGUSER"],
            "DAGSTER_PG_PASSWORD": instance["PGPASSWORD"],
            "DAGSTER_PG_DB": instance["PGDATABASE"],
            "CELERY_BROKER_URL": self.broker.url(0),
            "CELERY_RESULT_BACKEND": self.broker.url(1),
            "PIPEFY_EXPORTS_RAW_FILES": f"s3://{self.bucket}/raw",
            "PIPEFY_EXPORTS_LAKE_DATA_PATH": f"s3://{self.bucket}/lake",
        }

    @property
    def secrets(self) -> dict[str, str]:
        """What must be nowhere, by what it is."""
        return {
            "password of Postgres": self.postgres.environment["PGPASSWORD"],
            "password of the broker": self.broker.password,
            "secret key of the object store": self.store.environment["AWS_SECRET_ACCESS_KEY"],
        }
