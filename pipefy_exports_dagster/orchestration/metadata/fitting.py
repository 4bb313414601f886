"""Keeping what one materialization stores small: event logs bloat."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import dagster as dg

MAX_BYTES = 15_500
"""Of one materialization's metadata; more than 16 KB is too much, and the event around it takes some."""
LEAST_BYTES_PER_COLUMN = 100
"""What Dagster's own wrapping of a column takes."""

Value = TypeVar("Value")


def as_many_as_fit(build: Callable[[int], Value], count: int, *, max_bytes: int, least: int = 1) -> Value:
    """Return what `build` makes of as many columns, up to `count`, as fit; of `least` in any case.

    Args:
        build: Makes a metadata value of the first so many columns.
    """
    count = min(
        count, max(1, max_bytes // LEAST_BYTES_PER_COLUMN)
    )  # spares files of a thousand columns many tries
    while True:
        value = build(count)
        if count <= least or stored_size({"value": value}) <= max_bytes:
            return value
        count = count * 9 // 10


def stored_size(metadata: Mapping[str, Any]) -> int:
    """Return how many bytes metadata takes in the event log."""
    return len(dg.serialize_value(dg.AssetMaterialization("size", metadata=metadata)).encode())
