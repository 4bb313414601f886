"""What is said of changed columns: exactly, once, and also where there are too many to list."""

from pipefy_exports_dagster.orchestration.checks.columns import columns_unchanged
from pipefy_exports_dagster.orchestration.checks.loads import Load
from pipefy_exports_dagster.orchestration.metadata.column_changes import (
    COLUMN_CHANGES,
    MAX_LISTED,
    ColumnChanges,
    changes_of,
)
from pipefy_exports_dagster.tables import ChangeKind, ColumnChange


def load(*changes: ColumnChange) -> Load:
    """A load whose changes have been through an event."""
    stored = changes_of({COLUMN_CHANGES: ColumnChanges.of(changes).stored()})
    return Load(5, "a1", "301", "a1.csv", "0" * 64, 7, stored)


def gone(*names: str) -> list[ColumnChange]:
    return [ColumnChange(ChangeKind.MISSING, name, old_type="BIGINT") for name in names]


ADDED = ColumnChange(ChangeKind.ADDED, "new", new_type="DATE")
RESPELLED = ColumnChange(ChangeKind.RESPELLED, "titulo", old_header="Título", new_header="TÍTULO")
WIDENED = ColumnChange(ChangeKind.WIDENED, "wide", "BIGINT", "VARCHAR")


def test_added_and_widened_columns_are_listed_with_their_types() -> None:
    finding = columns_unchanged("last_month", [load(ADDED, WIDENED), load()])
    assert not finding.passed
    assert "1 added, 1 widened" in finding.text
    assert [tuple(record.data.values()) for record in finding.metadata["pipefy/changed_columns"].records] == [
        ("new", "added", "", "DATE"),
        ("wide", "widened", "BIGINT", "VARCHAR"),
    ]


def test_a_first_load_misses_no_column_but_may_widen_one() -> None:
    assert columns_unchanged("last_month", [load(*gone("x"))]).passed
    assert not columns_unchanged("last_month", [load(WIDENED, *gone("x"))]).passed


def test_only_what_is_newly_gone_is_said() -> None:
    assert columns_unchanged("last_month", [load(*gone("x", "y")), load(*gone("x", "y"))]).passed
    finding = columns_unchanged("last_month", [load(*gone("x", "y")), load(*gone("x"))])
    assert "1 gone" in finding.text
    assert [record.data["column"] for record in finding.metadata["pipefy/changed_columns"].records] == ["y"]
    assert columns_unchanged("last_month", [load(*gone("x")), load(*gone("x", "y"))]).passed


def test_too_many_to_list_are_counted_and_the_same_many_gone_are_not_said_again() -> None:
    many = gone(*(f"c{number}" for number in range(MAX_LISTED + 30)))
    first = columns_unchanged("last_month", [load(*many), load()])
    assert f"{MAX_LISTED + 30} gone; 30 of them are listed in the run's log only" in first.text
    assert columns_unchanged("last_month", [load(*many), load(*many)]).passed


def test_another_spelling_of_a_header_is_no_change() -> None:
    finding = columns_unchanged("last_month", [load(RESPELLED), load()])
    assert finding.passed
    assert columns_unchanged("last_month", [load(RESPELLED, ADDED), load()]).text.count("1 added") == 1
