"""Where locks, raw files and tables are: on one machine, or where several machines reach them.

Credentials are named by variables and read when they are needed: the catalog's from the libpq variables (`PGHOST`,
`PGUSER`, ...) or the one that `catalog_env` names, the object store's from the AWS variables.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pipefy_exports_dagster.config.field_checks import check_fields
from pipefy_exports_dagster.config.setting_names import (
    LAKE_CATALOG,
    LAKE_CATALOG_ENV,
    LAKE_DATA_PATH,
    LOCKS,
    RAW_FILES,
)
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.text.quoting import quoted_value

POSTGRES = "postgres"
"""The catalog of a lake that is in Postgres."""
OBJECT_STORE = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>[^?#]*))?")
CATALOG_FILES = {".ducklake": "duckdb", ".duckdb": "duckdb", ".sqlite": "sqlite", ".db": "sqlite"}
"""What a lake's catalog in a file is written with, by the file's suffix."""


class Locks(StrEnum):
    """What keeps two runs from one partition."""

    FILE = "file"
    """Lock files in the data folder, for runs that are all on one machine."""
    POSTGRES = "postgres"
    """Advisory locks in the Dagster instance's Postgres, for runs on any machine."""


@dataclass(frozen=True, slots=True)
class Lake:
    """Tables in DuckLake instead of a DuckDB file. Takes the extra `[scale]`.

    Args:
        catalog: Where the catalog is: `postgres`, which the libpq variables name (PGHOST, PGUSER, ...), or on one
            machine a file, such as `lake.ducklake` (DuckDB) or `lake.sqlite`.
        catalog_env: Name of the environment variable that holds the catalog's connection string, in place of the libpq
            variables.
        data_path: The folder, or `s3://bucket/prefix`, of the tables' Parquet files.
    """

    data_path: str = ""
    catalog: str = POSTGRES
    catalog_env: str | None = None

    def __post_init__(self) -> None:
        """Make paths absolute: a run may have another working directory.

        Raises:
            ConfigurationError: A value cannot be used.
        """
        check_fields(self)
        if not self.data_path.strip():
            raise ConfigurationError(f"{LAKE_DATA_PATH} is missing; give a folder, or s3://bucket/prefix")
        object.__setattr__(self, "data_path", folder_or_bucket(LAKE_DATA_PATH, self.data_path))
        if self.catalog == POSTGRES:
            return
        if Path(self.catalog).suffix not in CATALOG_FILES:
            raise ConfigurationError(
                f"{LAKE_CATALOG} is {quoted_value(self.catalog)}; use postgres, or a file that ends with "
                f"{', '.join(CATALOG_FILES)}"
            )
        if self.catalog_env:
            raise ConfigurationError(
                f"{LAKE_CATALOG_ENV} is {quoted_value(self.catalog_env)}, but {LAKE_CATALOG} is a file; leave one out"
            )
        object.__setattr__(self, "catalog", str(Path(self.catalog).expanduser().absolute()))


def locks_named(text: str | None) -> Locks | None:
    """Return the locks of a name; None where the Dagster instance decides.

    Raises:
        ConfigurationError: There are none of that name.
    """
    if text is None:
        return None
    try:
        return Locks(str(text).lower())
    except ValueError:
        raise ConfigurationError(f"{LOCKS} is {quoted_value(text)}; use file or postgres") from None


def raw_files_at(text: str | None) -> str | None:
    """Return the address of the raw files in an object store; None where they are in the data folder.

    Raises:
        ConfigurationError: It is no address of an object store.
    """
    if text is None:
        return None
    found = OBJECT_STORE.fullmatch(text.rstrip("/"))
    prefix = (found["prefix"] or "x") if found else ""
    if not prefix.isprintable() or any(part in {"", ".", ".."} for part in prefix.split("/")):
        raise ConfigurationError(
            f"{RAW_FILES} is {quoted_value(text)}; use s3://bucket/prefix, or leave it out: they are then in the data "
            "folder"
        )
    return text.rstrip("/")


def folder_or_bucket(name: str, text: str) -> str:
    """Return an absolute folder, or the address of a bucket, without a slash at its end.

    Raises:
        ConfigurationError: It is another address.
    """
    if "://" not in text:
        return str(Path(text).expanduser().absolute())
    if not OBJECT_STORE.fullmatch(text):
        raise ConfigurationError(f"{name} is {quoted_value(text)}; use a folder, or s3://bucket/prefix")
    return text.rstrip("/")
