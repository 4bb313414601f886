"""DuckDB's extensions in tests: their signatures are not checked again for each connection.

That is all that loading them costs, 0.2 s of CPU each, up to half a second for each time that a lake is opened.
Processes of their own check them as ever.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import pytest

_connect = duckdb.connect


@contextmanager
def extensions_unchecked() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", _connect_unchecked)
        yield


def _connect_unchecked(*args: Any, **options: Any) -> duckdb.DuckDBPyConnection:
    config = options.get("config") or {}
    if "autoinstall_known_extensions" in config:  # as whoever loads extensions says
        options["config"] = {**config, "allow_unsigned_extensions": True}
    return _connect(*args, **options)
