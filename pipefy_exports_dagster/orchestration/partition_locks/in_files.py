"""Lock files in the data folder: for runs that are all on one machine."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipefy_exports_dagster.files.names import safe_name
from pipefy_exports_dagster.files.private import make_folder
from pipefy_exports_dagster.locks.file_locks import held_lock, is_held, lock_file_holder
from pipefy_exports_dagster.locks.held import LockHeldError
from pipefy_exports_dagster.orchestration.partition_locks.protocol import PartitionName, locked_for_too_long
from pipefy_exports_dagster.raw_files.folder import asset_folder


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A partition whose lock file this process has locked."""

    waited: bool

    def check(self) -> None:
        """Do nothing: the operating system takes such a lock from no living process."""


@dataclass(frozen=True, slots=True)
class FilePartitionLocks:
    """The lock files of a data folder, which is made if it is not there."""

    data_dir: Path

    def path(self, name: PartitionName) -> Path:
        """Return the file whose lock a run of a partition holds."""
        return self.data_dir.joinpath(
            "locks",
            safe_name(name.organization_id),
            asset_folder(name.asset),
            f"{safe_name(name.partition)}.lock",
        )

    @contextmanager
    def hold(
        self,
        name: PartitionName,
        *,
        timeout_s: float,
        on_wait: Callable[[str], None],
        run_id: str = "",  # noqa: ARG002 - the system tells which process holds a file
    ) -> Iterator[HeldFile]:
        """Hold a partition's lock; the operating system releases it when a process is killed."""
        path = self.path(name)
        make_folder(path.parent, root=self.data_dir)
        try:
            with held_lock(
                path,
                timeout_s=timeout_s,
                on_wait=lambda: on_wait(f"{lock_file_holder(path)} holds {path}"),
            ) as waited:
                yield HeldFile(waited)
        except LockHeldError as error:
            raise locked_for_too_long(name, timeout_s, error) from None

    def holders(self, names: Collection[PartitionName]) -> dict[PartitionName, str]:
        """Return who holds which of the partitions; no file is made."""
        paths = {name: self.path(name) for name in names}
        return {name: lock_file_holder(path) for name, path in paths.items() if is_held(path)}

    def try_out(self) -> str:
        """Lock a file that nobody else has; a folder that is not there is not made."""
        folder = self.data_dir / "locks"
        if not folder.is_dir():
            return f"files in {folder}, which the first run makes"
        path = folder / ".try-out.lock"
        with held_lock(path, timeout_s=10):
            path.unlink()
        return f"files in {folder}"
