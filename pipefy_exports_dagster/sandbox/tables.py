"""A table as an export holds it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

Cell: TypeAlias = str | int | float | bool | date | datetime | None
"""What one cell of a file can hold. Times are naive, in UTC: a workbook knows no time zones."""


@dataclass(frozen=True, slots=True)
class Table:
    """Headers, which may repeat, and rows of as many cells."""

    header: tuple[str, ...]
    rows: list[tuple[Cell, ...]]

    def column(self, header: str) -> list[Cell]:
        """Return the cells under the first column of that header."""
        position = self.header.index(header)
        return [row[position] for row in self.rows]


class ProductionStoppedError(Exception):
    """The sandbox ended while a file was being written."""
