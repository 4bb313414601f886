"""Tables in a DuckDB file, with a copy of it for readers: for one machine."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pipefy_exports_dagster.config.naming import MAIN
from pipefy_exports_dagster.config.setting_names import DATABASE, LAKE_DATA_PATH
from pipefy_exports_dagster.errors import ConfigurationError, LoadFailedError

from .database import OpenDatabase, connect_for_query, open_database, open_to_read
from .database_errors import cannot_be_opened, translated
from .lake.maintaining import Maintained
from .read_copy import copy_to_read, read_copy_path
from .reader_connection import connect_to_read
from .spare_copy import SpareCopy
from .workspace import workspace

if TYPE_CHECKING:
    import duckdb

_DUCKDB_MAGIC = slice(8, 12)


@dataclass(frozen=True, slots=True)
class DatabaseFile:
    """The tables of a DuckDB file.

    Args:
        path: The file; one that does not exist is created by the first load.
        read_copy: Whether a copy of it is published for readers after each load.
    """

    path: Path
    read_copy: bool = True

    def __str__(self) -> str:
        return str(self.path)

    @property
    def catalog(self) -> str:
        return self.path.stem

    @property
    def folders(self) -> Mapping[str, Path]:
        return {DATABASE: self.path.parent}

    @property
    def said_by(self) -> str:
        return f"{DATABASE} names the file"

    @property
    def locked_files(self) -> tuple[Path, ...]:
        return (self.path,) if self.path.is_file() else ()

    @property
    def files(self) -> tuple[Path, ...]:
        copy = read_copy_path(self.path)
        return self.path, self.path.with_name(f"{self.path.name}.wal"), copy, *SpareCopy(copy).files

    def exists(self) -> bool:
        return self.path.exists()

    def require_usable(self) -> None:
        require_database(self.path)

    def workspace(self) -> AbstractContextManager[Path]:
        return workspace(self.path)

    def open_to_write(
        self,
        *,
        table: str,  # noqa: ARG002 - DuckDB locks the whole file
        lock_timeout_s: float,
        schema: str = MAIN,
    ) -> AbstractContextManager[OpenDatabase]:
        return open_database(
            self.path, schema=schema, lock_timeout_s=lock_timeout_s, read_copy=self.read_copy
        )

    def open_to_read(
        self, *, lock_timeout_s: float, schema: str = MAIN, as_load: bool = False
    ) -> AbstractContextManager["duckdb.DuckDBPyConnection"]:
        translate = translated if as_load else None
        return open_to_read(self.path, schema=schema, lock_timeout_s=lock_timeout_s, translate=translate)

    @property
    def needs_maintenance(self) -> bool:
        return False

    def require_lake(self) -> None:
        raise ConfigurationError(
            f"the tables are in {self.path}, a DuckDB file: set {LAKE_DATA_PATH} to have them in a lake"
        )

    def maintain(self, *, days: int, lock_timeout_s: float) -> tuple[Maintained, ...]:  # noqa: ARG002
        """Nothing: each load leaves the file as it has to be."""
        return ()

    def tried(self, *, lock_timeout_s: float) -> Iterator[str]:  # noqa: ARG002
        """Yield nothing: a file that opens is all there is."""
        return iter(())

    def publish(self, *, lock_timeout_s: float) -> str | None:
        if not self.read_copy:
            return None
        with open_database(self.path, lock_timeout_s=lock_timeout_s, read_copy=True) as opened:
            opened.checkpoint()
            return opened.publish()[1]

    def connect_to_read(self, *, lock_timeout_s: float) -> "duckdb.DuckDBPyConnection":
        return connect_to_read(self.path, read_copy=self.read_copy, lock_timeout_s=lock_timeout_s)

    def source(self) -> "QueriedFile":
        return QueriedFile(self.path)

    def query_sources(self) -> tuple["QueriedFile", ...]:
        """Return the read copy, which no query can keep a load waiting with, or first the database if that is newer."""
        if not self.path.exists():
            raise ConfigurationError(
                f"there is no database at {self.path} yet: materialize a partition first, or set {DATABASE}"
            )
        copy, is_current = copy_to_read(self.path, published=self.read_copy)
        if copy is None:
            return (self.source(),)
        return (QueriedFile(copy),) if is_current else (self.source(), QueriedFile(copy))


@dataclass(frozen=True, slots=True)
class QueriedFile:
    """A DuckDB file that a person's SQL is run on.

    DuckDB itself would leave the database's own file and its write-ahead log open to `COPY`, to profiles and to logs,
    though the database is attached read-only. So local files are closed once it is attached.
    """

    path: Path
    forbidden_functions: ClassVar[frozenset[str]] = frozenset()

    def connect(self, limits: Mapping[str, Any], *, may_spill: bool) -> "duckdb.DuckDBPyConnection":
        """Open it. Where the connection may spill, the file itself is open to it as well.

        Raises:
            ConfigurationError: There is no such file.
            DatabaseLockedError: Another process writes to it.
            LoadFailedError: It is no database, or DuckDB cannot open it.
        """
        import duckdb

        if not self.path.exists():
            raise ConfigurationError(f"there is no database at {self.path}")
        require_database(self.path)
        try:
            return connect_for_query(self.path, limits, files_closed=not may_spill)
        except duckdb.Error as error:
            raise cannot_be_opened(error, self.path) from None


def require_database(path: Path) -> None:
    """Check that a path is free or a DuckDB file: DuckDB would try to download a reader for anything else.

    Raises:
        LoadFailedError: It is something else.
    """
    if path.is_dir():
        raise LoadFailedError(f"the database {path} is a folder; name a file in it")
    if not path.exists():
        return
    with path.open("rb") as file:
        head = file.read(_DUCKDB_MAGIC.stop)
    if head and head[_DUCKDB_MAGIC] != b"DUCK":
        raise LoadFailedError(f"{path} is a file, but not a DuckDB database; name another one")
