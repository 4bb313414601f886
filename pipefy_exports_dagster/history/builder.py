"""Takes months of the history from the files that cover them best."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Self

from pipefy_exports_dagster.errors import UnreadableFileError, ValueDoesNotFitError
from pipefy_exports_dagster.history.file_facts import FactReader, FileFacts
from pipefy_exports_dagster.history.month_coverage import (
    Grade,
    MonthCoverage,
    choose_coverage,
    month_coverages,
    months_possibly_covered,
)
from pipefy_exports_dagster.history.plan import HistoryPlan, period_of
from pipefy_exports_dagster.history.requests import difference_in_rows, without_added_columns
from pipefy_exports_dagster.raw_files.archive import archived_files
from pipefy_exports_dagster.raw_files.folder import RawFile
from pipefy_exports_dagster.reading.left_out import left_out
from pipefy_exports_dagster.reading.redaction import redact_values
from pipefy_exports_dagster.tables import (
    HeldMonth,
    MonthReport,
    MonthSlice,
    Slice,
    held_months,
    replace_month,
)
from pipefy_exports_dagster.tables.slice import naive_utc


class MonthAction(StrEnum):
    """What became of a month."""

    LOADED = "loaded"
    """It was taken from the export."""
    KEPT = "kept"
    """The table holds it, and as well as any file could, or better; nothing was changed."""
    GAP = "gap"
    """No file covers it, and the table does not hold it."""


@dataclass(frozen=True, slots=True)
class MonthResult:
    """What became of a month, and from which file. `coverage` is what the table holds now; None for a gap."""

    month: date
    action: MonthAction
    coverage: MonthCoverage | None = None
    raw: RawFile | None = None
    facts: FileFacts | None = None
    report: MonthReport | None = None


class HistoryBuilder:
    """Builds months of one history. Files are read once for all months; use it as a context manager.

    `on_warning` hears of files that were passed over or not read whole, and of rows that belong to no month.
    """

    def __init__(self, plan: HistoryPlan, *, on_warning: Callable[[str], None]) -> None:
        self.plan = plan
        self._warn_once = _Once(on_warning)
        self._reader = FactReader(plan)
        self._files = archived_files(plan.data_dir, plan.organization_id, plan.export)
        self._written = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.__exit__()

    @property
    def files_read(self) -> int:
        """How many files were read so far."""
        return self._reader.files_read

    def months(self) -> tuple[date, ...]:
        """Return the months that the files may cover, oldest first."""
        return tuple(sorted({month for raw in self._files for month in self._possible(raw)}))

    def build(self, month: date) -> MonthResult:
        """Take a month from the best file for it, unless the table holds it as well or better.

        Raises:
            ConfigurationError: It is not clear to which month a file's rows belong.
            DatabaseLockedError: Another process held the database until the deadline.
            LoadFailedError: DuckDB refused; nothing was changed.
            DiskFullError: No space was left; nothing was changed.
        """
        found: dict[str, tuple[RawFile, FileFacts]] = {}
        coverages = []
        for coverage, raw, facts in self._coverages(month):
            coverages.append(coverage)
            found[coverage.export_id] = raw, facts
            if coverage.rows and coverage.grade is not Grade.EDGE:
                break  # the newest of the best grade that is left
        chosen = choose_coverage(coverages)
        if chosen is None:
            held = self._held().get(month)
            if held is None:
                return MonthResult(month, MonthAction.GAP)
            return MonthResult(month, MonthAction.KEPT, coverage_of_held(held))
        raw, facts = found[chosen.export_id]
        with redact_values(hidden=not self.plan.reading.show_values):
            report = replace_month(
                facts.staged,
                database=self.plan.tables,
                schema=self.plan.schema,
                table=self.plan.table,
                slice_=MonthSlice(month, chosen.grade is Grade.COMPLETE, Slice.of(raw.sidecar)),
                month_sql=facts.month_sql,
                rows=chosen.rows,
                may_replace=lambda held: _may_replace(chosen, held),
                lock_timeout_s=self.plan.lock_timeout_s,
            )
        if report.kept:
            return MonthResult(month, MonthAction.KEPT, coverage_of_held(report.kept))
        self._written = True
        self._warn_about_rows(raw, facts)
        return MonthResult(month, MonthAction.LOADED, chosen, raw, facts, report)

    def coverages(self, raw: RawFile) -> tuple[MonthCoverage, ...]:
        """Return the months that a file covers, by its rows.

        Raises:
            UnreadableFileError: It is not a table, or not the file that its sidecar describes.
            ValueDoesNotFitError: A value does not fit the type that is pinned for its column.
            ConfigurationError: It is not clear to which month its rows belong.
        """
        return self._coverages_of(raw, self._reader.facts(raw))

    def held(self) -> dict[date, MonthCoverage]:
        """Return what the table holds, by month.

        Raises:
            DatabaseLockedError: Another process held the database until the deadline.
        """
        return {month: coverage_of_held(held) for month, held in self._held().items()}

    def publish(self) -> None:
        """Give readers what there is now, if any month was changed."""
        if self._written:
            problem = self.plan.tables.publish(lock_timeout_s=self.plan.lock_timeout_s)
            if problem:
                self._warn_once(problem)

    def reach(self) -> str:
        """Say what there is, for the message about a month that nothing covers."""
        if not self._files:
            return f"there is no file of {self.plan.export} for organization {self.plan.organization_id}"
        held = sorted(self._held())
        newest = self._files[-1].sidecar
        holds = f"{held[0]:%Y-%m} to {held[-1]:%Y-%m}" if held else "no month"
        files = "1 file" if len(self._files) == 1 else f"{len(self._files)} files"
        return (
            f"the history holds {holds}, from {files}; the newest is export "
            f"{newest.export_id!r} ({newest.period_filter}, requested in {newest.requested_month:%Y-%m})"
        )

    def _coverages(self, month: date) -> Iterator[tuple[MonthCoverage, RawFile, FileFacts]]:
        """Yield how files cover a month: newest first, those made after it before those made in it."""
        files = [raw for raw in self._files if month in self._possible(raw) and self._is_whole(raw)]
        files.sort(key=_age, reverse=True)
        files.sort(key=lambda raw: raw.sidecar.requested_month <= month)
        for raw in files:
            try:
                facts = self._reader.facts(raw)
            except (UnreadableFileError, ValueDoesNotFitError) as error:
                self._warn_once(f"{raw.path.name} is passed over: {error}")
                continue
            coverage = next(
                (coverage for coverage in self._coverages_of(raw, facts) if coverage.month == month), None
            )
            if coverage:
                yield coverage, raw, facts
            elif self.plan.window_of(raw.sidecar):
                self._warn_once(
                    f"{raw.path.name} ({raw.sidecar.period_filter}, requested in "
                    f"{raw.sidecar.requested_month:%Y-%m}) is passed over: none of its rows lies in {month:%Y-%m}; "
                    "it was asked for while the month was turning, or the time column is another"
                )

    def _coverages_of(self, raw: RawFile, facts: FileFacts) -> tuple[MonthCoverage, ...]:
        sidecar = raw.sidecar
        return month_coverages(
            self.plan.window_of(sidecar),
            facts.rows_by_month,
            export_id=sidecar.export_id,
            requested_month=sidecar.requested_month,
            exported_at=naive_utc(sidecar.exported_at),
        )

    def _possible(self, raw: RawFile) -> tuple[date, ...]:
        return months_possibly_covered(self.plan.window_of(raw.sidecar), raw.sidecar.requested_month)

    def _is_whole(self, raw: RawFile) -> bool:
        """Whether a file has all the rows of its period; one exported with other arguments has not."""
        configured, made_with = self.plan.request(period_of(raw.sidecar)), raw.sidecar.request
        as_asked = any(
            self.plan.fingerprint(asked) == raw.sidecar.fingerprint
            for asked in without_added_columns(made_with)
        )
        differs = configured and difference_in_rows(made_with, configured, as_asked=as_asked)
        if differs:
            self._warn_once(
                f"{raw.path.name} is passed over: it was exported with another {differs!r} than the configuration has"
            )
        return not differs

    def _held(self) -> dict[date, HeldMonth]:
        plan = self.plan
        return held_months(
            plan.tables,
            plan.table,
            plan.organization_id,
            schema=plan.schema,
            lock_timeout_s=plan.lock_timeout_s,
        )

    def _warn_about_rows(self, raw: RawFile, facts: FileFacts) -> None:
        reading = self.plan.reading
        for sentence in left_out(
            facts.staged.file, named=bool(reading.sheets), show_values=reading.show_values
        ):
            self._warn_once(f"{raw.path.name}: {sentence}")
        possible = self._possible(raw)
        outside = {month: rows for month, rows in facts.rows_by_month.items() if month not in possible}
        if outside:
            listed = ", ".join(f"{rows} of {month:%Y-%m}" for month, rows in sorted(outside.items()))
            self._warn_once(f"{raw.path.name} has rows outside the time that it covers: {listed}")
        if facts.rows_without_month and facts.time:
            self._warn_once(
                f"{raw.path.name} has {facts.rows_without_month} rows whose {facts.time.column.name!r} is blank: "
                "they belong to no month"
            )


def coverage_of_held(held: HeldMonth) -> MonthCoverage:
    """Return what a table holds of a month in the terms in which it is compared."""
    grade = Grade.TO_DATE if held.month == held.requested_month else Grade.EDGE
    return MonthCoverage(
        held.month,
        Grade.COMPLETE if held.is_complete else grade,
        held.rows,
        held.export_id,
        held.requested_month,
        held.exported_at,
    )


def _may_replace(new: MonthCoverage, held: HeldMonth) -> bool:
    return new.export_id == held.export_id or choose_coverage([new, coverage_of_held(held)]) == new


def _age(raw: RawFile) -> tuple[object, ...]:
    sidecar = raw.sidecar
    return sidecar.requested_month, sidecar.exported_at, sidecar.export_id


class _Once:
    """Says each thing once."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._said: set[str] = set()

    def __call__(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._say(text)
