"""What the reading process hands over: one Parquet file, and a description of it as JSON.

Column `i` of the Parquet file is named `c<i>`. Where the typed value's canonical text is not what the file
said (`12.50` as DOUBLE, `2026-11-01T10:00` as TIMESTAMP), `r<i>` holds what it said, for the case that the
table's column is, or has to become, text; an empty `r<i>` stands for `respelt_text`, so that the most usual other
spelling need not be written for each row. Elsewhere `r<i>` is NULL, or the same.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .description import FileDescription


@dataclass(frozen=True, slots=True)
class StagedColumn:
    """One column of a file that was read.

    Args:
        header: The header as the file has it.
        name: Its snake_case name, unique in the file; the table may know the header by another name.
        type: DuckDB type that holds every value; `VARCHAR` if there is no value.
        has_values: Whether any cell holds a value.
        pinned: Whether the configuration chose the type.
        has_raw: Whether `r<i>` holds an original text anywhere.
    """

    header: str
    name: str
    type: str
    has_values: bool
    pinned: bool = False
    has_raw: bool = False


@dataclass(frozen=True, slots=True)
class StagedTable:
    """A file, read and typed, waiting as Parquet for the transaction."""

    path: Path
    rows: int
    columns: tuple[StagedColumn, ...]
    file: FileDescription
    preview: tuple[tuple[Any, ...], ...] = ()
    seconds_reading: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "path": str(self.path)}

    @classmethod
    def from_json(cls, described: dict[str, Any]) -> "StagedTable":
        return cls(
            **{
                **described,
                "path": Path(described["path"]),
                "columns": tuple(StagedColumn(**column) for column in described["columns"]),
                "file": FileDescription.from_json(described["file"]),
                "preview": tuple(tuple(row) for row in described["preview"]),
            }
        )
