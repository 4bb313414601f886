"""One run per partition at a time: without it, two runs at once create two exports (tried)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pipefy_exports_dagster.errors import PartitionLockedError
from pipefy_exports_dagster.pipefy.raw_files import asset_folder, safe_name


@contextmanager
def partition_lock(
    data_dir: Path,
    organization_id: str,
    asset: str,
    partition: str,
    *,
    timeout_s: float,
    on_wait: Callable[[], None],
) -> Iterator[bool]:
    """Hold the partition's lock; the operating system releases it when a process is killed.

    Yields:
        Whether another run held the lock first: it may have done what this run was started for.

    Raises:
        PartitionLockedError: The other run did not end in time.
    """
    path = data_dir.joinpath(
        "locks", safe_name(organization_id), asset_folder(asset), f"{safe_name(partition)}.lock"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    waited = False
    try:
        lock.acquire(timeout=0)
    except Timeout:
        waited = True
        on_wait()
        try:
            lock.acquire(timeout=timeout_s, poll_interval=0.25)
        except Timeout:
            raise PartitionLockedError(
                f"another run works on {asset} {partition!r} and did not end within {timeout_s:.0f} s; wait for it, "
                "or end it in the Dagster UI, then materialize the partition again"
            ) from None
    try:
        yield waited
    finally:
        lock.release()
