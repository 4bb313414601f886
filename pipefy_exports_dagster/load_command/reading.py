"""A file by hand: whether it can be opened, read into the scratch folder, and asked for its columns."""

from pathlib import Path

from pipefy_exports_dagster.errors import ConfigurationError, LoadFailedError, UnreadableFileError
from pipefy_exports_dagster.load_command.given_options import settings_named_as_options
from pipefy_exports_dagster.read_options import ReadOptions
from pipefy_exports_dagster.reading.names import position_of
from pipefy_exports_dagster.reading.parent import read_table_file
from pipefy_exports_dagster.reading.staged import StagedTable

DUCKDB_MAGIC = slice(8, 12)


def require_file(path: Path) -> None:
    """Check that there is a file that can be read.

    Raises:
        UnreadableFileError: There is not; the message says what there is.
    """
    try:
        if path.is_dir():
            raise UnreadableFileError(f"{path} is a folder; name the file in it", detected="a folder")
        if not path.exists():
            raise UnreadableFileError(f"{path} does not exist", detected="nothing")
        if not path.is_file():
            raise UnreadableFileError(
                f"{path} is not an ordinary file; save what it gives into one, and load that",
                detected="a pipe or a device",
            )
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise UnreadableFileError(
            f"{path} cannot be read: {error.strerror}", detected="a file that may not be read"
        ) from None


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
        head = file.read(DUCKDB_MAGIC.stop)
    if head and head[DUCKDB_MAGIC] != b"DUCK":
        raise LoadFailedError(f"{path} is a file, but not a DuckDB database; name another one")


def read_file(path: Path, *, folder: Path, options: ReadOptions, pinned: tuple[str, ...]) -> StagedTable:
    """Read a file into the scratch folder.

    Args:
        pinned: The columns whose types were given at the command line: a slip there has to be noticed.

    Raises:
        ConfigurationError: The file has no such column.
        UnreadableFileError: And the other errors of `read_table_file`.
    """
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
