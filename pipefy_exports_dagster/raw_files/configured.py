"""Which store keeps the raw files of a configuration: chosen here and nowhere else."""

from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.raw_files.archive import FolderArchive
from pipefy_exports_dagster.raw_files.bucket_archive import BucketArchive
from pipefy_exports_dagster.raw_files.store import RawFileStore


def raw_file_store(config: PipefyExportsConfig) -> RawFileStore:
    """Return where a configuration keeps its raw files: a bucket if it names one, else the data folder."""
    if config.raw_files is not None:
        return BucketArchive.at(config.raw_files, config.data_dir)
    return FolderArchive(config.data_dir)
