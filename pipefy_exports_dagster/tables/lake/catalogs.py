"""Catalogs of a lake: where they are, how DuckDB attaches them, and who may write."""

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pipefy_exports_dagster.config.setting_names import LAKE_CATALOG, LAKE_CATALOG_ENV
from pipefy_exports_dagster.config.stores import CATALOG_FILES, POSTGRES, Lake
from pipefy_exports_dagster.errors import ConfigurationError, DatabaseLockedError
from pipefy_exports_dagster.files.names import safe_name
from pipefy_exports_dagster.files.private import GROUPS_FILE, is_shared, make_folder
from pipefy_exports_dagster.locks.advisory_locks import AdvisoryLocks
from pipefy_exports_dagster.locks.file_locks import held_lock
from pipefy_exports_dagster.locks.held import LockHeldError
from pipefy_exports_dagster.locks.postgres_session import PostgresAddress
from pipefy_exports_dagster.text.sql import literal

if TYPE_CHECKING:
    import duckdb

SECRET = "pipefy_exports_catalog"  # noqa: S105 - its name
_IN_SECRET = {"host": "HOST", "port": "PORT", "dbname": "DATABASE", "user": "USER", "password": "PASSWORD"}
_ENVIRONMENT = {
    "host": "PGHOST",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
}

Check = Callable[[], None]
"""Asks whether a lock is still held; raises if it is not."""


class Catalog(Protocol):
    """Where a lake's catalog is. `str()` is its address, for messages."""

    @property
    def extensions(self) -> tuple[str, ...]:
        """DuckDB's extensions that it needs."""

    def uri(self, connection: "duckdb.DuckDBPyConnection") -> str:
        """Return what ATTACH takes, and give the connection the secret for it."""

    def options(self) -> Mapping[str, str]:
        """Further options of ATTACH."""

    def exists(self) -> bool:
        """Whether there is a lake in it."""

    def prepare(self) -> None:
        """Make what a first attach needs."""

    def settle(self) -> None:
        """Give what a first attach made its mode."""

    def lock(self, name: str, *, timeout_s: float) -> AbstractContextManager[Check]:
        """Hold a lock that all who write to this lake take.

        Raises:
            DatabaseLockedError: Another did not release it in time; the message names it.
        """


def catalog_of(lake: Lake) -> Catalog:
    """Return the catalog of a configured lake; no credentials are read for it."""
    return PostgresCatalog(lake.catalog_env) if lake.catalog == POSTGRES else FileCatalog(Path(lake.catalog))


@dataclass(frozen=True, slots=True)
class PostgresCatalog:
    """A catalog in Postgres, for any number of machines."""

    variable: str | None = None

    @property
    def extensions(self) -> tuple[str, ...]:
        return "ducklake", "postgres_scanner"

    def __str__(self) -> str:
        return f"the Postgres that {self.variable or 'PGHOST'} names"

    def uri(self, connection: "duckdb.DuckDBPyConnection") -> str:
        arguments = self._arguments()
        said = [
            f"{_IN_SECRET[name]} {literal(str(value))}"
            for name, value in arguments.items()
            if name in _IN_SECRET
        ]
        connection.execute(f"CREATE OR REPLACE SECRET {SECRET} ({', '.join(['TYPE postgres', *said])})")
        others = " ".join(
            f"{name}={_quoted(str(value))}" for name, value in arguments.items() if name not in _IN_SECRET
        )
        return f"ducklake:postgres:{others}"

    def options(self) -> Mapping[str, str]:
        return {"META_SECRET": literal(SECRET)}

    def exists(self) -> bool:
        with self._address().session("looks for the lake") as session:
            return session.rows("SELECT to_regclass('ducklake_metadata') IS NOT NULL") == [(True,)]

    def prepare(self) -> None:
        """Nothing: the database has to be there."""

    def settle(self) -> None:
        """Nothing."""

    @contextmanager
    def lock(self, name: str, *, timeout_s: float) -> Iterator[Check]:
        try:
            with AdvisoryLocks(self._address()).held(f"lake {name}", timeout_s=timeout_s) as held:
                yield held.check
        except LockHeldError as error:
            raise _locked(error, timeout_s) from None

    def _address(self) -> PostgresAddress:
        return PostgresAddress(self._text())

    def _text(self) -> str:
        if self.variable is None:
            return ""
        text = os.environ.get(self.variable, "").strip()
        if not text:
            raise ConfigurationError(
                f"{LAKE_CATALOG_ENV} names the variable {self.variable}, which is not set: give it the catalog's "
                "connection string, such as postgresql://user:password@host:5432/database"
            )
        return text

    def _arguments(self) -> dict[str, Any]:
        """Return what libpq would connect with, by its own names; the variables are in it, so that a secret has all."""
        try:
            import psycopg2
            from psycopg2.extensions import parse_dsn
        except ImportError:
            raise ConfigurationError(
                "the lake's catalog is in Postgres, and psycopg2 is not installed: "
                '`pip install "pipefy-exports-dagster[scale]"`'
            ) from None
        scheme, separator, rest = self._text().partition("://")
        text = f"postgresql://{rest}" if separator else scheme
        try:
            given = parse_dsn(text) if text else {}
        except psycopg2.Error:
            raise ConfigurationError(
                f"{self.variable} is no connection string; write postgresql://user:password@host:5432/database"
            ) from None
        known = {
            name: os.environ[variable] for name, variable in _ENVIRONMENT.items() if os.environ.get(variable)
        }
        return known | given


@dataclass(frozen=True, slots=True)
class FileCatalog:
    """A catalog in a file, for one machine."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @property
    def extensions(self) -> tuple[str, ...]:
        return ("ducklake", "sqlite_scanner") if self._kind == "sqlite" else ("ducklake",)

    @property
    def _kind(self) -> str:
        return CATALOG_FILES[self.path.suffix]

    def uri(self, _connection: "duckdb.DuckDBPyConnection") -> str:
        return f"ducklake:{self._kind}:{self.path}" if self._kind == "sqlite" else f"ducklake:{self.path}"

    def options(self) -> Mapping[str, str]:
        return {}

    def exists(self) -> bool:
        return self.path.exists()

    def prepare(self) -> None:
        if self.path.is_dir():
            raise ConfigurationError(f"{LAKE_CATALOG} is {self.path}, a folder; name a file")
        make_folder(self.path.parent)
        make_folder(self._locks)

    def settle(self) -> None:
        with contextlib.suppress(OSError):
            self.path.chmod(GROUPS_FILE if is_shared(self.path.parent) else 0o600)

    @contextmanager
    def lock(self, name: str, *, timeout_s: float) -> Iterator[Check]:
        try:
            with held_lock(self._locks / f"{safe_name(name)}.lock", timeout_s=timeout_s):
                yield lambda: None
        except LockHeldError as error:
            raise _locked(error, timeout_s) from None

    @property
    def _locks(self) -> Path:
        return self.path.with_name(f".{self.path.name}.locks")


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _locked(error: LockHeldError, timeout_s: float) -> DatabaseLockedError:
    return DatabaseLockedError(
        f"{error}, for {timeout_s:g} s: it writes to the same table of the lake. Run again when it has ended: neither "
        "the export nor the download is repeated"
    )
