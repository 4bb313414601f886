"""Readers are started as a run starts them: they are what these tests are about."""

from collections.abc import Iterator

import pytest
from support.warm_readers import cold_readers


@pytest.fixture(autouse=True)
def _readers_of_a_run() -> Iterator[None]:
    with cold_readers():
        yield
