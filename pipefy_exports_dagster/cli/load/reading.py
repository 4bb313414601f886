"""A file by hand, read into the scratch folder."""

from pathlib import Path

from pipefy_exports_dagster.cli.load.given_options import settings_named_as_options
from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.files.posix import require_posix
from pipefy_exports_dagster.reading.names import position_of
from pipefy_exports_dagster.reading.runner import read_table_file
from pipefy_exports_dagster.reading.staged import StagedTable


def read_file(path: Path, *, folder: Path, options: ReadOptions, pinned: tuple[str, ...]) -> StagedTable:
    """Read a file into the scratch folder.

    Args:
        pinned: The columns whose types were given at the command line: a slip there has to be noticed.

    Raises:
        ConfigurationError: The file has no such column.
        UnreadableFileError: And the other errors of `read_table_file`.
    """
    require_posix("reading a file")
    # By a name of our own: DuckDB cannot open one that is not UTF-8.
    source = folder / "source"
    source.symlink_to(path.absolute())
    with settings_named_as_options():
        staged = read_table_file(source, folder=folder, options=options)
    for name in pinned:
        if position_of(name, [(column.name, column.header) for column in staged.columns]) is None:
            listed = ", ".join(column.name for column in staged.columns[:30])
            raise ConfigurationError(
                f"--column-type names {name!r}, a column that the file does not have; it has {listed}"
            )
    return staged
