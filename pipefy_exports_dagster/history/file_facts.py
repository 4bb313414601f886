"""What a raw file holds of each month: read once, and kept for the months that follow."""

import contextlib
from collections import OrderedDict
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Self

from pipefy_exports_dagster.errors import ReadLimitError, UnreadableFileError
from pipefy_exports_dagster.history.date_columns import TimeQuestion
from pipefy_exports_dagster.history.month_coverage import months_possibly_covered
from pipefy_exports_dagster.history.plan import HistoryPlan
from pipefy_exports_dagster.history.time_column import TimeColumn, required
from pipefy_exports_dagster.raw_files.folder import RawFile, sha256_of
from pipefy_exports_dagster.reading.daily_rows import rows_per_day
from pipefy_exports_dagster.reading.runner import read_table_file
from pipefy_exports_dagster.reading.staged import StagedTable
from pipefy_exports_dagster.reading.staged_query import rows_of, staged_query

KEPT_FILES = 12
"""How many read files are kept at once: those of a few months, which lie next to each other."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file that was read, by month.

    Args:
        staged: The rows, as Parquet.
        time: The column that says to which month a row belongs; None for a file without rows.
        month_sql: SQL over the staged file for a row's month; None like `time`.
        rows_by_month: How many rows belong to each month.
        rows_without_month: How many belong to none, since the column is blank.
        rows_by_day: How many rows lie on each day of the months that the export may cover.
    """

    staged: StagedTable
    time: TimeColumn | None
    month_sql: str | None
    rows_by_month: dict[date, int]
    rows_without_month: int
    rows_by_day: dict[date, int] = field(default_factory=dict)


class FactReader:
    """Reads files of one plan; what was read is kept until the reader is closed, or room is needed."""

    def __init__(self, plan: HistoryPlan) -> None:
        self._plan = plan
        self._kept: OrderedDict[Path, tuple[FileFacts, ExitStack]] = OrderedDict()
        self.files_read = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._kept:
            self._kept.popitem()[1][1].close()

    def facts(self, raw: RawFile) -> FileFacts:
        """Return what a file holds.

        Raises:
            UnreadableFileError: It is not a table, or not the file that its sidecar describes.
            ReadLimitError: It passed a limit of the configuration, which the message names.
            ConfigurationError: It is not clear which column says to which month a row belongs.
        """
        if raw.path in self._kept:
            self._kept.move_to_end(raw.path)
            return self._kept[raw.path][0]
        while len(self._kept) >= KEPT_FILES:
            self._kept.popitem(last=False)[1][1].close()
        with ExitStack() as stack:
            facts = self._read(raw, stack.enter_context(self._plan.tables.workspace()))
            self._kept[raw.path] = facts, stack.pop_all()
        return facts

    def _read(self, raw: RawFile, folder: Path) -> FileFacts:
        with contextlib.suppress(FileNotFoundError):
            if sha256_of(raw.path) == raw.sidecar.sha256:
                self.files_read += 1
                try:
                    staged = read_table_file(raw.path, folder=folder, options=self._plan.reading)
                except ReadLimitError as error:
                    raise error.of(raw.path.name) from None
                return self._facts(raw, staged)
        raise UnreadableFileError(
            f"{raw.path} is not the file that its sidecar describes: its sha256 differs",
            detected="a file that was changed or is gone",
        )

    def _facts(self, raw: RawFile, staged: StagedTable) -> FileFacts:
        if not staged.rows:
            return FileFacts(staged, None, None, {}, 0)
        plan, sidecar = self._plan, raw.sidecar
        question = TimeQuestion(
            months=months_possibly_covered(plan.window_of(sidecar), sidecar.requested_month),
            zone=plan.zone,
            time_column=plan.time_column,
            show_values=plan.reading.show_values,
        )
        with staged_query() as connection:
            time = required(
                question.answer(connection, staged), what=f"export {sidecar.export_id!r} of {plan.export}"
            )
            local = question.local(time.column)
            month_sql = f"CAST(date_trunc('month', {local}) AS DATE)"
            counted = connection.execute(
                f"SELECT {month_sql}, count(*) FROM {rows_of(staged)} GROUP BY ALL ORDER BY ALL"
            ).fetchall()
            days = question.days
            daily = rows_per_day(connection, staged, local, first=days.first, end=days.end)
        rows_by_month = {month: count for month, count in counted if month is not None}
        without = sum(count for month, count in counted if month is None)
        return FileFacts(staged, time, month_sql, rows_by_month, without, daily.by_day)
