"""Which months an export covers, and which of several a month is taken from: over all cases."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipefy_exports_dagster.history.month_coverage import (
    Grade,
    MonthCoverage,
    choose_coverage,
    month_coverages,
    months_possibly_covered,
)
from pipefy_exports_dagster.history.pruning import may_prune, months_that_need
from pipefy_exports_dagster.periods import Period, PeriodFilter, Window, add_months

NOVEMBER = date(2026, 11, 1)
NOON = datetime(2026, 11, 22, 12)  # noqa: DTZ001 - naive UTC, as tables keep it


def month(number: int) -> date:
    return date(2026, number, 1)


def coverages(
    window: Window | None, rows: dict[int, int], requested_month: date = NOVEMBER
) -> dict[int, tuple[Grade, int]]:
    found = month_coverages(
        window,
        {month(number): count for number, count in rows.items()},
        export_id="a",
        requested_month=requested_month,
        exported_at=NOON,
    )
    assert [coverage.month for coverage in found] == sorted(coverage.month for coverage in found)
    return {coverage.month.month: (coverage.grade, coverage.rows) for coverage in found}


def window(period_filter: PeriodFilter) -> Window:
    return Period(period_filter, NOVEMBER).window


def test_last_month_covers_its_month_completely() -> None:
    assert coverages(window(PeriodFilter.LAST_MONTH), {10: 7}) == {10: (Grade.COMPLETE, 7)}


def test_the_current_month_is_provisional() -> None:
    assert coverages(window(PeriodFilter.CURRENT_MONTH), {11: 7}) == {11: (Grade.TO_DATE, 7)}


def test_a_known_window_covers_its_months_also_without_rows() -> None:
    found = coverages(window(PeriodFilter.LAST_3_MONTHS), {10: 7})
    assert found == {8: (Grade.COMPLETE, 0), 9: (Grade.COMPLETE, 0), 10: (Grade.COMPLETE, 7)}
    assert coverages(window(PeriodFilter.LAST_MONTH), {}) == {10: (Grade.COMPLETE, 0)}


def test_a_window_that_holds_none_of_the_rows_is_not_the_window() -> None:
    assert coverages(window(PeriodFilter.LAST_MONTH), {9: 7}) == {}


def test_rows_beside_a_known_window_take_nothing_from_it() -> None:
    assert coverages(window(PeriodFilter.LAST_MONTH), {10: 7, 11: 1}) == {10: (Grade.COMPLETE, 7)}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ({8: 5, 9: 6, 10: 7}, {8: Grade.EDGE, 9: Grade.COMPLETE, 10: Grade.COMPLETE}),
        ({9: 6, 10: 7, 11: 3}, {9: Grade.EDGE, 10: Grade.COMPLETE, 11: Grade.TO_DATE}),
        (
            {8: 2, 9: 6, 10: 7, 11: 3},
            {8: Grade.EDGE, 9: Grade.COMPLETE, 10: Grade.COMPLETE, 11: Grade.TO_DATE},
        ),
        ({8: 5, 10: 7}, {8: Grade.EDGE, 9: Grade.COMPLETE, 10: Grade.COMPLETE}),
        ({10: 7}, {10: Grade.EDGE}),
        ({11: 7}, {11: Grade.TO_DATE}),
        ({}, {}),
        # A row of long ago must not make a month complete whose first days may be missing.
        ({2: 1, 8: 5, 9: 6}, {8: Grade.EDGE, 9: Grade.COMPLETE}),
    ],
)
def test_without_a_window_the_oldest_month_is_an_edge_and_the_current_to_date(
    rows: dict[int, int], expected: dict[int, Grade]
) -> None:
    assert {number: grade for number, (grade, _) in coverages(None, rows).items()} == expected


@given(
    rows=st.dictionaries(st.integers(1, 12).map(month), st.integers(1, 9)),
    requested=st.integers(1, 12).map(month),
    period=st.sampled_from(list(PeriodFilter)),
    known=st.booleans(),
)
def test_covered_months_are_possible_and_only_past_ones_are_complete(
    rows: dict[date, int], requested: date, period: PeriodFilter, known: bool
) -> None:
    declared = Period(period, requested).window if known else None
    found = month_coverages(declared, rows, export_id="a", requested_month=requested, exported_at=NOON)
    assert {coverage.month for coverage in found} <= set(months_possibly_covered(declared, requested))
    for coverage in found:
        assert coverage.rows == rows.get(coverage.month, 0)
        assert (coverage.grade is Grade.TO_DATE) == (coverage.month == requested)
        if declared is None and coverage.grade is Grade.COMPLETE:
            assert any(rows.get(add_months(coverage.month, -back)) for back in range(1, 4))


ANY_COVER = st.builds(
    MonthCoverage,
    month=st.just(month(10)),
    grade=st.sampled_from(Grade),
    rows=st.integers(0, 3),
    export_id=st.uuids().map(str),
    requested_month=st.integers(10, 12).map(month),
    exported_at=st.integers(0, 3).map(lambda hours: NOON + timedelta(hours=hours)),
)
SEVERAL = st.lists(ANY_COVER, min_size=1, max_size=6)


@given(SEVERAL, st.randoms())
def test_the_choice_does_not_depend_on_the_order(several: list[MonthCoverage], random: object) -> None:
    shuffled = list(several)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert choose_coverage(shuffled) == choose_coverage(several)


@given(SEVERAL)
def test_no_month_is_emptied_and_no_provisional_one_replaces_a_complete_one(
    several: list[MonthCoverage],
) -> None:
    chosen = choose_coverage(several)
    assert chosen is not None
    assert bool(chosen.rows) == any(coverage.rows for coverage in several)
    with_rows = [coverage for coverage in several if coverage.rows] or several
    complete = [coverage for coverage in with_rows if coverage.grade is Grade.COMPLETE]
    if complete:
        assert chosen.grade is Grade.COMPLETE
        assert chosen.age == max(coverage.age for coverage in complete)


@given(SEVERAL)
def test_taking_exports_one_after_the_other_never_ends_below_complete_or_empty(
    several: list[MonthCoverage],
) -> None:
    held: MonthCoverage | None = None
    for coverage in several:
        new = choose_coverage([held, coverage] if held else [coverage])
        assert new is not None
        if held and held.rows:
            assert new.rows
        if held and held.rows and held.grade is Grade.COMPLETE:
            assert new.grade is Grade.COMPLETE
        held = new


def coverage(
    export_id: str, grade: Grade, rows: int, hours: int = 0, requested: date = NOVEMBER
) -> MonthCoverage:
    return MonthCoverage(month(10), grade, rows, export_id, requested, NOON + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("several", "expected"),
    [
        ([coverage("old", Grade.COMPLETE, 9), coverage("new", Grade.COMPLETE, 8, 1)], "new"),
        ([coverage("complete", Grade.COMPLETE, 8), coverage("edge", Grade.EDGE, 9, 1)], "complete"),
        # The state of the newest export, also where a card was deleted since.
        ([coverage("old", Grade.TO_DATE, 9), coverage("new", Grade.TO_DATE, 8, 1)], "new"),
        # Either may be short, and more rows are less short.
        ([coverage("to date", Grade.TO_DATE, 9), coverage("edge", Grade.EDGE, 4, 1)], "to date"),
        ([coverage("to date", Grade.TO_DATE, 4), coverage("edge", Grade.EDGE, 9, 1)], "edge"),
        ([coverage("empty", Grade.COMPLETE, 0, 1), coverage("full", Grade.TO_DATE, 9)], "full"),
    ],
)
def test_a_month_is_taken_from_the_newest_of_the_best(several: list[MonthCoverage], expected: str) -> None:
    chosen = choose_coverage(several)
    assert chosen is not None
    assert chosen.export_id == expected


def test_no_export_no_choice() -> None:
    assert choose_coverage([]) is None


@pytest.mark.parametrize(
    ("held", "needed"),
    [
        (None, True),
        (coverage("this", Grade.COMPLETE, 9), False),
        (coverage("newer", Grade.COMPLETE, 9, 1), False),
        (coverage("older", Grade.COMPLETE, 9, -1), True),
        (coverage("provisional", Grade.TO_DATE, 20, 1), True),
    ],
)
def test_a_file_is_needed_until_its_month_has_absorbed_it_or_a_better_one(
    held: MonthCoverage | None, needed: bool
) -> None:
    this: Sequence[MonthCoverage] = [coverage("this", Grade.COMPLETE, 9)]
    assert bool(months_that_need(this, {month(10): held} if held else {})) is needed
    assert may_prune(this, {month(10): held} if held else {}) is not needed


def test_a_file_that_no_month_can_absorb_is_not_pruned() -> None:
    assert not may_prune([], {})
