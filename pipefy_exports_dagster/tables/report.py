from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pipefy_exports_dagster.config.naming import MAIN
from pipefy_exports_dagster.reading.description import FileDescription
from pipefy_exports_dagster.text.quoting import markdown_code

_LONGEST_HEADER = 80


class ChangeKind(StrEnum):
    """The kinds of changes of a table's columns by a load."""

    ADDED = "added"
    WIDENED = "widened"
    MISSING = "missing"
    RESPELLED = "respelled"
    """The header in the file has another spelling; name and type stay."""


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """One change of a table's columns; `str()` returns a sentence."""

    kind: ChangeKind
    column: str
    old_type: str | None = None
    new_type: str | None = None
    old_header: str | None = None
    new_header: str | None = None

    def __str__(self) -> str:
        match self.kind:
            case ChangeKind.ADDED:
                return f"column {self.column!r} added as {self.new_type}"
            case ChangeKind.WIDENED:
                return f"column {self.column!r} widened from {self.old_type} to {self.new_type}"
            case ChangeKind.MISSING:
                return f"column {self.column!r} is not in the file; its rows are NULL"
            case ChangeKind.RESPELLED:
                before, now = (
                    (header or "")[:_LONGEST_HEADER] for header in (self.old_header, self.new_header)
                )
                return (
                    f"column {self.column!r} keeps its name; its header is {markdown_code(now)} now, and was "
                    f"{markdown_code(before)}"
                )


@dataclass(frozen=True, slots=True)
class LoadedColumn:
    """A column of the file, as it is in the table."""

    name: str
    type: str
    header: str


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did, for metadata and logs.

    `preview` holds up to ten rows in the order of `columns`, as JSON values, long ones cut short.
    `seconds_writing` is the time for which the database was locked, without the time of the read copy
    (`seconds_copying`), during which it is locked too.
    """

    table: str
    rows: int
    columns: tuple[LoadedColumn, ...]
    changes: tuple[ColumnChange, ...]
    file: FileDescription
    broken_views: tuple[str, ...]
    preview: tuple[tuple[Any, ...], ...]
    seconds_reading: float
    seconds_waiting_for_lock: float
    seconds_writing: float
    seconds_copying: float
    read_copy: Path | None
    read_copy_problem: str | None = None
    schema: str = MAIN
