"""Which locks are taken: what `locks` says, or what fits the Dagster instance.

Never lock files unless it is sure that they are enough: on each of several machines they would keep nobody out.
"""

import os

import dagster as dg

from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.setting_names import LOCKS
from pipefy_exports_dagster.config.stores import Locks
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.locks.advisory_locks import AdvisoryLocks
from pipefy_exports_dagster.locks.postgres_session import PostgresAddress
from pipefy_exports_dagster.orchestration.partition_locks.in_files import FilePartitionLocks
from pipefy_exports_dagster.orchestration.partition_locks.in_postgres import PostgresPartitionLocks
from pipefy_exports_dagster.orchestration.partition_locks.protocol import PartitionLocks


def partition_locks_of(config: PipefyExportsConfig, instance: dg.DagsterInstance) -> PartitionLocks:
    """Return the locks that every process of an instance takes. Nothing is opened.

    Raises:
        ConfigurationError: `locks` has to be set for this instance, or does not fit it.
    """
    storage = instance.event_log_storage
    address = getattr(storage, "postgres_url", None)
    is_on_one_machine = _is_on_one_machine(storage)
    if config.locks is Locks.FILE or (config.locks is None and is_on_one_machine):
        return FilePartitionLocks(config.data_dir)
    if address:
        # Those whose password changes by the hour have it from a provider; it is not in the address.
        provider = getattr(storage, "_token_provider", None)
        password = provider.get_token if provider else None
        return PostgresPartitionLocks(AdvisoryLocks(PostgresAddress(str(address), password)))
    if config.locks is None:
        raise ConfigurationError(
            f"this Dagster instance keeps its events in {type(storage).__name__}, which does not tell whether all runs "
            f"are on one machine: set {LOCKS} to `file` if they are; otherwise to `postgres`, with PGHOST and the "
            "other libpq variables naming a Postgres that every machine reaches"
        )
    if is_on_one_machine:
        raise ConfigurationError(
            f"{LOCKS} is postgres, but this Dagster instance keeps its events in SQLite, so its runs are on one "
            "machine: leave it out, or put the instance into Postgres (`storage` in its dagster.yaml)"
        )
    if not os.environ.get("PGHOST"):
        raise ConfigurationError(
            f"{LOCKS} is postgres, but this Dagster instance is not in one: set PGHOST and the other libpq variables "
            "(PGUSER, PGPASSWORD, PGDATABASE) to a Postgres that every machine reaches"
        )
    return PostgresPartitionLocks(AdvisoryLocks(PostgresAddress()))


def _is_on_one_machine(storage: object) -> bool:
    # Imported here: with it come SQLAlchemy and alembic, 0.6 s, which a process without an instance does not need.
    from dagster._core.storage.event_log import (
        ConsolidatedSqliteEventLogStorage,
        InMemoryEventLogStorage,
        SqliteEventLogStorage,
    )

    on_one_machine = (SqliteEventLogStorage, ConsolidatedSqliteEventLogStorage, InMemoryEventLogStorage)
    return isinstance(storage, on_one_machine)
