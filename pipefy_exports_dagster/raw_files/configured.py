"""Which store keeps the raw files of a configuration: chosen here and nowhere else."""

from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.raw_files.archive import FolderArchive
from pipefy_exports_dagster.raw_files.store import RawFileStore


def raw_file_store(config: PipefyExportsConfig) -> RawFileStore:
    """Return where a configuration keeps its raw files: the data folder."""
    return FolderArchive(config.data_dir)
