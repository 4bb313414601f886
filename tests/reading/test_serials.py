"""A serial number is the time that its writer had, in every form that writers have."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.loader import Loader
from support.thoroughness import examples
from support.workbooks import one_sheet

from pipefy_exports_dagster.reading.xlsx.number_formats import NumberKind
from pipefy_exports_dagster.reading.xlsx.serials import decimals_of, serial_values

EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  serials have no zone
DAY_US = 86_400_000_000


def exact(microseconds: int) -> Decimal:
    return Decimal(microseconds) / DAY_US


def computed(microseconds: int) -> float:
    """What a program has that divides and adds in floating point."""
    days, of_day = divmod(microseconds, DAY_US)
    return days + of_day / 1_000_000 / 86_400


FORMS = {
    "ten decimals": lambda us: f"{exact(us):.10f}",
    "ten decimals, zeros dropped": lambda us: f"{exact(us):.10f}".rstrip("0").rstrip("."),
    "15 digits": lambda us: f"{exact(us):.15g}",
    "16 digits": lambda us: f"{exact(us):.16g}",
    "17 digits": lambda us: f"{exact(us):.17g}",
    "shortest": lambda us: repr(float(exact(us))),
    "15 digits of a computed one": lambda us: f"{computed(us):.15g}",
    "16 digits of a computed one": lambda us: f"{computed(us):.16g}",  # openpyxl
    "shortest of a computed one": lambda us: repr(computed(us)),
}


def times_of(serials: list[str], kind: NumberKind = NumberKind.DATETIME) -> list[int]:
    """Microseconds of each serial since its epoch."""
    values = np.array([float(text) for text in serials])
    fractions = values[values != np.floor(values)]
    found = np.zeros(len(values), np.int64)
    for _, mask, moments in serial_values(
        values, kind, dates_from_1904=False, decimals=decimals_of([fractions])
    ):
        found[mask] = np.asarray(moments.cast("int64") if kind is NumberKind.DATETIME else moments)
    return [int(each) + (25_569 * DAY_US if kind is NumberKind.DATETIME else 0) for each in found]


DAYS = st.integers(min_value=61, max_value=150_000)  # March 1900 to 2310
CLOCK_S = st.integers(min_value=0, max_value=86_399)
CLOCK_MS = st.integers(min_value=0, max_value=86_399_999)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=examples(40, thorough=150), deadline=None)
@given(st.lists(st.tuples(DAYS, CLOCK_S), min_size=1, max_size=40))
def test_whole_seconds_arrive_in_every_form(form: str, moments: list[tuple[int, int]]) -> None:
    wanted = [day * DAY_US + second * 1_000_000 for day, second in moments]
    assert times_of([FORMS[form](each) for each in wanted]) == wanted


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=examples(40, thorough=150), deadline=None)
@given(st.lists(st.tuples(DAYS, CLOCK_MS), min_size=1, max_size=40))
def test_milliseconds_arrive_in_every_form(form: str, moments: list[tuple[int, int]]) -> None:
    wanted = [day * DAY_US + millisecond * 1_000 for day, millisecond in moments]
    assert times_of([FORMS[form](each) for each in wanted]) == wanted


@pytest.mark.parametrize("unit_us", [1_000, 1_000_000], ids=["milliseconds", "seconds"])
@pytest.mark.parametrize("days", [(61, 10_000), (10_000, 100_000), (100_000, 150_000)], ids=str)
@pytest.mark.parametrize("form", FORMS)
def test_many_times_at_once_arrive(form: str, days: tuple[int, int], unit_us: int) -> None:
    chance = np.random.default_rng(20261126)
    of_day = chance.integers(0, DAY_US // unit_us, 20_000) * unit_us
    wanted = (chance.integers(*days, 20_000) * DAY_US + of_day).tolist()
    assert times_of([FORMS[form](each) for each in wanted]) == wanted


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=examples(40, thorough=100), deadline=None)
@given(st.lists(st.integers(min_value=0, max_value=100 * 86_400), min_size=1, max_size=20))
def test_durations_and_times_of_day_arrive_in_every_form(form: str, seconds: list[int]) -> None:
    wanted = [second * 1_000_000 for second in seconds]
    assert times_of([FORMS[form](each) for each in wanted], NumberKind.DURATION) == wanted


@pytest.mark.parametrize("decimals", [5, 6, 7, 8, 9])
def test_a_column_rounded_to_few_decimals_is_a_column_of_rounded_seconds(decimals: int) -> None:
    chance = np.random.default_rng(decimals)
    days, clock = chance.integers(36_526, 60_000, 500), chance.integers(0, 86_400, 500) * 1_000_000
    wanted = (days * DAY_US + clock).tolist()
    found = times_of([f"{exact(each):.{decimals}f}" for each in wanted])
    if decimals > 5:  # five leave more than a second open
        assert found == wanted
    else:
        assert all(
            abs(one - other) <= 1_000_000 and one % 1_000_000 == 0
            for one, other in zip(found, wanted, strict=True)
        )


def test_few_decimals_among_others_are_just_what_they_say() -> None:
    # 46255.12345 is how 02:57:46.080 is written, and no rounding of 02:57:46.
    [short, _, _] = times_of(["46255.12345", "46255.5348726852", "46256.3333333333"])
    assert EPOCH + timedelta(microseconds=short) == datetime(2026, 8, 21, 2, 57, 46, 80_000)  # noqa: DTZ001


def test_one_serial_alone_is_just_what_it_says() -> None:
    [short] = times_of(["46255.12345"])
    assert EPOCH + timedelta(microseconds=short) == datetime(2026, 8, 21, 2, 57, 46, 80_000)  # noqa: DTZ001


def test_a_whole_file_is_read_so(loader: Loader) -> None:
    serials = ["46255.3333333333", "46255.6666666667", "46255.9999884259", "46255"]
    book = one_sheet(["When"], *([f's="2"|{serial}'] for serial in serials))
    loader.load_here(book.write(loader.folder / "book.xlsx"))
    found: list[Any] = loader.column("When")
    assert [str(each) for each in found] == [
        "2026-08-21 08:00:00", "2026-08-21 16:00:00", "2026-08-21 23:59:59", "2026-08-21 00:00:00",
    ]  # fmt: skip
