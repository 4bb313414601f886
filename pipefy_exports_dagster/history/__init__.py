"""Which export a calendar month of the history is taken from, and the taking of it.

The rules (`month_coverage`, `time_column`, `requests`, `pruning`) are pure functions; `file_facts` reads
the raw files, `builder` puts a month into its table, `retention` says which files may go. Nothing here
knows Dagster or HTTP.
"""

from .builder import HistoryBuilder, MonthAction, MonthResult
from .month_coverage import Grade, MonthCoverage, choose_coverage, month_coverages, months_possibly_covered
from .plan import HistoryPlan, history_plan
from .pruning import months_that_need
from .retention import Keep, RetentionRule, Verdict, judge_files

__all__ = [
    "Grade",
    "HistoryBuilder",
    "HistoryPlan",
    "Keep",
    "MonthAction",
    "MonthCoverage",
    "MonthResult",
    "RetentionRule",
    "Verdict",
    "choose_coverage",
    "history_plan",
    "judge_files",
    "month_coverages",
    "months_possibly_covered",
    "months_that_need",
]
