"""The process that reads a file, so that a crash or high memory use affects no other process.

Started by `runner.py` as `python -m pipefy_exports_dagster.reading.worker`. The request is a line of JSON on its
standard input; the answer is JSON on its standard output.
"""

import gc
import json
import os
import sys
import time
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.errors import (
    PipefyExportsError,
    ReadLimitError,
    UnreadableFileError,
    ValueDoesNotFitError,
)

from . import kernel_limits, machine_errors
from .staged import StagedTable

# DuckDB spills to the folder beyond this; it is one of several users of the process's memory.
_DUCKDB_MEMORY_SHARE = 0.25
_DUCKDB_MIN_MEMORY = 200_000_000
# Each thread reserves some 100 KB a column, however few the rows are.
_MANY_COLUMNS = 1_000
_DUCKDB_MEMORY_SHARE_OF_MANY_COLUMNS = 0.6


def main() -> None:
    """Read the requested file and answer."""
    started = time.monotonic()
    # The process ends before garbage collection pays off, and each pass scans everything that is imported.
    gc.disable()
    sys.meta_path.insert(0, _NoPandas())
    # Output that libraries print must not end up in the answer.
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    request = json.loads(sys.stdin.buffer.readline())
    kernel_limits.die_with(request["parent"])
    try:
        options = ReadOptions(**request["options"])
        kernel_limits.limit_cpu(options.max_seconds)
        staged = read(Path(request["path"]), folder=Path(request["folder"]), options=options, started=started)
        result: dict[str, Any] = {"staged": staged.as_json()}
    except Exception as error:  # noqa: BLE001  the runner raises each as an error of this package
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
        from .csv.reader import open_delimited

        source = open_delimited(path, folder=folder, options=options)
    if len(source.columns) > _MANY_COLUMNS:
        memory = int(options.max_memory_bytes * _DUCKDB_MEMORY_SHARE_OF_MANY_COLUMNS)
        connection.execute(f"SET memory_limit = '{memory}B'; SET threads = 1")
    return stage(connection, source, folder=folder, options=options, started=started)


def _described(error: Exception) -> dict[str, Any]:
    """Describe an error as JSON; the runner raises it again."""
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
    return machine_errors.described(error)


class _NoPandas(MetaPathFinder):
    """Hides pandas from imports, as if it were not installed.

    DuckDB and pyarrow import it only to check whether an argument is a DataFrame, which takes half a second and 60 MB.
    """

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        """Raise for pandas; leave all other modules to the next finder."""
        del path, target
        if fullname == "pandas":
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


if __name__ == "__main__":
    main()
