"""How many random inputs a test takes: some before each commit, and all of them with `make test THOROUGH=1`."""

import os


def examples(some: int, *, thorough: int) -> int:
    """Return how many to take."""
    return thorough if os.environ.get("THOROUGH") == "1" else some
