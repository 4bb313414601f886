from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox.api_client import get, post

from pipefy_exports_dagster.sandbox import (
    ReportRequest,
    Sandbox,
    SandboxMonth,
    SandboxPeriod,
    SandboxSettings,
)
from pipefy_exports_dagster.sandbox.clock import SandboxClock
from pipefy_exports_dagster.sandbox.volume import MonthlyVolume
from pipefy_exports_dagster.sandbox.well_known import ORGANIZATION_ID, SECOND_ORGANIZATION_ID
from pipefy_exports_dagster.sandbox.world import World

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def make_world(now: datetime = NOW, **given: int | bool) -> World:
    sandbox_settings = SandboxSettings(**({"jobs": 500, "cards": 200} | given))  # type: ignore[arg-type]
    return World(sandbox_settings, SandboxClock(now))


def months_in(world: World, period: SandboxPeriod, now: datetime = NOW) -> set[str]:
    started = world.automation_jobs(period, now).column("Started at")
    return {f"{moment:%Y-%m}" for moment in started}


def test_the_same_seed_and_clock_give_the_same_rows() -> None:
    request = ReportRequest(ORGANIZATION_ID, report_id="300700101")

    first, second, other = make_world(), make_world(), make_world(seed=8)

    for period in SandboxPeriod:
        assert first.automation_jobs(period, NOW) == second.automation_jobs(period, NOW)
        assert first.automation_jobs(period, NOW).rows != other.automation_jobs(period, NOW).rows
    assert first.organization_report(request, NOW) == second.organization_report(request, NOW)


@settings(deadline=None, max_examples=60)
@given(
    start=st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    total=st.integers(0, 3000),
    seed=st.integers(0, 5),
)
def test_exactly_the_total_lies_in_the_five_months_up_to_the_start(
    start: datetime, total: int, seed: int
) -> None:
    start = start.replace(microsecond=0)
    volume = MonthlyVolume(seed, "jobs", total, start)
    months = [SandboxMonth.of(start).plus(n) for n in range(-6, 3)]

    times = {month: volume.times(month) for month in months}

    assert sum(moment <= start for moments in times.values() for moment in moments) == total
    for month, moments in times.items():
        assert moments == sorted(moments)
        assert all(SandboxMonth.of(moment) == month for moment in moments)
    assert not times[months[0]]


def test_periods_are_calendar_months_in_utc() -> None:
    world = make_world()

    assert months_in(world, SandboxPeriod.LAST_MONTH) == {"2026-10"}
    assert months_in(world, SandboxPeriod.CURRENT_MONTH) == {"2026-11"}
    assert months_in(world, SandboxPeriod.LAST_3_MONTHS) == {"2026-08", "2026-09", "2026-10"}
    including = make_world(last_3_months_includes_current=True)
    assert months_in(including, SandboxPeriod.LAST_3_MONTHS) == {"2026-09", "2026-10", "2026-11"}


def test_nothing_lies_in_the_future() -> None:
    world = make_world()

    started = world.automation_jobs(SandboxPeriod.CURRENT_MONTH, NOW).column("Started at")
    request = ReportRequest(ORGANIZATION_ID, columns=("created_at", "updated_at", "finished_at"))
    cards = world.organization_report(request, NOW).rows

    assert max(str(moment) for moment in started) <= "2026-11-22 12:00:00"
    assert max(str(cell) for row in cards for cell in row if cell) <= "2026-11-22 12:00:00"


def test_two_years_on_every_month_has_jobs_and_old_months_are_as_they_were() -> None:
    world = make_world()
    october = world.automation_jobs(SandboxPeriod.LAST_MONTH, NOW)
    november = world.automation_jobs(SandboxPeriod.CURRENT_MONTH, NOW)

    for months in range(1, 25):
        later = SandboxMonth(2026, 11).plus(months).start + timedelta(days=14)
        assert world.automation_jobs(SandboxPeriod.LAST_MONTH, later).rows
    in_november = datetime(2026, 11, 30, tzinfo=UTC)
    in_december = datetime(2026, 12, 2, tzinfo=UTC)

    assert world.automation_jobs(SandboxPeriod.LAST_MONTH, in_november) == october
    whole_november = world.automation_jobs(SandboxPeriod.LAST_MONTH, in_december).rows
    assert whole_november[: len(november.rows)] == november.rows
    assert len(whole_november) > len(november.rows)


def test_ids_are_unique_over_months_and_organizations() -> None:
    world = make_world()

    jobs = [
        row[0]
        for organization in (ORGANIZATION_ID, SECOND_ORGANIZATION_ID)
        for period in (SandboxPeriod.LAST_3_MONTHS, SandboxPeriod.CURRENT_MONTH)
        for row in world.automation_jobs(period, NOW, organization).rows
    ]

    assert len(set(jobs)) == len(jobs)


def test_a_job_ran_on_a_card_of_its_pipe_that_existed() -> None:
    world = make_world(cards=2000)
    cards = {card.id: card for card in world.cards(NOW)}
    jobs = world.automation_jobs(SandboxPeriod.LAST_MONTH, NOW)

    ran_on = list(zip(jobs.column("Card ID"), jobs.column("Pipe"), jobs.column("Started at"), strict=True))

    assert len([card_id for card_id, *_ in ran_on if card_id]) > len(ran_on) * 0.8
    for card_id, pipe, started_at in ran_on:
        if card_id is not None:
            card = cards[int(str(card_id))]
            assert card.pipe.name == pipe
            assert str(card.created_at.replace(tzinfo=None)) <= str(started_at)


def test_a_card_moves_on_with_time_and_never_back() -> None:
    world = make_world()
    card = next(card for card in world.cards(NOW) if len(card.moves) == 4)

    phases = [card.phase(moment).name for moment in card.moves]

    assert phases == [phase.name for phase in card.pipe.phases]
    assert card.value("finished_at", card.moves[-1] - timedelta(seconds=1)) is None
    assert card.value("finished_at", card.moves[-1]) == card.moves[-1]


def test_headers_follow_the_language_of_the_organization() -> None:
    world = make_world()

    assert "Started at" in world.automation_jobs(SandboxPeriod.LAST_MONTH, NOW).header
    assert (
        "Iniciado em" in world.automation_jobs(SandboxPeriod.LAST_MONTH, NOW, SECOND_ORGANIZATION_ID).header
    )


def test_the_clock_can_be_set_over_http(start: Callable[..., Sandbox]) -> None:
    sandbox = start()
    url = f"{sandbox.url}/sandbox/clock"

    assert get(url).json()["now"].startswith("2026-11-22T12:00:0")
    assert post(url, json={"now": "2027-03-05T06:00:00Z"}).json()["now"].startswith("2027-03-05T06:00:0")
    assert post(url, json={"advance_seconds": 86400}).json()["now"].startswith("2027-03-06T06:00:0")
    assert months_in(sandbox.world, SandboxPeriod.LAST_MONTH, sandbox.clock.now()) == {"2027-02"}


@pytest.mark.parametrize("body", [b'{"now": "tomorrow"}', b"[]", b"nonsense", b'{"advance_seconds": "x"}'])
def test_a_time_that_is_none_is_refused(sandbox: Sandbox, body: bytes) -> None:
    assert post(f"{sandbox.url}/sandbox/clock", content=body).status_code == 400


def test_skipped_time_has_passed_and_setting_the_clock_back_does_not_undo_it() -> None:
    clock = SandboxClock(NOW)

    clock.set(NOW + timedelta(hours=1))
    assert 3600 <= clock.elapsed_s() < 3601
    clock.set(NOW - timedelta(days=30))
    assert 3600 <= clock.elapsed_s() < 3601
    assert clock.now() < NOW
