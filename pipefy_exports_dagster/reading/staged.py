"""The result of the reading process: one Parquet file, and a description of it as JSON.

Column `i` of the Parquet file is named `c<i>`. If the canonical text of the typed value differs from the text in the
file (`12.50` as DOUBLE, `2026-11-01T10:00` as TIMESTAMP), `r<i>` holds the original text, in case the table's column
is, or has to become, text. An empty `r<i>` stands for `respelt_text`, so that the most common other notation need not
be written for each row. Otherwise `r<i>` is NULL, or the same text.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .description import FileDescription


@dataclass(frozen=True, slots=True)
class StagedColumn:
    """One column of a file that was read.

    Args:
        header: The header as it is in the file.
        name: Its snake_case name, unique in the file; the table may have another name for the header.
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
