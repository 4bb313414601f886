"""Load files into the tables: read first (`reading`), then one short transaction.

Nothing here depends on HTTP or Dagster. DuckDB is imported when a load runs, not before.
"""

from .held import held_exports
from .load import load_file
from .month import HeldMonth, MonthReport, MonthSlice, held_months, replace_month
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
    "Slice",
    "held_exports",
    "held_months",
    "load_file",
    "read_copy_path",
    "replace_month",
    "replace_slice",
    "workspace",
]
