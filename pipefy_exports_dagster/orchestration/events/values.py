"""Values of an event's metadata, in every type in which a version of ours has written them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg

Metadata = Mapping[str, dg.MetadataValue]


def text_of(metadata: Metadata, key: str) -> str | None:
    """Return a value as text; None if there is none."""
    value = metadata[key].value if key in metadata else None
    return None if value is None else str(value)


def moment_of(metadata: Metadata, key: str) -> datetime | None:
    """Return a moment in UTC, which is stored as a timestamp or as ISO 8601; None if there is none."""
    value = metadata[key].value if key in metadata else None
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        return datetime.fromisoformat(str(value)).astimezone(UTC) if value else None
    except (ValueError, OverflowError, OSError):
        return None


def day_of(metadata: Metadata, key: str) -> date | None:
    """Return a date, which is stored as ISO 8601; None if there is none."""
    try:
        return date.fromisoformat(text_of(metadata, key) or "")
    except ValueError:
        return None


def count_of(metadata: Metadata, key: str) -> int | None:
    """Return a whole number; None if there is none."""
    try:
        return int(text_of(metadata, key) or "")
    except ValueError:
        return None


def json_of(metadata: Metadata, key: str) -> dict[str, Any]:
    """Return an object; an empty one if there is none."""
    value = metadata[key].value if key in metadata else None
    return value if isinstance(value, dict) else {}
