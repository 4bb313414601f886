from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipefy_exports_dagster.periods import Period, PeriodFilter, Window, add_months, month_of

MONTHS = st.dates(date(2000, 1, 1), date(2100, 12, 31)).map(lambda day: day.replace(day=1))
ZONES = st.sampled_from(["UTC", "America/Sao_Paulo", "Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kathmandu"])
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("period_filter", "month", "first", "end"),
    [
        (PeriodFilter.LAST_MONTH, date(2026, 11, 1), date(2026, 10, 1), date(2026, 11, 1)),
        (PeriodFilter.LAST_MONTH, date(2026, 1, 1), date(2025, 12, 1), date(2026, 1, 1)),
        (PeriodFilter.CURRENT_MONTH, date(2026, 12, 1), date(2026, 12, 1), date(2027, 1, 1)),
        (PeriodFilter.LAST_3_MONTHS, date(2026, 2, 1), date(2025, 11, 1), date(2026, 2, 1)),
    ],
)
def test_a_period_is_whole_months(period_filter: PeriodFilter, month: date, first: date, end: date) -> None:
    assert Period(period_filter, month).window == Window(first, end)


@given(MONTHS)
def test_periods_meet_without_gap_or_overlap(month: date) -> None:
    last, current = (Period(f, month).window for f in (PeriodFilter.LAST_MONTH, PeriodFilter.CURRENT_MONTH))
    assert last.end == current.first == month
    assert Period(PeriodFilter.LAST_MONTH, add_months(month, 1)).window == current


@given(MONTHS)
def test_three_months_are_the_last_month_three_times(month: date) -> None:
    three = Period(PeriodFilter.LAST_3_MONTHS, month).window
    singles = [Period(PeriodFilter.LAST_MONTH, add_months(month, -back)).window for back in (2, 1, 0)]
    assert (three.first, three.end) == (singles[0].first, singles[-1].end)


@given(MONTHS, st.integers(-500, 500), st.integers(-500, 500))
def test_months_add_like_numbers(month: date, some: int, more: int) -> None:
    assert add_months(add_months(month, some), more) == add_months(month, some + more)


@given(MOMENTS, ZONES)
def test_the_month_is_the_one_on_the_wall_of_the_zone(moment: datetime, zone: str) -> None:
    month = month_of(moment, ZoneInfo(zone))
    local = moment.astimezone(ZoneInfo(zone)).date()
    assert month <= local < add_months(month, 1)
    assert abs(month - month_of(moment, ZoneInfo("UTC"))) <= timedelta(days=31)


def test_a_month_begins_when_it_does_in_the_organizations_zone() -> None:
    moment = datetime(2026, 11, 1, 2, 59, tzinfo=UTC)
    assert month_of(moment, ZoneInfo("America/Sao_Paulo")) == date(2026, 10, 1)
    assert month_of(moment, ZoneInfo("UTC")) == date(2026, 11, 1)


def test_a_window_is_shown_with_its_end_excluded() -> None:
    assert str(Window(date(2026, 10, 1), date(2026, 11, 1))) == "2026-10-01 to 2026-11-01 (exclusive)"
