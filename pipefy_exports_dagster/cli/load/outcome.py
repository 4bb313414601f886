"""What a load by hand did, or would do."""

from dataclasses import asdict, dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from pipefy_exports_dagster.config.reading import ReadOptions
from pipefy_exports_dagster.reading.left_out import Remedy, left_out
from pipefy_exports_dagster.tables import LoadReport, Slice

NO_ORGANIZATION = "-"
"""Stands for the organization of rows that are not Pipefy's."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The report of the load, and where everything is.

    `raw_file` is the file in the archive, `options` how it was read, `notes` are sentences for the person at the
    keyboard.
    """

    report: LoadReport
    database: str
    slice_: Slice
    raw_file: Path | None
    dry_run: bool
    seconds: float
    options: ReadOptions
    notes: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What of the file is not in the table, and what to write for it."""
        named, show_values = bool(self.options.sheets), self.options.show_values
        return left_out(self.report.file, named=named, remedy=Remedy.OPTIONS, show_values=show_values)

    def as_json(self) -> dict[str, Any]:
        """Return everything that a script may want to know; the keys are a promise."""
        report, slice_ = self.report, self.slice_
        return {
            "dry_run": self.dry_run,
            "database": self.database,
            "schema": report.schema,
            "table": report.table,
            "rows": report.rows,
            "columns": [
                {"name": column.name, "type": column.type, "header": column.header}
                for column in report.columns
            ],
            "changes": [
                {
                    "kind": change.kind.value,
                    "column": change.column,
                    "old_type": change.old_type,
                    "new_type": change.new_type,
                    "old_header": change.old_header,
                    "new_header": change.new_header,
                }
                for change in report.changes
            ],
            **self._contents(),
            "broken_views": list(report.broken_views),
            "slice": {
                "organization_id": slice_.organization_id,
                "period_filter": slice_.period_filter,
                "requested_month": slice_.requested_month.isoformat(),
                "export_id": slice_.export_id,
                "exported_at": slice_.exported_at_utc.replace(tzinfo=UTC).isoformat(),
            },
            "raw_file": str(self.raw_file) if self.raw_file else None,
            "read_copy": str(report.read_copy) if report.read_copy else None,
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "seconds": round(self.seconds, 3),
            "seconds_reading": round(report.seconds_reading, 3),
            "seconds_database_locked": round(report.seconds_writing + report.seconds_copying, 3),
        }

    def _contents(self) -> dict[str, Any]:
        file = self.report.file
        return {
            "file_kind": file.kind,
            "encoding": file.encoding,
            "delimiter": file.delimiter,
            "sheets_loaded": [asdict(sheet) for sheet in file.sheets_loaded],
            "sheets_skipped": [asdict(sheet) for sheet in file.sheets_skipped],
            "error_cells": file.error_cells,
            "formula_cells": file.formula_cells,
            "formulas_without_value": file.formulas_without_value,
            "dropped_blank_rows": file.dropped_blank_rows,
            "title_lines": list(file.title_lines) if self.options.show_values else len(file.title_lines),
        }
