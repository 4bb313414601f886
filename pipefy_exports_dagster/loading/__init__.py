"""Files into DuckDB: read losslessly in a process of its own, then one short transaction.

Nothing here knows HTTP or Dagster. DuckDB, pyarrow and numpy are imported when a load runs, not before.
"""

from pipefy_exports_dagster.read_options import ReadOptions
from pipefy_exports_dagster.reading.parent import read_table_file
from pipefy_exports_dagster.reading.staged import StagedColumn, StagedTable

from .held import held_exports
from .load import load_file
from .month import HeldMonth, MonthReport, MonthSlice, held_months, publish_months, replace_month
from .read_copy import read_copy_path
from .replacing import replace_slice
from .report import ChangeKind, ColumnChange, LoadedColumn, LoadReport
from .slice import Slice
from .workspace import workspace

__all__ = [
    "ChangeKind",
    "ColumnChange",
    "HeldMonth",
    "LoadReport",
    "LoadedColumn",
    "MonthReport",
    "MonthSlice",
    "ReadOptions",
    "Slice",
    "StagedColumn",
    "StagedTable",
    "held_exports",
    "held_months",
    "load_file",
    "publish_months",
    "read_copy_path",
    "read_table_file",
    "replace_month",
    "replace_slice",
    "workspace",
]
