"""The process that reads a file, so that a reader that dies or swells takes nothing with it.

Started by `parent.py` as `python -m pipefy_exports_dagster.reading.child`. The request is a line of JSON on its
standard input, which then stays open until its parent dies; the answer is JSON on its standard output.
"""

import errno
import gc
import json
import os
import sys
import threading
import time
import traceback
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

from pipefy_exports_dagster.errors import (
    DiskFullError,
    LoadFailedError,
    PipefyExportsError,
    ReadLimitError,
    UnreadableFileError,
    ValueDoesNotFitError,
)
from pipefy_exports_dagster.read_options import ReadOptions

from .staged import StagedTable

# DuckDB spills to the folder beyond this; it is one of several users of the process's memory.
_DUCKDB_MEMORY_SHARE = 0.25
_DUCKDB_MIN_MEMORY = 200_000_000
# Each thread reserves some 100 KB a column, however few the rows are.
_MANY_COLUMNS = 1_000
_DUCKDB_MEMORY_SHARE_OF_MANY_COLUMNS = 0.6
_OF_A_STATEMENT = {
    "BinderException",
    "CatalogException",
    "NotImplementedException",
    "ParserException",
    "SyntaxException",
}
"""What DuckDB raises of our SQL, and never of a file's bytes: settings or this package are at fault."""


def main() -> None:
    """Read the requested file and answer."""
    started = time.monotonic()
    # The process ends before garbage in cycles is worth looking for, and each look goes through all that is imported.
    gc.disable()
    sys.meta_path.insert(0, _NoPandas())
    # Libraries that print must not get into the answer.
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    request = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_die_with_parent, daemon=True).start()
    try:
        options = ReadOptions(**request["options"])
        staged = read(Path(request["path"]), folder=Path(request["folder"]), options=options, started=started)
        result: dict[str, Any] = {"staged": staged.as_json()}
    except Exception as error:  # noqa: BLE001  each becomes an error of ours in the parent
        result = {"error": _described(error)}
    answer.write(json.dumps(result).encode())
    answer.flush()
    # Freeing a million cells one by one takes a second, ending the process takes none.
    os._exit(0)


def read(path: Path, *, folder: Path, options: ReadOptions, started: float) -> StagedTable:
    """Read a file of any kind into a typed Parquet file in the folder."""
    import duckdb

    from .pinning import check_options
    from .sniffing import FileKind
    from .staging import stage
    from .unwrapping import unwrap

    memory = max(int(options.max_memory_bytes * _DUCKDB_MEMORY_SHARE), _DUCKDB_MIN_MEMORY)
    connection = duckdb.connect(
        config={"memory_limit": f"{memory}B", "temp_directory": str(folder / "spill")}
    )
    connection.execute("SET TimeZone = 'UTC'")
    check_options(connection, options)
    path, kind = unwrap(path, folder=folder, max_unpacked_bytes=options.max_unpacked_bytes)
    if kind is FileKind.XLSX:
        from .xlsx.reader import open_workbook

        source = open_workbook(connection, path, options=options)
    else:
        from .delimited.reader import open_delimited

        source = open_delimited(path, folder=folder, options=options)
    if len(source.columns) > _MANY_COLUMNS:
        memory = int(options.max_memory_bytes * _DUCKDB_MEMORY_SHARE_OF_MANY_COLUMNS)
        connection.execute(f"SET memory_limit = '{memory}B'; SET threads = 1")
    return stage(connection, source, folder=folder, options=options, started=started)


def _described(error: Exception) -> dict[str, Any]:
    """Describe an error as JSON; the parent raises it again."""
    if isinstance(error, ValueDoesNotFitError):
        return {
            "class": "ValueDoesNotFitError", "message": str(error),
            "facts": {"column": error.column, "row": error.row, "value": error.value},
        }  # fmt: skip
    if isinstance(error, UnreadableFileError):
        return {"class": "UnreadableFileError", "message": str(error), "facts": {"detected": error.detected}}
    if isinstance(error, ReadLimitError):
        return {"class": "ReadLimitError", "message": error.what, "facts": {"option": error.option}}
    if isinstance(error, PipefyExportsError):
        return {"class": type(error).__name__, "message": str(error), "facts": {}}
    if of_machine := _of_machine_or_settings(error):
        return of_machine
    traceback.print_exc()
    return {
        "class": "UnreadableFileError",
        "message": f"the file cannot be read: {type(error).__name__}: {str(error)[:300]}",
        "facts": {"detected": "a damaged file, or one that no reader here knows"},
    }


def _of_machine_or_settings(error: Exception) -> dict[str, Any] | None:
    """Describe an error that says nothing of the file; None if it may."""
    if (isinstance(error, OSError) and error.errno == errno.ENOSPC) or "No space left" in str(error):
        return {"class": DiskFullError.__name__, "message": "no space left for reading the file", "facts": {}}
    if type(error).__name__ == "OutOfMemoryException":  # DuckDB's, which may not have been imported
        return {
            "class": ReadLimitError.__name__,
            "message": "reading the file takes more memory than it may have",
            "facts": {"option": "max_memory_bytes"},
        }
    if isinstance(error, MemoryError):
        return {
            "class": ReadLimitError.__name__,
            "message": "the machine gave the process that reads the file no more memory; free some, or raise the "
            "limit that it runs under, and the same file loads",
            "facts": {},
        }
    if type(error).__name__ in _OF_A_STATEMENT:
        said = f"DuckDB refuses how the file is to be read ({type(error).__name__})"
        advice = "the export is kept; look at the `reading` section of the configuration, or report this"
        return {
            "class": LoadFailedError.__name__,
            "message": f"{said}: {str(error)[:300]}; {advice}",
            "facts": {"without_values": f"{said}; {advice}"},
        }
    return None


class _NoPandas(MetaPathFinder):
    """Says that pandas is not installed.

    DuckDB and pyarrow import it only to see whether what they are handed is a DataFrame: half a second and 60 MB
    for a no.
    """

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        """Refuse pandas, know nothing of anything else."""
        del path, target
        if fullname == "pandas":
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


def _die_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(3)


if __name__ == "__main__":
    main()
