"""The process that waits, with all that a reader imports, and is forked for each reader: see `warm_readers`."""

import os
import sys
from typing import Any

from pipefy_exports_dagster.reading import kernel_limits, worker
from support.fork_server import serve


def main() -> None:
    """Wait on the socket that is named."""
    _import_all()
    serve(_read)


def _import_all() -> None:
    hidden = worker._NoPandas()
    sys.meta_path.insert(0, hidden)
    import duckdb  # noqa: F401
    import numpy as np  # noqa: F401
    import pyarrow.compute as pc  # noqa: F401
    import pyarrow.dataset as ds  # noqa: F401

    import pipefy_exports_dagster.reading.csv.reader
    import pipefy_exports_dagster.reading.staging
    import pipefy_exports_dagster.reading.unwrapping
    import pipefy_exports_dagster.reading.xlsx.reader  # noqa: F401

    sys.meta_path.remove(hidden)


def _read(_request: dict[str, Any]) -> None:
    # Its parent is the process that waits, which ends with the tests.
    die_with, parent = kernel_limits.die_with, os.getppid()
    kernel_limits.die_with = lambda _: die_with(parent)  # type: ignore[assignment]
    worker.main()
