"""Postgres is restarted during a run, or the disk is full: nothing is lost, and one export is asked for."""

import dataclasses
import secrets
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from reliability.server_faults import FULL_DISK, LAKE_FAULTS, RESTART_IN_LOCK, RESTARTS, Restart, StoreFault
from servers import ObjectStore, PostgresDatabase, PostgresServer
from support.project import JOBS, Outcome, Project
from support.raw_places import place
from support.store_proxy import Fault, StoreProxy
from support.waiting import PATIENCE_S, eventually

from pipefy_exports_dagster.exports import configured_exports
from pipefy_exports_dagster.orchestration.export_partition import ExportPartition
from pipefy_exports_dagster.orchestration.milestones import OnMilestone, ignore_milestone
from pipefy_exports_dagster.orchestration.partition_locks import partition_locks_of
from pipefy_exports_dagster.periods import PeriodFilter
from pipefy_exports_dagster.sandbox import ORGANIZATION_ID, Sandbox, SandboxSettings
from pipefy_exports_dagster.tables.stores import table_store


@dataclasses.dataclass
class Scene:
    """A sandbox, and a project as each of several machines has it."""

    sandbox: Sandbox
    project: Project
    database: PostgresDatabase

    def run(self, on_milestone: OnMilestone = ignore_milestone) -> Outcome:
        return self.project.materialize(JOBS, on_milestone=on_milestone)

    def content(self) -> list[tuple[object, ...]]:
        with (
            environment(self.project.environment),
            table_store(self.project.config).open_to_read(lock_timeout_s=PATIENCE_S) as connection,
        ):
            return connection.execute(f"SELECT * FROM {JOBS} ORDER BY _file_row").fetchall()


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def scene(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer, object_store: ObjectStore
) -> Iterator[Scene]:
    instance, lake = (postgres_server.create_database(f"test_{secrets.token_hex(8)}") for _ in range(2))
    bucket = object_store.create_bucket()
    settings = SandboxSettings(jobs=50, cards=10, processing_seconds=0.3)
    with Sandbox(settings).running() as sandbox:
        project = Project.for_sandbox(tmp_path_factory.mktemp("servers") / "project", sandbox.url)
        project.environment |= {
            **lake.environment,
            **object_store.environment,
            "PIPEFY_EXPORTS_RAW_FILES": f"s3://{bucket}/raw",
            "PIPEFY_EXPORTS_LAKE_DATA_PATH": f"s3://{bucket}/lake",
        }
        instance_settings = project.home / "dagster.yaml"
        instance_settings.unlink()
        storage = {"storage": {"postgres": {"postgres_url": instance.url}}}
        instance_settings.write_text(yaml.safe_dump(storage))
        scene = Scene(sandbox, project, instance)
        assert scene.run().success
        yield scene
    for database in (instance, lake):
        postgres_server.drop_database(database.name)


@pytest.mark.parametrize("case", RESTARTS, ids=[case.at for case in RESTARTS])
def test_postgres_may_be_restarted_at_any_moment_of_a_run(
    case: Restart, scene: Scene, postgres_server: PostgresServer
) -> None:
    before, exports_before = scene.content(), scene.sandbox.stats.exports.total()
    restarts: list[str] = []

    def restart(milestone: str) -> None:
        if milestone == case.at and not restarts:
            restarts.append(milestone)
            postgres_server.restart()

    scene.sandbox.faults.arm("status:unknown-state")  # it is waited for, however late the first question is
    outcome = scene.run(restart)
    assert restarts
    assert outcome.failure_class == case.error, outcome.failure
    if case.error:
        assert case.says in outcome.failure
        assert scene.content() == before
        outcome = scene.run()
    assert outcome.success, outcome.failure
    assert scene.sandbox.stats.exports.total() - exports_before == 1
    assert len(scene.content()) == outcome.metadata["dagster/row_count"]
    assert scene.project.leftovers() == []


def test_postgres_may_be_restarted_while_a_run_waits_for_anothers_lock(
    scene: Scene, postgres_server: PostgresServer
) -> None:
    config, exports_before = scene.project.config, scene.sandbox.stats.exports.total()
    [export] = [export for export in configured_exports(config) if export.asset == JOBS]
    name = ExportPartition(export, ORGANIZATION_ID, PeriodFilter.LAST_MONTH).name

    def waits() -> object:
        return scene.database.execute(
            "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE %s AND query LIKE %s"
            " AND pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')",
            "%last_month%",
            "%pg_try_advisory_lock%",
        )

    with (
        scene.project.instance() as instance,
        partition_locks_of(config, instance).hold(name, timeout_s=0, on_wait=print),
        ThreadPoolExecutor(1) as executor,
    ):
        run = executor.submit(scene.run)
        eventually(lambda: waits() or run.done())
        postgres_server.restart()
        outcome = run.result()
    assert outcome.failure_class == RESTART_IN_LOCK.error, outcome.failure
    assert RESTART_IN_LOCK.says in outcome.failure
    assert any("another run works on this partition" in message for message in outcome.messages)
    assert scene.sandbox.stats.exports.total() == exports_before
    assert scene.run().success
    assert scene.sandbox.stats.exports.total() == exports_before + 1


@pytest.mark.parametrize("case", LAKE_FAULTS, ids=[case.does for case in LAKE_FAULTS])
def test_a_store_that_does_not_take_the_rows_keeps_the_table_as_it_was(
    case: StoreFault, scene: Scene, object_store: ObjectStore
) -> None:
    before, exports_before = scene.content(), scene.sandbox.stats.exports.total()

    def fail(_method: str, path: str) -> Fault | None:
        return case.does if path.partition("?")[0].endswith(case.ending) else None

    with StoreProxy(object_store.endpoint, choose=fail).running() as proxy:
        scene.project.environment["AWS_ENDPOINT_URL"] = proxy.url
        failed = scene.run()
        scene.project.environment["AWS_ENDPOINT_URL"] = object_store.endpoint
    assert failed.failure_class == case.error, failed.failure
    assert case.says in failed.failure
    assert scene.content() == before
    loaded = scene.run()
    assert loaded.success, loaded.failure
    assert scene.sandbox.stats.exports.total() - exports_before == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, with room for lock files and little else."""
    mount = tmp_path / "small"
    mount.mkdir()
    options = ["-t", "tmpfs", "-o", "size=32k", "tmpfs"]
    try:
        mounted = subprocess.run(["mount", *options, mount], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root, and is not permitted everywhere")
    yield mount
    subprocess.run(["umount", mount], check=True)


def test_a_full_disk_for_scratch_or_raw_files_loses_nothing(
    start_sandbox: Callable[..., Sandbox], raw_files_at: str | None, small_disk: Path, tmp_path: Path
) -> None:
    sandbox = start_sandbox(jobs=3000)
    project = place(Project.for_sandbox(tmp_path / "project", sandbox.url), raw_files_at)
    project.environment["PIPEFY_EXPORTS_DATABASE"] = str(project.database)
    roomy = dict(project.environment)
    project.environment["PIPEFY_EXPORTS_DATA_DIR"] = str(small_disk)
    failed = project.materialize(JOBS)
    assert failed.failure_class == FULL_DISK.error, failed.failure
    assert FULL_DISK.says in failed.failure
    assert project.tables() == {}
    assert sum(path.stat().st_size for path in small_disk.rglob("*") if path.is_file()) == 0
    project.environment = roomy
    loaded = project.materialize(JOBS)
    assert loaded.success, loaded.failure
    assert project.tables().keys() == {(JOBS, "last_month")}
    assert sandbox.stats.exports.total() == 1
