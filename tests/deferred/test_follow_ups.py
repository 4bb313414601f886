"""When another run may try to load an export that earlier runs did not load."""

from datetime import UTC, datetime, timedelta

import pytest

from pipefy_exports_dagster.orchestration.attempts import FIRST_PAUSE_S, MAX_ATTEMPTS, FollowUp, next_attempt

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAUSE = timedelta(seconds=FIRST_PAUSE_S)
LONG_AGO = NOW - timedelta(days=1)


def ended(attempt: int, at: datetime) -> FollowUp:
    return FollowUp(attempt, was_submitted=True, ended_at=at)


def test_the_first_attempt_is_launched_at_once() -> None:
    assert next_attempt([], NOW).attempt == 1


def test_no_other_is_launched_while_one_is_under_way() -> None:
    verdict = next_attempt([ended(1, LONG_AGO), FollowUp(2, was_submitted=True, ended_at=None)], NOW)
    assert verdict.attempt == 0
    assert "a run is loading it" in verdict.refusal


def test_a_run_that_was_recorded_and_not_launched_keeps_its_number() -> None:
    assert next_attempt([FollowUp(1, was_submitted=False, ended_at=None)], NOW).attempt == 1


@pytest.mark.parametrize("attempt", range(1, MAX_ATTEMPTS))
def test_each_pause_is_twice_the_one_before(attempt: int) -> None:
    pause = PAUSE * 2 ** (attempt - 1)
    runs = [ended(number, LONG_AGO) for number in range(1, attempt)]
    resting = next_attempt([*runs, ended(attempt, NOW - pause + timedelta(seconds=1))], NOW)
    assert resting.attempt == 0
    assert "the next is at 12:00:01 UTC" in resting.refusal
    assert next_attempt([*runs, ended(attempt, NOW - pause)], NOW).attempt == attempt + 1


def test_after_the_last_attempt_a_person_has_to_look() -> None:
    verdict = next_attempt([ended(number + 1, LONG_AGO) for number in range(MAX_ATTEMPTS)], NOW)
    assert verdict.attempt == 0
    assert "5 runs did not load it" in verdict.refusal
    assert "materialize the partition" in verdict.refusal


def test_a_run_that_dagster_started_in_place_of_a_dead_one_is_the_same_attempt() -> None:
    assert next_attempt([ended(1, LONG_AGO), ended(1, LONG_AGO)], NOW).attempt == 2


def dead(attempt: int, heard_at: datetime) -> FollowUp:
    return FollowUp(attempt, was_submitted=True, ended_at=heard_at, is_dead=True)


def test_the_first_that_died_is_followed_at_once_and_the_next_after_a_pause() -> None:
    assert next_attempt([dead(1, NOW)], NOW).attempt == 2
    assert next_attempt([dead(1, LONG_AGO), dead(2, NOW)], NOW).attempt == 0
    assert next_attempt([dead(1, LONG_AGO), dead(2, NOW - PAUSE)], NOW).attempt == 3
    assert next_attempt([dead(number + 1, LONG_AGO) for number in range(MAX_ATTEMPTS)], NOW).is_for_good


def test_a_run_that_failed_rests_though_one_died_before_it() -> None:
    assert next_attempt([dead(1, LONG_AGO), ended(2, NOW - PAUSE)], NOW).attempt == 0
