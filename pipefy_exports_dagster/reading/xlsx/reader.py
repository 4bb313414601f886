from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipefy_exports_dagster.read_options import ReadOptions
from pipefy_exports_dagster.reading.description import FileDescription, SheetRows
from pipefy_exports_dagster.reading.inference import SAMPLE_ROWS
from pipefy_exports_dagster.reading.names import column_names, storable_header
from pipefy_exports_dagster.reading.sniffing import unreadable
from pipefy_exports_dagster.reading.staging import Source, SourceColumn
from pipefy_exports_dagster.reading.text_types import DATES, Candidate, formatted_dates, marked_numbers

from .canonical import texts_of
from .cells import CellType, Run
from .columns import Columns, Piece
from .fast_cells import scan_rows_fast
from .number_formats import NumberKind
from .package import Package
from .shared_strings import read_shared_strings
from .sheet_pieces import count_rows, row_pieces
from .slow_cells import scan_rows_slowly
from .styles import read_styles
from .values import Segment, segments

if TYPE_CHECKING:
    import duckdb

# Scanning is numpy and pyarrow, which let other threads run: two scan while this one unpacks.
_SCANNERS = 2
_PIECES_AHEAD = 3


@dataclass(frozen=True, slots=True)
class ScannedPiece:
    """A piece of a sheet, scanned.

    Args:
        counted: Rows that store a value, counted apart from the scan.
        error_cells: Cells that hold an error value such as `#N/A`.
    """

    piece: Piece
    counted: int
    error_cells: int


@dataclass(slots=True)
class Workbook:
    """A workbook that is being read."""

    package: Package
    styles: list[NumberKind]
    columns: Columns
    rows_counted: int = 0
    error_cells: int = 0


def open_workbook(connection: "duckdb.DuckDBPyConnection", path: Path, *, options: ReadOptions) -> Source:
    """Read a workbook's visible sheets that have the same header, as one table.

    Raises:
        UnreadableFileError: It is damaged, too large, or has no visible cell.
    """
    package = Package.open(path, max_unpacked_bytes=options.max_unpacked_bytes)
    # No cell's scan needs the shared strings, so they are read beside it.
    with package.archive, ThreadPoolExecutor(1) as beside:
        shared = beside.submit(_shared_strings, package)
        workbook = Workbook(package, read_styles(package), Columns(shared))
        return _read_sheets(connection, workbook, options)


def _read_sheets(connection: "duckdb.DuckDBPyConnection", workbook: Workbook, options: ReadOptions) -> Source:
    import pyarrow as pa

    header: list[str] | None = None
    loaded, skipped = [], []
    for sheet in workbook.package.sheets:
        if not sheet.visible or sheet.part is None:
            skipped.append(sheet.name)
            continue
        found = _read_sheet(workbook, sheet.part, expected=header)
        if found is None:
            skipped.append(sheet.name)
            continue
        header = header or found
        loaded.append(sheet.name)
    if header is None:
        raise unreadable("a workbook without a visible cell", "Pipefy wrote nothing into it; export again")
    columns, names, arrays = _finish(workbook.columns, header, options)
    connection.register("source", pa.table(arrays, names=names))
    return Source(
        relation="source",
        sample=f"(FROM source LIMIT {SAMPLE_ROWS})",
        columns=columns,
        rows=workbook.rows_counted,
        file=FileDescription(
            "xlsx",
            sheets_loaded=tuple(SheetRows(name, None) for name in loaded),
            sheets_skipped=tuple(SheetRows(name, None) for name in skipped),
            error_cells=workbook.error_cells,
        ),
    )


def _read_sheet(workbook: Workbook, part: str, *, expected: list[str] | None) -> list[str] | None:
    """Add a sheet's rows, and give its header; None if it is empty or has another header than expected."""
    header: list[str] | None = None
    for scanned in _scan_ahead(workbook, part):
        piece, counted = scanned.piece, scanned.counted
        if piece.rows != counted:
            raise unreadable(
                "a workbook that two readers understand differently",
                f"{counted} rows were counted where {piece.rows} were read; please report this file",
            )
        if header is None:
            if not piece.rows:
                continue
            header, piece = _split_header(piece, workbook.columns.shared.result())
            if expected is not None and header != expected:
                return None
        workbook.columns.add(piece)
        workbook.rows_counted += counted
        workbook.error_cells += scanned.error_cells
    if header is not None:
        workbook.rows_counted -= 1
    return header


def _scan_ahead(workbook: Workbook, part: str) -> Iterator[ScannedPiece]:
    """Scan a sheet's pieces side by side, in order."""
    with ThreadPoolExecutor(_SCANNERS) as scanners:
        waiting: deque[Future[ScannedPiece]] = deque()
        try:
            for rows in row_pieces(workbook.package, part):
                waiting.append(scanners.submit(_scan, rows, workbook))
                if len(waiting) > _PIECES_AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _scan(rows: bytes, workbook: Workbook) -> ScannedPiece:
    runs = scan_rows_fast(rows)
    if runs is None:
        runs = scan_rows_slowly(rows)
    errors = sum(len(run.rows) for run in runs if run.type is CellType.ERROR)
    piece = _piece(runs, workbook)
    return ScannedPiece(piece, count_rows(rows, scanned=piece.rows), errors)


def _piece(runs: list[Run], workbook: Workbook) -> Piece:
    """Number the rows that store something, and turn the texts into values."""
    import numpy as np

    if not runs:
        return Piece(0, ())
    present = np.zeros(max(int(run.rows[-1]) for run in runs) + 1, bool)
    for run in runs:
        present[run.rows] = True
    number = np.cumsum(present, dtype=np.int32) - 1
    found: list[Segment] = []
    for run in runs:
        numbered = Run(run.column, run.type, run.style, number[run.rows], run.texts)
        found += segments(numbered, workbook.styles, dates_from_1904=workbook.package.dates_from_1904)
    return Piece(int(number[-1]) + 1, tuple(found))


def _split_header(piece: Piece, shared: Any) -> tuple[list[str], Piece]:
    """Take the first row off a piece, as texts without trailing blanks."""
    headers: dict[int, str] = {}
    rest = []
    for segment in piece.segments:
        first = int(segment.rows[0] == 0)
        if first:
            head = Segment(segment.column, segment.kind, segment.rows[:1], segment.values.slice(0, 1))
            headers[segment.column] = storable_header(texts_of(head, shared)[0].as_py() or "")
        if len(segment.rows) > first:
            rest.append(
                Segment(segment.column, segment.kind, segment.rows[first:] - 1, segment.values.slice(first))
            )
    names = [headers.get(column, "") for column in range(max(headers, default=-1) + 1)]
    while names and not names[-1]:
        names.pop()
    return names, Piece(piece.rows - 1, tuple(rest))


def _finish(
    columns: Columns, header: list[str], options: ReadOptions
) -> tuple[tuple[SourceColumn, ...], list[str], list[Any]]:
    """Make the columns: all that have a header or a value."""
    width = max(len(header), columns.width)
    headers = header + [""] * (width - len(header))
    kept = [
        position for position in range(width) if headers[position].strip() or columns.has_values(position)
    ]
    all_names = column_names(headers)
    candidates = _candidates(options)
    described, arrays = [], []
    with ThreadPoolExecutor(_SCANNERS) as makers:
        for position, (type_, only_text, values) in zip(kept, makers.map(columns.take, kept), strict=True):
            described.append(
                SourceColumn(headers[position], all_names[position], type_, candidates if only_text else ())
            )
            arrays.append(values)
    return tuple(described), [f"c{nth}" for nth in range(len(kept))], arrays


def _candidates(options: ReadOptions) -> tuple[Candidate, ...]:
    """What text cells may become: dates. A number that is stored as text was meant as text."""
    numbers = marked_numbers(options.decimal_mark) if options.decimal_mark else ()
    dates = formatted_dates(options.date_format) if options.date_format else ()
    return (*numbers, *dates, *DATES)


def _shared_strings(package: Package) -> Any:
    """Read the texts that cells refer to; a blank one is NULL."""
    import pyarrow as pa
    import pyarrow.compute as pc

    strings = read_shared_strings(package)
    return pc.if_else(pc.equal(strings, ""), pa.scalar(None, pa.string()), strings)
