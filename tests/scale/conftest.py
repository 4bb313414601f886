"""Fixtures for two machines."""

from collections.abc import Iterator

import pytest
from scale.world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all tests of a module."""
    with World.running(tmp_path_factory.mktemp("world")) as world:
        yield world
