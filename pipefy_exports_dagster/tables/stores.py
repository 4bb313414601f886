"""Which place the tables are in: the only module that tells the kinds apart."""

from pathlib import Path

from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.stores import Lake

from .database_file import DatabaseFile
from .lake import lake_tables
from .store import TableStore


def table_store(config: PipefyExportsConfig) -> TableStore:
    """Return the place of a configuration's tables. Nothing is opened or imported for it."""
    return store_of(config.database_path, config.lake, read_copy=config.read_copy)


def store_of(database: Path, lake: Lake | None, *, read_copy: bool) -> TableStore:
    """Return the place of tables: the lake if there is one, else the DuckDB file.

    Args:
        database: The file; loads into a lake have their scratch files beside it.
        lake: The lake.
        read_copy: Whether a copy of the file is published for readers.
    """
    return lake_tables(lake, scratch=database.parent) if lake else DatabaseFile(database, read_copy)


def store_at(place: Path | TableStore, *, read_copy: bool = True) -> TableStore:
    """Return a place of tables; a path is that of a DuckDB file, with or without a copy for readers."""
    return DatabaseFile(place, read_copy) if isinstance(place, Path) else place
