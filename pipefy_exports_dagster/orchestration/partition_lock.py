"""One run per partition at a time: without it, two runs at once create two exports (tried)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipefy_exports_dagster.errors import PartitionLockedError
from pipefy_exports_dagster.files.names import safe_name
from pipefy_exports_dagster.files.private import make_folder
from pipefy_exports_dagster.locks.file_locks import held_lock
from pipefy_exports_dagster.locks.held import LockHeldError
from pipefy_exports_dagster.raw_files.folder import asset_folder


def partition_lock_path(data_dir: Path, organization_id: str, asset: str, partition: str) -> Path:
    """Return the file whose lock a run of a partition holds."""
    return data_dir.joinpath(
        "locks", safe_name(organization_id), asset_folder(asset), f"{safe_name(partition)}.lock"
    )


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

    Args:
        data_dir: The data folder, made if it is not there.
        organization_id: The organization.
        asset: The asset, with its prefix.
        partition: Its partition.
        timeout_s: How long to wait for another run.
        on_wait: Called once if another run has to be waited for.

    Yields:
        Whether another run held the lock first: it may have done what this run was started for.

    Raises:
        PartitionLockedError: The other run did not end in time.
    """
    path = partition_lock_path(data_dir, organization_id, asset, partition)
    make_folder(path.parent, root=data_dir)
    try:
        with held_lock(path, timeout_s=timeout_s, on_wait=on_wait) as waited:
            yield waited
    except LockHeldError as error:
        raise PartitionLockedError(
            f"another run works on {asset} {partition!r} and did not end within {timeout_s:.0f} s: {error}; wait for "
            "it, or end it in the Dagster UI, then materialize the partition again"
        ) from None
