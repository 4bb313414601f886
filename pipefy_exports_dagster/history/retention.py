"""Which raw files may be deleted: the archive is the record that everything can be rebuilt from.

A file stays while a table's present content comes from it, while a month of the history does, or while a month could
still be taken from it. What is left to delete are mostly exports that a later one has replaced.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from pipefy_exports_dagster.config.naming import schema_and_table
from pipefy_exports_dagster.errors import (
    ConfigurationError,
    ReaderFailedError,
    ReadLimitError,
    UnreadableFileError,
    ValueDoesNotFitError,
)
from pipefy_exports_dagster.history.builder import HistoryBuilder
from pipefy_exports_dagster.history.month_coverage import MonthCoverage
from pipefy_exports_dagster.history.pruning import may_prune, months_that_need
from pipefy_exports_dagster.raw_files.archive import archived_files
from pipefy_exports_dagster.raw_files.folder import RawFile
from pipefy_exports_dagster.tables import held_exports


class Keep(StrEnum):
    """Why a file stays."""

    YOUNG = "young"
    """It is not in the archive for long enough."""
    NEWEST = "newest"
    """It is the newest of its partition."""
    IN_TABLE = "in_table"
    """A slice of the export's table was loaded from it."""
    IN_HISTORY = "in_history"
    """A month of the history was taken from it, and could not be built again without it."""
    NOT_IN_HISTORY = "not_in_history"
    """A month of the history is still to be taken from it."""
    UNCLEAR = "unclear"
    """It is not clear which months it holds."""


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """From when on files are old, and whether the history has to stay rebuildable from them."""

    archived_before: datetime
    keep_rebuildable: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to become of a file: it goes where `keep` is None. `why` is for people, without the file's name."""

    raw: RawFile
    keep: Keep | None
    why: str


def judge_files(
    builder: HistoryBuilder, rule: RetentionRule, *, on_file: Callable[[int, int], None] = lambda *_: None
) -> Iterator[Verdict]:
    """Say of each file of an export of an organization whether it may go, oldest first.

    Args:
        builder: Of the export's history; it reads the files that have to be looked into.
        rule: Which files are to go.
        on_file: Called before each file with its number and how many there are.

    Raises:
        DatabaseLockedError: Another process held the database until the deadline.
        StorageError: The database cannot be read.
    """
    plan = builder.plan
    files = archived_files(plan.data_dir, plan.organization_id, plan.export)
    schema, table = schema_and_table(plan.export)
    in_table = held_exports(
        plan.tables, table, plan.organization_id, schema=schema, lock_timeout_s=plan.lock_timeout_s
    )
    in_history = builder.held()
    newest = {raw.sidecar.period_filter: raw for raw in files}.values()
    for number, raw in enumerate(files, 1):
        on_file(number, len(files))
        if raw.sidecar.downloaded_at >= rule.archived_before:
            yield Verdict(raw, Keep.YOUNG, f"in the archive since {raw.sidecar.downloaded_at:%Y-%m-%d}")
        elif raw in newest:
            yield Verdict(raw, Keep.NEWEST, f"the newest of {raw.sidecar.period_filter}")
        elif raw.sidecar.export_id in in_table:
            yield Verdict(raw, Keep.IN_TABLE, f"the rows in {plan.export} come from it")
        else:
            yield _judge_by_history(builder, raw, in_history, rule)


def _judge_by_history(
    builder: HistoryBuilder, raw: RawFile, held: Mapping[date, MonthCoverage], rule: RetentionRule
) -> Verdict:
    table = builder.plan.table
    taken = [month for month, coverage in held.items() if coverage.export_id == raw.sidecar.export_id]
    if taken and rule.keep_rebuildable:
        return Verdict(raw, Keep.IN_HISTORY, f"{_listed(taken)} of {table} {_come(taken)} from it")
    try:
        coverages = builder.coverages(raw)
    except (
        UnreadableFileError,
        ReadLimitError,
        ReaderFailedError,
        ValueDoesNotFitError,
        ConfigurationError,
    ) as error:
        return Verdict(raw, Keep.UNCLEAR, f"it is not clear which months it holds: {error}")
    if may_prune(coverages, held):
        replaced = (
            f"{_listed([coverage.month for coverage in coverages])} {_come(coverages)} from a later export"
        )
        return Verdict(raw, None, "absorbed by the history" if taken else f"in {table}, {replaced}")
    needed = months_that_need(coverages, held)
    if not needed:
        return Verdict(raw, Keep.UNCLEAR, "it holds no month of the history")
    return Verdict(
        raw, Keep.NOT_IN_HISTORY, f"{table} has not taken {_listed(needed)} yet: materialize it first"
    )


def _listed(months: Sequence[date]) -> str:
    return ", ".join(f"{month:%Y-%m}" for month in sorted(months))


def _come(months: Sequence[object]) -> str:
    return "comes" if len(months) == 1 else "come"
