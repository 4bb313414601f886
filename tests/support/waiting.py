"""Waiting for what another process or thread does, on a machine of any speed."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_S = 120
"""So long may another process take for anything on a machine that is slow and busy: twenty times what it takes here."""


def eventually(
    find: Callable[[], T], explain: Callable[[], object] = lambda: "it never came", *, pause_s: float = 0.02
) -> T:
    """Return the first truth that `find` gives; past all patience fail with what `explain` gives."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := find()):
        assert time.monotonic() < deadline, explain()
        time.sleep(pause_s)
    return found
