"""Which locks an instance's runs take: lock files only where it is sure that they are enough."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.stores import Locks
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.orchestration.partition_locks import (
    FilePartitionLocks,
    PostgresPartitionLocks,
    partition_locks_of,
)


class InPostgres:
    postgres_url = "postgresql://user:secret@host/dagster"


class InMySql:
    mysql_url = "mysql://user:secret@host/dagster"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PipefyExportsConfig:
    monkeypatch.delenv("PGHOST", raising=False)
    return PipefyExportsConfig(data_dir=tmp_path)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def on(storage: object) -> Any:
    return type("Instance", (), {"event_log_storage": storage})()


def test_where_all_runs_are_on_one_machine_it_is_files(
    config: PipefyExportsConfig, instance: dg.DagsterInstance
) -> None:
    assert partition_locks_of(config, instance) == FilePartitionLocks(config.data_dir)
    with dg.DagsterInstance.local_temp() as sqlite:
        assert partition_locks_of(config, sqlite) == FilePartitionLocks(config.data_dir)


def test_where_the_instance_is_in_postgres_it_is_that_one_unless_files_are_asked_for(
    config: PipefyExportsConfig,
) -> None:
    chosen = partition_locks_of(config, on(InPostgres()))
    assert isinstance(chosen, PostgresPartitionLocks)
    assert chosen.locks.address.text == InPostgres.postgres_url
    assert "secret" not in repr(chosen)
    asked = replace(config, locks=Locks.FILE)
    assert partition_locks_of(asked, on(InPostgres())) == FilePartitionLocks(config.data_dir)


def test_where_nobody_knows_it_has_to_be_said(
    config: PipefyExportsConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match=r"in InMySql, .* set `locks` \(PIPEFY_EXPORTS_LOCKS\)"):
        partition_locks_of(config, on(InMySql()))
    asked = replace(config, locks=Locks.FILE)
    assert partition_locks_of(asked, on(InMySql())) == FilePartitionLocks(config.data_dir)
    asked = replace(config, locks=Locks.POSTGRES)
    with pytest.raises(ConfigurationError, match="set PGHOST"):
        partition_locks_of(asked, on(InMySql()))
    monkeypatch.setenv("PGHOST", "127.0.0.1")
    assert isinstance(partition_locks_of(asked, on(InMySql())), PostgresPartitionLocks)


def test_postgres_beside_sqlite_is_refused(config: PipefyExportsConfig, instance: dg.DagsterInstance) -> None:
    asked = replace(config, locks=Locks.POSTGRES)
    with pytest.raises(ConfigurationError, match="leave it out, or put the instance into Postgres"):
        partition_locks_of(asked, instance)
