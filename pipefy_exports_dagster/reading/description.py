"""What a reader finds out about a file besides its rows: one object from the reading process to the UI."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SheetRows:
    """A sheet of a workbook, and its number of rows.

    Args:
        rows: For a loaded sheet, its data rows; for a skipped one, all rows that store something, including the header;
            None if they were not counted.
        hidden: Whether the workbook hides it.
    """

    name: str
    rows: int | None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class FileDescription:
    """A file's kind, which parts of it are in the table, and which are not.

    Args:
        kind: `xlsx` or `csv`.
        encoding: Of text.
        delimiter: Of text.
        sheets_loaded: Sheets whose rows are in the table, in the order of the workbook.
        sheets_skipped: The other sheets.
        error_cells: Cells that hold an error value such as `#N/A`, which are NULL in the table.
        formula_cells: Cells with a formula whose stored value is in the table.
        formulas_without_value: Cells that store a formula and no value: the formula's text is in the table.
        dropped_blank_rows: Rows that hold nothing but blanks or separators, which are not in the table.
        title_lines: Lines above the header of text, which are not in the table.
    """

    kind: str
    encoding: str | None = None
    delimiter: str | None = None
    sheets_loaded: tuple[SheetRows, ...] = ()
    sheets_skipped: tuple[SheetRows, ...] = ()
    error_cells: int = 0
    formula_cells: int = 0
    formulas_without_value: int = 0
    dropped_blank_rows: int = 0
    title_lines: tuple[str, ...] = ()

    @property
    def left_out(self) -> tuple[SheetRows, ...]:
        """Visible sheets that have rows and were not loaded."""
        return tuple(sheet for sheet in self.sheets_skipped if sheet.rows and not sheet.hidden)

    @classmethod
    def from_json(cls, described: dict[str, Any]) -> "FileDescription":
        """Return a description that was written with `dataclasses.asdict`."""
        sheets = {
            name: tuple(SheetRows(**sheet) for sheet in described[name])
            for name in ("sheets_loaded", "sheets_skipped")
        }
        return cls(**{**described, **sheets, "title_lines": tuple(described["title_lines"])})
