"""What a test needs to be installed."""

from importlib.util import find_spec

import pytest


def needs_scale() -> None:
    """Leave out a test where the extra is not installed: its wheels fit one DuckDB, and tests run with others too."""
    if find_spec("duckdb_extension_ducklake") is None:
        pytest.skip("the extra [scale] is not installed", allow_module_level=True)
