"""What the doctor says of the locks: they work, or why not."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from servers import PostgresDatabase
from sqlalchemy.engine import make_url
from support.transaction_pooler import Pooler

from pipefy_exports_dagster.cli.doctor.finding import State
from pipefy_exports_dagster.cli.doctor.locks import check_locks
from pipefy_exports_dagster.config.exports import AutomationJobs
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.orchestration.partition_locks import PartitionName, partition_locks_of


@pytest.fixture
def config(tmp_path: Path) -> PipefyExportsConfig:
    return PipefyExportsConfig(data_dir=tmp_path / "data", organization_id="301")


def at(url: str) -> Any:
    storage = type("Storage", (), {"postgres_url": url})()
    return type("Instance", (), {"event_log_storage": storage})()


def said(config: PipefyExportsConfig, instance: Any) -> tuple[State, str]:
    [finding] = check_locks(config, instance)
    assert finding.check == "locks"
    return finding.state, finding.message


def test_files_are_tried_where_a_run_has_made_their_folder(config: PipefyExportsConfig) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        state, message = said(config, instance)
        assert (state, message) == (State.OK, f"files in {config.data_dir}/locks, which the first run makes")
        assert not config.data_dir.exists()
        (config.data_dir / "locks").mkdir(parents=True)
        assert said(config, instance) == (State.OK, f"files in {config.data_dir}/locks")
        assert list((config.data_dir / "locks").iterdir()) == []


def test_in_postgres_a_lock_is_taken_and_who_works_is_named(
    config: PipefyExportsConfig, postgres_database: PostgresDatabase
) -> None:
    instance = at(postgres_database.url)
    assert said(config, instance)[0] is State.OK
    assert "works on" not in said(config, instance)[1]
    assert isinstance(config.automation_jobs, AutomationJobs)
    name = PartitionName("301", "automation_jobs_export", "last_month")
    with partition_locks_of(config, instance).hold(name, timeout_s=0, on_wait=print, run_id="1a2b3c4d"):
        state, message = said(config, instance)
    assert state is State.OK
    assert "run 1a2b3c4d" in message
    assert "works on automation_jobs_export 'last_month'" in message


def test_a_server_that_does_not_answer_and_a_pooler_are_named(
    config: PipefyExportsConfig, postgres_database: PostgresDatabase
) -> None:
    url = make_url(postgres_database.url)
    state, message = said(config, at(url.set(port=1).render_as_string(hide_password=False)))
    assert state is State.ERROR
    assert "nothing listens at its address" in message
    with Pooler(
        postgres_database.server.port, in_transaction_mode=True, gives_newest=True
    ).running() as pooler:
        state, message = said(config, at(url.set(port=pooler.port).render_as_string(hide_password=False)))
    assert state is State.ERROR
    assert "PgBouncer" in message
    assert str(url.password) not in message


def test_an_instance_that_does_not_tell_has_to_be_told(config: PipefyExportsConfig) -> None:
    elsewhere = type("Instance", (), {"event_log_storage": object()})()
    state, message = said(config, elsewhere)
    assert state is State.ERROR
    assert "PIPEFY_EXPORTS_LOCKS" in message
