"""Fixtures for all tests."""

import pytest
from pipefy.manual_clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    """A clock at noon of 2026-11-22, UTC, whose sleep advances it at once."""
    return ManualClock()
