"""A run on an instance in Postgres, whose lock is lost while its rows are written."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from servers import PostgresDatabase
from support.project import JOBS, Project

from pipefy_exports_dagster.orchestration.milestones import Milestone
from pipefy_exports_dagster.sandbox import Sandbox, SandboxSettings


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(jobs=20, cards=10, processing_seconds=0.1)).running() as sandbox:
        yield sandbox


def test_nothing_is_committed_without_the_lock_and_the_next_run_loads_the_same_export(
    sandbox: Sandbox, tmp_path: Path, postgres_database: PostgresDatabase
) -> None:
    project = Project.for_sandbox(tmp_path / "project", sandbox.url)
    settings = project.home / "dagster.yaml"
    settings.unlink()
    settings.write_text(yaml.safe_dump({"storage": {"postgres": {"postgres_url": postgres_database.url}}}))

    def end_the_session(milestone: str) -> None:
        if milestone == Milestone.IN_TRANSACTION:
            [(pid, name)] = postgres_database.execute(
                "SELECT pid, application_name FROM pg_stat_activity JOIN pg_locks USING (pid) "
                "WHERE locktype = 'advisory'"
            )
            assert "last_month" in name
            postgres_database.execute("SELECT pg_terminate_backend(%s)", pid)

    failed = project.materialize(JOBS, on_milestone=end_the_session)
    assert failed.failure_class == "LocksUnavailableError", failed.failure
    assert project.tables() == {}
    assert not (project.data_dir / "locks").exists()
    loaded = project.materialize(JOBS)
    assert loaded.success, loaded.failure
    assert project.tables().keys() == {(JOBS, "last_month")}
    assert sandbox.stats.exports.total() == 1
