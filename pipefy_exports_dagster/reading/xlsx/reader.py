from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.reading.description import FileDescription
from pipefy_exports_dagster.reading.inference import SAMPLE_ROWS
from pipefy_exports_dagster.reading.names import column_names
from pipefy_exports_dagster.reading.refusals import unreadable
from pipefy_exports_dagster.reading.staging import Source, SourceColumn
from pipefy_exports_dagster.reading.table_width import MAX_TABLE_COLUMNS, too_wide
from pipefy_exports_dagster.reading.text_types import DATES, Candidate, formatted_dates, marked_numbers

from .cells import CellType, Run, ScannedCells
from .columns import Columns, Piece
from .fast_cells import scan_rows
from .joining import JoinedSheets, SheetChoice
from .number_formats import NumberKind
from .opening import Opening
from .package import Package, Sheet
from .shared_strings import read_shared_strings
from .sheet_pieces import sheet_rows
from .sheets import ScannedSheet
from .styles import read_styles
from .values import segments

if TYPE_CHECKING:
    import duckdb

# Scanning is numpy and pyarrow, which let other threads run: two scan while this one unpacks.
_SCANNERS = 2
_PIECES_AHEAD = 3


@dataclass(frozen=True, slots=True)
class _ScannedPiece:
    """A scanned piece of a sheet, with counts of its cells."""

    piece: Piece
    error_cells: int
    formula_cells: int
    formulas_without_value: int


@dataclass(slots=True)
class Workbook:
    """A workbook that is being read.

    Args:
        libraries: Done when numpy and pyarrow are imported, by one thread for all.
        shared: The shared strings, to which cells refer.
    """

    package: Package
    styles: list[NumberKind]
    libraries: Future[None]
    shared: Future[Any]

    def scan(self, sheet: Sheet) -> ScannedSheet:
        """Scan a sheet, and settle which rows it has.

        Raises:
            UnreadableFileError: It is damaged, or wider than a table may be.
        """
        assert sheet.part is not None  # noqa: S101  others are not scanned
        scanned, columns = ScannedSheet(sheet.name), set[int]()
        for found in self._scan_ahead(sheet.part):
            if found.piece.rows:
                scanned.pieces.append(found.piece)
            columns.update(segment.column for segment in found.piece.segments)
            if len(columns) > MAX_TABLE_COLUMNS:
                raise too_wide(len(columns), exact=False)
            scanned.error_cells += found.error_cells
            scanned.formula_cells += found.formula_cells
            scanned.formulas_without_value += found.formulas_without_value
        scanned.settle(self.shared.result())
        return scanned

    def header_of(self, scanned: ScannedSheet) -> list[str]:
        """Return the first row of a sheet."""
        return scanned.header(self.shared.result(), dates_from_1904=self.package.dates_from_1904)

    def _scan_ahead(self, part: str) -> Iterator[_ScannedPiece]:
        """Scan a sheet's pieces in parallel; yield them in order."""
        with ThreadPoolExecutor(_SCANNERS) as scanners:
            waiting: deque[Future[_ScannedPiece]] = deque()
            try:
                sheet = sheet_rows(self.package, part)
                for rows in sheet.pieces:
                    waiting.append(scanners.submit(self._scan_piece, rows, sheet.opening))
                    if len(waiting) > _PIECES_AHEAD:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _scan_piece(self, rows: bytes, opening: Opening) -> _ScannedPiece:
        self.libraries.result()
        cells = scan_rows(rows, opening)
        return _ScannedPiece(
            self._piece(cells),
            error_cells=_count(cells.runs, CellType.ERROR),
            formula_cells=cells.formula_cells,
            formulas_without_value=_count(cells.runs, CellType.FORMULA),
        )

    def _piece(self, cells: ScannedCells) -> Piece:
        """Number the rows that store something, and turn the texts into values."""
        import numpy as np

        present = np.zeros(len(cells.numbers), bool)
        for run in cells.runs:
            present[run.rows] = True
            if self.package.styles_missing and run.style and run.type is CellType.NUMBER:
                raise unreadable(
                    "a damaged workbook",
                    "it says that its number formats are in a part that is not in it, so that dates cannot be told "
                    "from numbers; download it again",
                )
        number = np.cumsum(present, dtype=np.int32) - 1
        found = [
            segment
            for run in cells.runs
            for segment in segments(replace(run, rows=number[run.rows]), self.styles)
        ]
        return Piece(tuple(found), cells.numbers[present])


def _count(runs: list[Run], type_: CellType) -> int:
    return sum(len(run.rows) for run in runs if run.type is type_)


def open_workbook(connection: "duckdb.DuckDBPyConnection", path: Path, *, options: ReadOptions) -> Source:
    """Read the sheets of a workbook that belong to the export, as one table.

    Raises:
        UnreadableFileError: It is damaged, too large, or has no visible cell.
        ConfigurationError: `options.sheets` names a sheet that it does not have.
    """
    package = Package.open(path, max_unpacked_bytes=options.max_unpacked_bytes)
    # Scanning does not need the shared strings, so they are read in parallel. The libraries come first, in one thread:
    # two threads that import pyarrow at once may see it half imported.
    with package, ThreadPoolExecutor(1) as beside:
        libraries = beside.submit(_import_libraries)
        shared = beside.submit(_shared_strings, package)
        workbook = Workbook(package, read_styles(package), libraries, shared)
        joined = SheetChoice(package, options.sheets, workbook.scan, workbook.header_of).join()
        return _source(connection, workbook, joined, options)


def _source(
    connection: "duckdb.DuckDBPyConnection", workbook: Workbook, joined: JoinedSheets, options: ReadOptions
) -> Source:
    import pyarrow as pa

    columns = Columns(workbook.shared, workbook.package.dates_from_1904)
    for piece, places in joined.pieces:
        columns.add(piece, places)
    rows = sum(columns.pieces)
    joined.pieces.clear()
    described, names, arrays = _finish(columns, joined.header, options)
    connection.register("source", pa.table(arrays, names=names))
    return Source(
        relation="source",
        sample=f"(FROM source LIMIT {SAMPLE_ROWS})",
        columns=described,
        rows=rows,
        file=FileDescription(
            "xlsx",
            sheets_loaded=tuple(joined.loaded),
            sheets_skipped=tuple(joined.skipped),
            error_cells=sum(sheet.error_cells for sheet in joined.scanned),
            formula_cells=sum(sheet.formula_cells for sheet in joined.scanned),
            formulas_without_value=sum(sheet.formulas_without_value for sheet in joined.scanned),
            dropped_blank_rows=sum(sheet.dropped_blank_rows for sheet in joined.scanned),
        ),
    )


def _finish(
    columns: Columns, header: list[str], options: ReadOptions
) -> tuple[tuple[SourceColumn, ...], list[str], list[Any]]:
    """Build the columns: all that have a header or a value."""
    kept = [position for position, name in enumerate(header) if name.strip() or columns.has_cells(position)]
    if len(kept) > MAX_TABLE_COLUMNS:  # the scan has checked this for each sheet, not for all together
        raise too_wide(len(kept))
    all_names = column_names(header)
    candidates = _candidates(options)
    described, arrays = [], []
    with ThreadPoolExecutor(_SCANNERS) as makers:
        for position, (type_, only_text, values) in zip(kept, makers.map(columns.take, kept), strict=True):
            described.append(
                SourceColumn(header[position], all_names[position], type_, candidates if only_text else ())
            )
            arrays.append(values)
    return tuple(described), [f"c{nth}" for nth in range(len(kept))], arrays


def _candidates(options: ReadOptions) -> tuple[Candidate, ...]:
    """Types that text cells may become: dates. A number that is stored as text was meant as text."""
    numbers = marked_numbers(options.decimal_mark) if options.decimal_mark else ()
    dates = formatted_dates(options.date_format) if options.date_format else ()
    return (*numbers, *dates, *DATES)


def _shared_strings(package: Package) -> Any:
    """Read the texts that cells refer to; an empty one is NULL."""
    import pyarrow as pa
    import pyarrow.compute as pc

    strings = read_shared_strings(package)
    return pc.if_else(pc.equal(strings, ""), pa.scalar(None, pa.string()), strings)


def _import_libraries() -> None:
    import numpy as np  # noqa: F401
    import pyarrow as pa  # noqa: F401
    import pyarrow.compute as pc  # noqa: F401
