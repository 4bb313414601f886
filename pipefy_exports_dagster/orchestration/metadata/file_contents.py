"""What of a file is in the table and what is not, as metadata of its load, and as the check of it reads that back.

Sheets are listed as plain text, because their names are text of the file, which Markdown would obey, and because a
table takes 700 bytes before its first row. `pipefy-exports load --json` gives them one by one.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.reading.description import FileDescription, SheetRows
from pipefy_exports_dagster.reading.left_out import (
    rows_in_words,
    sheets_left_out,
    shortened,
    title_lines_in_words,
)
from pipefy_exports_dagster.text.quoting import printable

SHEETS_LOADED = "pipefy/sheets_loaded"
SHEETS_SKIPPED = "pipefy/sheets_skipped"
SHEETS_NAMED = "pipefy/sheets_named"
SHEETS_WITH_ROWS = "pipefy/sheets_with_rows"
ROWS_LEFT_OUT = "pipefy/rows_left_out"
LEFT_OUT = "pipefy/left_out"
TITLE_LINES = "pipefy/title_lines"
FORMULAS_WITHOUT_VALUE = "pipefy/formulas_without_value"

OF_CHECK = (
    SHEETS_LOADED,
    SHEETS_SKIPPED,
    SHEETS_NAMED,
    ROWS_LEFT_OUT,
    TITLE_LINES,
    FORMULAS_WITHOUT_VALUE,
)
"""What the check shows again."""

LIST_BYTES = 450
"""Of a list of sheets as JSON: some ten of Excel's longest names."""


def contents_metadata(file: FileDescription, reading: ReadOptions) -> dict[str, Any]:
    """Return what a load says of its file."""
    where_there_are_any = {
        "pipefy/formula_cells": file.formula_cells,
        FORMULAS_WITHOUT_VALUE: file.formulas_without_value,
        "pipefy/dropped_blank_rows": file.dropped_blank_rows,
    }
    metadata: dict[str, Any] = {"pipefy/error_cells": file.error_cells}
    metadata |= {name: count for name, count in where_there_are_any.items() if count}
    if file.sheets_loaded:
        metadata[SHEETS_LOADED] = _listed(file.sheets_loaded)
    metadata |= left_out_metadata(file, reading)
    with_rows = len(file.sheets_loaded) + len(file.left_out)
    if with_rows > 1:
        metadata[SHEETS_WITH_ROWS] = with_rows
    if reading.sheets:
        named = [reading.sheets] if isinstance(reading.sheets, str) else reading.sheets
        metadata[SHEETS_NAMED] = _fitting([printable(name) for name in named])
    return metadata


def left_out_metadata(file: FileDescription, reading: ReadOptions) -> dict[str, Any]:
    """Return what of a file is not in the table: the number of rows, and in words where there is something."""
    metadata: dict[str, Any] = {ROWS_LEFT_OUT: sum(sheet.rows or 0 for sheet in file.left_out)}
    if sheets := sheets_left_out(file, named=bool(reading.sheets)):
        metadata[LEFT_OUT] = sheets
    if file.sheets_skipped:
        # Those that somebody may miss come first: what is cut to fit is what nobody does.
        metadata[SHEETS_SKIPPED] = _listed(
            sorted(file.sheets_skipped, key=lambda sheet: sheet not in file.left_out)
        )
    if title_lines := title_lines_in_words(file, show_values=reading.show_values):
        metadata[TITLE_LINES] = title_lines
    return metadata


@dataclass(frozen=True, slots=True)
class StoredContents:
    """What a materialization says of its file.

    Args:
        rows_left_out: Rows of visible sheets that were not loaded; None where a release before this one loaded it.
        left_out: The sentence about these sheets, in Markdown.
        loaded: The sheets that were loaded, in plain text.
        skipped: The sheets that were not, visible or hidden.
        title_lines: The sentence about lines above the header, in Markdown.
        named: Whether somebody had named the sheets to load.
        with_rows: How many visible sheets have rows; 1 of text.
        shown: The entries that the check shows again.
    """

    rows_left_out: int | None = None
    left_out: str = ""
    loaded: str = ""
    skipped: str = ""
    title_lines: str = ""
    named: bool = False
    with_rows: int = 1
    shown: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, metadata: Mapping[str, dg.MetadataValue]) -> "StoredContents":
        """Read a materialization."""

        def text(name: str) -> str:
            return str(metadata[name].value) if name in metadata else ""

        rows_left_out = text(ROWS_LEFT_OUT)
        return cls(
            rows_left_out=int(rows_left_out) if rows_left_out else None,
            left_out=text(LEFT_OUT),
            loaded=text(SHEETS_LOADED),
            skipped=text(SHEETS_SKIPPED),
            title_lines=text(TITLE_LINES),
            named=SHEETS_NAMED in metadata,
            with_rows=int(text(SHEETS_WITH_ROWS) or 1),
            shown={name: metadata[name] for name in OF_CHECK if name in metadata},
        )


def _listed(sheets: Sequence[SheetRows]) -> str:
    facts = ((shortened(sheet.name), rows_in_words(sheet)) for sheet in sheets)
    return _fitting([f"{name} ({rows})" if rows else name for name, rows in facts])


def _fitting(texts: Sequence[str]) -> str:
    """Join as many texts as there is room for, and say how many more there are."""
    size, count = 0, 0
    while count < len(texts) and (size := size + len(json.dumps(texts[count]))) <= LIST_BYTES:
        count += 1
    more = f" and {len(texts) - count:,} more" if count < len(texts) else ""
    return ", ".join(texts[:count]) + more
