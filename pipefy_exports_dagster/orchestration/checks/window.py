"""The finding about the dates of a slice's rows: whether they lie in the window that was asked for.

With the rows of each month, this is how a person learns what `last_3_months` means in their account.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import dagster as dg

from pipefy_exports_dagster.config.setting_names import TIMEZONE
from pipefy_exports_dagster.errors import ConfigurationError
from pipefy_exports_dagster.exports import ConfiguredExport
from pipefy_exports_dagster.history import months_possibly_covered
from pipefy_exports_dagster.history.time_column import DateColumn, choose_time_column
from pipefy_exports_dagster.orchestration.checks.finding import CheckFinding, passed, table, warned
from pipefy_exports_dagster.periods import Period, PeriodFilter, Window, add_months
from pipefy_exports_dagster.tables.slice_queries import DateSpread, SliceQueries, is_date
from pipefy_exports_dagster.tables.table_state import TableColumn
from pipefy_exports_dagster.text.quoting import markdown_code

MAX_MONTHS = 36


@dataclass(frozen=True, slots=True)
class Judged:
    """The column that rows are judged by, and how it was come by; not `is_sure` where only its name speaks for it."""

    column: TableColumn
    how: str
    is_sure: bool


@dataclass(frozen=True, slots=True)
class WindowCheck:
    """Compares the rows of one slice with the dates that its export was asked for."""

    label: str
    kept: SliceQueries
    export: ConfiguredExport
    period: Period
    rows: int

    def finding(self, organization_id: str) -> CheckFinding:
        """Say how many rows lie outside, and how many each month has."""
        declared = self.export.kind(organization_id).window(self.period)
        judged = self._judged_by(declared)
        if isinstance(judged, CheckFinding):
            return judged
        # By its name, where it is not known: three complete months. Whatever is outside shows what it means here.
        window = declared or self.period.window
        spread = self._spread(judged.column, window)
        months = self.kept.rows_by_month(judged.column, self._zone)
        outside, blank = spread.filled - spread.inside, self.rows - spread.filled
        column = markdown_code(judged.column.name)
        metadata: dict[str, Any] = {
            "pipefy/rows_by_month": _table(months, window),
            "pipefy/rows_outside": outside,
            "pipefy/rows_without_a_time": blank,
            "pipefy/window": str(window),
            "pipefy/time_column": judged.column.name,
            "pipefy/time_column_chosen": judged.how,
        }
        if not judged.is_sure:
            return passed(
                f"{self.label}: not judged. {column} was chosen {judged.how}; set `time_column` of the export to "
                "the column that its period is about",
                metadata,
            )
        without = f"; {blank:,} rows leave it blank" if blank else ""
        if not outside:
            return passed(
                f"{self.label}: all {spread.filled:,} rows lie in {window} by {column}{without}."
                f"{'' if declared else self._hint(months)}",
                metadata,
            )
        hint = self._hint(months) if declared is None else self._hint_of_zone(judged.column, window, spread)
        return warned(
            f"{self.label}: {outside:,} of {spread.filled:,} rows lie outside {window} by {column}{without}.{hint}",
            metadata,
        )

    @property
    def _zone(self) -> str:
        return self.export.config.zone.key

    def _spread(self, column: TableColumn, window: Window) -> DateSpread:
        return self.kept.spread(column, self._zone, window.first, window.end)

    def _judged_by(self, declared: Window | None) -> Judged | CheckFinding:
        """Return the column that says when a row was, or the finding that there is none."""
        if not self.rows:
            return passed(f"{self.label}: the slice has no rows, so none lies outside")
        if configured := self.export.time_column:
            column = self.kept.column(configured)
            if column and is_date(column):
                return Judged(column, "configured", is_sure=True)
            what = f"of type {column.type}, not of dates or times" if column else "not in the table"
            return warned(
                f"{self.label}: not judged, because `time_column` {markdown_code(configured)} is {what}. The table's "
                f"dates are in: {self._candidates()}"
            )
        if (field := self.export.period_field) and (column := self.kept.column(field)) and is_date(column):
            return Judged(column, "the field that the report's period is about", is_sure=True)
        return self._found(months_possibly_covered(declared, self.period.requested_month))

    def _found(self, months: tuple[date, ...]) -> Judged | CheckFinding:
        """Find the column as the history does."""
        day = date.resolution
        near = Window(months[0] - day, add_months(months[-1], 1) + day)
        columns = [column for column in self.kept.columns if is_date(column)]
        found = []
        for position, column in enumerate(columns):
            spread = self._spread(column, near)
            if spread.filled:
                header = column.header or column.name
                found.append(
                    DateColumn(
                        position, column.name, header, column.type, spread.filled, spread.inside, "", ""
                    )
                )
        try:
            chosen = choose_time_column(found, rows=self.rows, configured=None, what=self.label)
        except ConfigurationError:
            return passed(
                f"{self.label}: not judged, because no column clearly says when a row was. Set `time_column` of the "
                f"export to one of: {self._candidates()}"
            )
        is_sure = chosen.column.inside == chosen.column.filled
        return Judged(columns[chosen.column.position], chosen.how, is_sure)

    def _candidates(self) -> str:
        names = [column.name for column in self.kept.columns if is_date(column)]
        return (
            ", ".join(map(markdown_code, names[:20]))
            or "none (dates that are text can be read with `reading`)"
        )

    def _hint(self, months: dict[str, int]) -> str:
        """Say which setting fits what `last_3_months` turned out to hold."""
        if self.period.filter is not PeriodFilter.LAST_3_MONTHS:
            return ""
        this = self.period.requested_month
        found = set(months)
        fits = {
            "complete": {_named(add_months(this, -back)) for back in (1, 2, 3)},
            "including_current": {_named(add_months(this, -back)) for back in (0, 1, 2)},
        }
        setting = next((setting for setting, named in fits.items() if found == named), None)
        unknown = " Pipefy does not publish what last_3_months covers;"
        if setting is None:
            return f"{unknown} the months listed are what it held here"
        fits_it = f'`last_3_months_window="{setting}"` fits what it held here'
        return f"{unknown} {fits_it}; set it, and the history relies on it"

    def _hint_of_zone(self, column: TableColumn, window: Window, spread: DateSpread) -> str:
        day = date.resolution
        near = self._spread(column, Window(window.first - day, window.end + day))
        if near.inside < spread.filled:
            return " If another column says when a row was, set `time_column` of the export"
        return (
            f" All by less than a day: Pipefy may cut months in another time zone than {TIMEZONE}, "
            f"which is {self._zone}"
        )


def _table(months: dict[str, int], window: Window) -> dg.TableMetadataValue:
    inside = set(map(_named, months_possibly_covered(window, window.first)))
    newest = list(months.items())[-MAX_MONTHS:]
    rows = [(month, rows, "yes" if month in inside else "no") for month, rows in newest]
    return table(("month", "rows", "in the window"), rows)


def _named(month: date) -> str:
    return f"{month:%Y-%m}"
