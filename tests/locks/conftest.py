"""The locks of partitions, of both kinds, and others that hold them."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from servers import PostgresDatabase

from pipefy_exports_dagster.locks.advisory_locks import AdvisoryLocks
from pipefy_exports_dagster.locks.postgres_session import PostgresAddress
from pipefy_exports_dagster.orchestration.partition_locks import (
    FilePartitionLocks,
    PartitionLocks,
    PartitionName,
    PostgresPartitionLocks,
)

LAST_MONTH = PartitionName("301", "crm/automation_jobs_export", "last_month")
HOLD = """
import sys
from pathlib import Path
kind, where, name = sys.argv[1:]
if kind == "file":
    from pipefy_exports_dagster.locks.file_locks import held_lock
    held = held_lock(Path(where), timeout_s=0)
else:
    from pipefy_exports_dagster.locks.advisory_locks import AdvisoryLocks
    from pipefy_exports_dagster.locks.postgres_session import PostgresAddress
    held = AdvisoryLocks(PostgresAddress(where)).held(name, timeout_s=0, run_id="1a2b3c4d-5e6f")
with held:
    print("held", flush=True)
    input()
"""


@dataclass(frozen=True)
class Kind:
    """The locks, and how a process that is not this one holds one of them."""

    name: str
    locks: PartitionLocks
    arguments: Callable[[PartitionName], tuple[str, str]]

    @contextmanager
    def held_elsewhere(self, name: PartitionName = LAST_MONTH) -> Iterator["subprocess.Popen[str]"]:
        where, lock = self.arguments(name)
        if self.name == "file":
            Path(where).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        command = [sys.executable, "-c", HOLD, self.name, where, lock]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout
            assert holder.stdout.readline() == "held\n"
            try:
                yield holder
            finally:
                holder.kill()

    def hold(self, name: PartitionName = LAST_MONTH, timeout_s: float = 0) -> AbstractContextManager[object]:
        return self.locks.hold(name, timeout_s=timeout_s, on_wait=print)


@pytest.fixture
def postgres_locks(postgres_database: PostgresDatabase) -> PostgresPartitionLocks:
    return PostgresPartitionLocks(AdvisoryLocks(PostgresAddress(postgres_database.url)))


@pytest.fixture(params=["file", "postgres"])
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    if request.param == "file":
        files = FilePartitionLocks(tmp_path)
        return Kind("file", files, lambda name: (str(files.path(name)), ""))
    database: PostgresDatabase = request.getfixturevalue("postgres_database")
    locks: PostgresPartitionLocks = request.getfixturevalue("postgres_locks")
    return Kind(
        "postgres",
        locks,
        lambda name: (database.url, f"{name.organization_id}/{name.asset}/{name.partition}"),
    )
