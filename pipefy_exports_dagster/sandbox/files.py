"""Tables written as the files that Pipefy produces."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipefy_exports_dagster.sandbox.caxlsx import CaxlsxForm
from pipefy_exports_dagster.sandbox.settings import FileFormat, SandboxSettings, Writer
from pipefy_exports_dagster.sandbox.tables import Cell, ProductionStoppedError, Table

_CHECK_EVERY_ROWS = 500
_SHEET_ROWS = 2**20


def write_file(table: Table, file: Path, settings: SandboxSettings, stopped: Callable[[], bool]) -> None:
    """Write a table as a workbook, in the form of the writer that the settings name, or as CSV.

    `stopped` is asked now and then; once it says yes, writing ends with `ProductionStoppedError`.
    """
    if settings.file_format is FileFormat.CSV:
        _write_csv(table, file, stopped)
        return
    if len(table.rows) >= _SHEET_ROWS:
        raise ValueError(
            f"{len(table.rows)} rows and a header do not fit into the {_SHEET_ROWS} rows of a sheet"
        )
    if settings.writer is Writer.CAXLSX:
        CaxlsxForm().write(table, file, stopped=stopped)
    else:
        _write_with_openpyxl(table, file, stopped)


def _write_with_openpyxl(table: Table, file: Path, stopped: Callable[[], bool]) -> None:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("Export")

    def as_cell(value: Cell) -> Any:
        if isinstance(value, str) and value.startswith("="):
            cell = WriteOnlyCell(sheet, value)
            cell.data_type = "s"  # openpyxl takes it for a formula; Pipefy exports text
            return cell
        return value

    sheet.append(table.header)
    for position, row in enumerate(table.rows):
        if position % _CHECK_EVERY_ROWS == 0 and stopped():
            sheet.close()
            raise ProductionStoppedError
        sheet.append([as_cell(value) for value in row])
    workbook.save(file)


def _write_csv(table: Table, file: Path, stopped: Callable[[], bool]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        if table.header:
            writer.writerow(table.header)
        for position, row in enumerate(table.rows):
            if position % _CHECK_EVERY_ROWS == 0 and stopped():
                raise ProductionStoppedError
            writer.writerow([_csv_text(value) for value in row])


def _csv_text(value: Cell) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
