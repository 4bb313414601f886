"""The sidecar of a raw file: a JSON file beside it that says what the file is.

A sidecar has a version since version 1; those of earlier releases have none, and the same fields. A new field gets a
default, so that older sidecars are still read. The version goes up when a field changes its meaning;
`read_sidecar` then translates older ones.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from datetime import date, datetime
from pathlib import Path
from types import NoneType
from typing import Any, Self, get_args

from pipefy_exports_dagster.files.private import open_private

VERSION = 1
NAMES_NOBODY = "names nobody"
"""Marks an optional field that is told where values are not shown; without the mark it is left out there."""


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What is known of a raw file. Never its link, which is a credential.

    `size` of the file is in bytes; times are aware, in UTC; `exported_at` is when Pipefy finished the export
    or, where it does not say, when we first saw it finished. `report` is the saved report's name, and `requested_by`
    the name of who asked.
    """

    organization_id: str
    asset: str
    period_filter: str
    export_id: str
    request: Mapping[str, Any]
    requested_month: date
    requested_at: datetime
    exported_at: datetime
    downloaded_at: datetime
    sha256: str
    size_bytes: int
    fingerprint: str
    report: str | None = field(default=None, metadata={NAMES_NOBODY: True})
    requested_by: str | None = None

    def shown(self, *, show_values: bool) -> Self:
        """Return what may be kept and said of the file: where values are not shown, nothing that may name a person."""
        if show_values:
            return self
        told = [
            known.name for known in fields(self) if NAMES_NOBODY in known.metadata or not _is_optional(known)
        ]
        return type(self)(**{name: getattr(self, name) for name in told})


def sidecar_path(path: Path) -> Path:
    """Return the path of a raw file's sidecar."""
    return path.with_name(path.name + ".json")


def write_sidecar(path: Path, sidecar: Sidecar) -> None:
    """Write a raw file's sidecar, atomically."""
    target = sidecar_path(path)
    part = target.with_name(target.name + ".part")
    try:
        with open_private(part) as file:
            file.write(sidecar_text(sidecar).encode())
        part.replace(target)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def sidecar_text(sidecar: Sidecar) -> str:
    """Return what is stored of a sidecar."""
    return json.dumps(
        {"version": VERSION, **asdict(sidecar)}, default=_json_value, indent=2, ensure_ascii=False
    )


def read_sidecar(path: Path) -> Sidecar | None:
    """Read a raw file's sidecar, of any version; None if there is none, or none that can be used."""
    try:
        return parse_sidecar(sidecar_path(path).read_bytes())
    except OSError:
        return None


def parse_sidecar(content: bytes) -> Sidecar | None:
    """Return a sidecar, of any version, from what was stored; None if it cannot be used."""
    try:
        stored = json.loads(content)
        # A later version may have more fields, an earlier one lacks those with a default.
        stored = {known.name: stored[known.name] for known in fields(Sidecar) if _is_stored(known, stored)}
        types = {known.name: known.type for known in fields(Sidecar)}
        return Sidecar(**{name: _value(types[name], value) for name, value in stored.items()})
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _is_stored(field: Field[Any], stored: Mapping[str, Any]) -> bool:
    """Whether a field has to be read: one with a default may be missing."""
    return field.name in stored or not _is_optional(field)


def _is_optional(field: Field[Any]) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def _value(type_: Any, stored: Any) -> Any:
    """Return a field's value: dates and times are stored as text in ISO 8601."""
    types = get_args(type_) or (type_,)  # `datetime | None` has two
    if stored is None and NoneType in types:
        return None
    for one in types:
        if one in {date, datetime}:
            return one.fromisoformat(stored)
    return stored


def _json_value(value: Any) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
