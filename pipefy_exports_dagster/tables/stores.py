"""Which place the tables are in: the only module that tells the kinds apart."""

from pathlib import Path

from pipefy_exports_dagster.config.model import PipefyExportsConfig

from .database_file import DatabaseFile
from .store import TableStore


def table_store(config: PipefyExportsConfig) -> TableStore:
    """Return the place of a configuration's tables. Nothing is opened or imported for it."""
    return DatabaseFile(config.database_path, config.read_copy)


def store_at(place: Path | TableStore, *, read_copy: bool = True) -> TableStore:
    """Return a place of tables; a path is that of a DuckDB file, with or without a copy for readers."""
    return DatabaseFile(place, read_copy) if isinstance(place, Path) else place
