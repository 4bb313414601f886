"""What a test needs to be installed."""

import pytest


def needs_scale() -> None:
    """Leave out a test where the extra is not installed: its wheels fit one DuckDB, and tests run with others too."""
    pytest.importorskip("duckdb_extension_ducklake", reason="the extra [scale] is not installed")
