"""What a check found, in the words of this package; Dagster's results are made from it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import dagster as dg

LONGEST_WAIT_S = 120.0
"""Of a check for the database, in all; a load waits longer, but a check can be executed again."""


class Check(StrEnum):
    """The checks by name; `description` says what each is for."""

    ROWS_MATCH_FILE = "rows_match_file"
    HAS_ROWS = "has_rows"
    WHOLE_FILE_LOADED = "whole_file_loaded"
    COLUMNS_UNCHANGED = "columns_unchanged"
    ROWS_IN_WINDOW = "rows_in_window"
    KEYS_UNIQUE = "keys_unique"
    LAST_MONTH_IS_HERE = "last_month_is_here"
    MONTHS_COMPLETE = "months_complete"

    @property
    def description(self) -> str:
        """What the UI says about the check."""
        return DESCRIPTIONS[self]


DESCRIPTIONS = {
    Check.ROWS_MATCH_FILE: "The slice holds the rows that were counted in the export's file, each once, and no others.",
    Check.HAS_ROWS: "The slice has rows.",
    Check.WHOLE_FILE_LOADED: "Every visible sheet of the file that has rows was loaded, or others were named.",
    Check.COLUMNS_UNCHANGED: "The load added, widened or missed no column.",
    Check.ROWS_IN_WINDOW: "Every row lies in the dates that were asked for, by the column that says when it was.",
    Check.KEYS_UNIQUE: "No two rows have the same key.",
    Check.LAST_MONTH_IS_HERE: "last_month has been loaded in this month, from `last_month_due_day` on.",
    Check.MONTHS_COMPLETE: "Every month that is over, from the first complete one on, is in the history, and complete.",
}


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """What one check found. `text` starts with what it is about, and says what to do where there is something to do."""

    passed: bool
    text: str
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def result(self, asset: dg.AssetKey, check: Check) -> dg.AssetCheckResult:
        """Return what a step yields."""
        return dg.AssetCheckResult(
            asset_key=asset,
            check_name=check.value,
            passed=self.passed,
            severity=self.severity,
            description=self.text,
            metadata=self.metadata,
        )

    def evaluation(
        self, asset: dg.AssetKey, check: Check, partition: str | None = None
    ) -> dg.AssetCheckEvaluation:
        """Return the event that is logged where Dagster makes none of a result, or not one of a partition."""
        return dg.AssetCheckEvaluation(
            asset_key=asset,
            check_name=check.value,
            passed=self.passed,
            severity=self.severity,
            description=self.text,
            metadata=self.metadata,
            blocking=False,
            partition=partition,
        )


def passed(text: str, metadata: Mapping[str, Any] | None = None) -> CheckFinding:
    """Say that all is well."""
    return CheckFinding(passed=True, text=text, metadata=metadata or {})


def warned(text: str, metadata: Mapping[str, Any] | None = None) -> CheckFinding:
    """Say that a person may want to look."""
    return CheckFinding(passed=False, text=text, severity=dg.AssetCheckSeverity.WARN, metadata=metadata or {})


def failed(text: str, metadata: Mapping[str, Any] | None = None) -> CheckFinding:
    """Say that something is wrong."""
    return CheckFinding(passed=False, text=text, metadata=metadata or {})


def table(names: Sequence[str], rows: Iterable[Sequence[str | int]]) -> dg.TableMetadataValue:
    """Return rows as a table that the UI shows."""
    records = [dg.TableRecord(dict(zip(names, row, strict=True))) for row in rows]
    return dg.MetadataValue.table(records, dg.TableSchema(columns=[dg.TableColumn(name) for name in names]))
