"""What a raw file holds of each month: read once, and kept for the months that follow."""

import contextlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pipefy_exports_dagster.errors import UnreadableFileError
from pipefy_exports_dagster.history.covers import months_that_may_be_covered
from pipefy_exports_dagster.history.plan import HistoryPlan
from pipefy_exports_dagster.history.time_column import DateColumn, TimeColumn, choose_time_column
from pipefy_exports_dagster.loading import StagedTable, read_table_file, workspace
from pipefy_exports_dagster.loading.sql import literal
from pipefy_exports_dagster.pipefy.periods import add_months
from pipefy_exports_dagster.pipefy.raw_files import RawFile, sha256_of

if TYPE_CHECKING:
    import duckdb

KEPT_FILES = 12
"""How many read files are kept at once: those of a few months, which lie next to each other."""
TOLERANCE = timedelta(days=1)
"""How far from the export's window a value may lie: Pipefy may cut it in another time zone."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file that was read, by month.

    Args:
        staged: The rows, as Parquet.
        time: The column that says to which month a row belongs; None for a file without rows.
        month_sql: SQL over the staged file for a row's month; None like `time`.
        rows_by_month: How many rows belong to each month.
        rows_without_month: How many belong to none, since the column is blank.
    """

    staged: StagedTable
    time: TimeColumn | None
    month_sql: str | None
    rows_by_month: dict[date, int]
    rows_without_month: int


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
            ConfigurationError: It is not clear which column says to which month a row belongs.
        """
        if raw.path in self._kept:
            self._kept.move_to_end(raw.path)
            return self._kept[raw.path][0]
        while len(self._kept) >= KEPT_FILES:
            self._kept.popitem(last=False)[1][1].close()
        with ExitStack() as stack:
            facts = self._read(raw, stack.enter_context(workspace(self._plan.database)))
            self._kept[raw.path] = facts, stack.pop_all()
        return facts

    def _read(self, raw: RawFile, folder: Path) -> FileFacts:
        with contextlib.suppress(FileNotFoundError):
            if sha256_of(raw.path) == raw.sidecar.sha256:
                self.files_read += 1
                return self._facts(raw, read_table_file(raw.path, folder=folder, options=self._plan.reading))
        raise UnreadableFileError(
            f"{raw.path} is not the file that its sidecar describes: its sha256 differs",
            detected="a file that was changed or is gone",
        )

    def _facts(self, raw: RawFile, staged: StagedTable) -> FileFacts:
        if not staged.rows:
            return FileFacts(staged, None, None, {}, 0)
        with _connection() as connection:
            time = choose_time_column(
                self._date_columns(connection, raw, staged),
                rows=staged.rows,
                configured=self._plan.time_column,
                what=f"export {raw.sidecar.export_id!r} of {self._plan.export}",
            )
            month_sql = (
                f"CAST(date_trunc('month', {self._local(time.column.position, time.column.type)}) AS DATE)"
            )
            counted = connection.execute(
                f"SELECT {month_sql}, count(*) FROM {_parquet(staged)} GROUP BY ALL ORDER BY ALL"
            ).fetchall()
        rows_by_month = {month: count for month, count in counted if month is not None}
        without = sum(count for month, count in counted if month is None)
        return FileFacts(staged, time, month_sql, rows_by_month, without)

    def _date_columns(
        self, connection: "duckdb.DuckDBPyConnection", raw: RawFile, staged: StagedTable
    ) -> Sequence[DateColumn]:
        months = months_that_may_be_covered(self._plan.window_of(raw.sidecar), raw.sidecar.requested_month)
        first, end = months[0] - TOLERANCE, add_months(months[-1], 1) + TOLERANCE
        columns = []
        for position, column in enumerate(staged.columns):
            if not column.has_values or not (column.type == "DATE" or column.type.startswith("TIMESTAMP")):
                continue
            local = self._local(position, column.type)
            facts = connection.execute(
                f"SELECT count(v), count(*) FILTER (v >= DATE '{first}' AND v < DATE '{end}'), "
                f"CAST(min(v) AS VARCHAR), CAST(max(v) AS VARCHAR) FROM (SELECT {local} AS v FROM {_parquet(staged)})"
            ).fetchone()
            if facts and facts[0]:
                columns.append(DateColumn(position, column.name, column.header, column.type, *facts))
        return columns

    def _local(self, position: int, type_: str) -> str:
        """SQL for a value as the organization's clocks show it; a value without a zone is taken as it is."""
        if type_ == "TIMESTAMP WITH TIME ZONE":
            return f"timezone({literal(self._plan.zone.key)}, c{position})"
        return f"c{position}"


@contextmanager
def _connection() -> Iterator["duckdb.DuckDBPyConnection"]:
    import duckdb

    with duckdb.connect(config={"memory_limit": "500MB"}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def _parquet(staged: StagedTable) -> str:
    return f"read_parquet({literal(str(staged.path))})"
