from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pipefy.manual_clock import ManualClock

from pipefy_exports_dagster.config.model import PollPolicy
from pipefy_exports_dagster.errors import (
    AuthenticationError,
    ConnectionFailedError,
    ExportFailedError,
    ExportNotFoundError,
    ExportTimedOutError,
    PipefyExportsError,
    RateLimitedError,
    ServerUnavailableError,
)
from pipefy_exports_dagster.pipefy.export import STATES, Export, ExportState
from pipefy_exports_dagster.pipefy.polling import await_export

NEW = Export("e1", ExportState.UNKNOWN, "")
GONE = ExportNotFoundError("gone", export_id="e1")
BROKEN = ConnectionFailedError("broken", sent=True)


def export(word: str, link: str | None = None) -> Export:
    return Export("e1", STATES.get(word, ExportState.UNKNOWN), word, link)


FINISHED = export("finished", "https://app.pipefy.com/x")
Answer = Export | PipefyExportsError


class Pipefy:
    """Answers with what it is given, one after the other; the last repeats."""

    def __init__(
        self, clock: ManualClock, answers: Iterable[Answer], policy: PollPolicy | None = None
    ) -> None:
        self.clock = clock
        self.answers = list(answers)
        self.policy = policy or PollPolicy()
        self.requested_at = clock.now()
        self.asked_at: list[float] = []
        self.states: list[tuple[str, float]] = []

    def refresh(self, export_id: str) -> Export:
        assert export_id == "e1"
        self.asked_at.append((self.clock.now() - self.requested_at).total_seconds())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, PipefyExportsError):
            raise answer
        return answer

    def wait(self, start: Export = NEW) -> Export:
        return await_export(
            start,
            refresh=self.refresh,
            requested_at=self.requested_at,
            policy=self.policy,
            clock=self.clock,
            label="automation jobs, last_month",
            on_state=lambda export, elapsed_s: self.states.append((export.reported_state, elapsed_s)),
        )


def test_a_finished_export_costs_one_question(clock: ManualClock) -> None:
    pipefy = Pipefy(clock, [FINISHED])
    assert pipefy.wait() is FINISHED
    assert pipefy.asked_at == [0]


def test_what_is_known_to_be_finished_costs_none(clock: ManualClock) -> None:
    pipefy = Pipefy(clock, [FINISHED])
    assert pipefy.wait(FINISHED) is FINISHED
    assert pipefy.asked_at == []


def test_each_new_state_is_told_once(clock: ManualClock) -> None:
    words = ["created", "created", "processing", "processing"]
    pipefy = Pipefy(clock, [*map(export, words), FINISHED])
    pipefy.wait()
    assert [state for state, _ in pipefy.states] == ["created", "processing", "finished"]


def test_questions_become_rarer_up_to_a_limit(clock: ManualClock) -> None:
    pipefy = Pipefy(clock, [export("processing")])
    with pytest.raises(ExportTimedOutError):
        pipefy.wait()
    pauses = [b - a for a, b in zip(pipefy.asked_at, pipefy.asked_at[1:], strict=False)]
    assert pauses[0] == 5
    assert max(pauses) == 60
    assert len(pauses) < 90
    assert 3600 <= pipefy.asked_at[-1] < 3605


@settings(max_examples=50)
@given(st.floats(0, 3500), st.floats(0.5, 5), st.floats(0, 0.5))
def test_the_end_is_noticed_at_most_a_fraction_late(done_at: float, shortest: float, fraction: float) -> None:
    clock = ManualClock()
    policy = PollPolicy(min_interval_s=shortest, max_interval_s=30, fraction=fraction)
    pipefy = Pipefy(clock, [export("processing")], policy)
    clock.on_sleep = lambda: (
        pipefy.answers.__setitem__(0, FINISHED) if clock.moment >= pipefy.requested_at + timedelta(seconds=done_at)
        else None
    )  # fmt: skip
    pipefy.wait()
    late = pipefy.asked_at[-1] - done_at
    assert late <= max(shortest, min(30, done_at * fraction)) + 1e-6


@pytest.mark.parametrize("word", ["created", "processing", "queued", ""])
def test_the_deadline_counts_from_the_request(word: str, clock: ManualClock) -> None:
    pipefy = Pipefy(clock, [export(word)])
    clock.advance(5000)
    with pytest.raises(ExportTimedOutError, match="after 3600 s; re-materialize") as caught:
        pipefy.wait()
    assert caught.value.export_id == "e1"
    assert pipefy.asked_at == [5000]


def test_an_export_that_finished_after_its_deadline_is_still_taken(clock: ManualClock) -> None:
    pipefy = Pipefy(clock, [FINISHED])
    clock.advance(5000)
    assert pipefy.wait() is FINISHED


def test_a_failed_export_is_final(clock: ManualClock) -> None:
    pipefy = Pipefy(clock, [export("processing"), export("failed")])
    with pytest.raises(ExportFailedError, match="'e1'") as caught:
        pipefy.wait()
    assert caught.value.export_id == "e1"
    assert len(pipefy.asked_at) == 2


@pytest.mark.parametrize(
    "words",
    [
        ["processing", "created", "processing"],
        ["finished", "processing"],
        ["finished", "finished"],
        ["quarantined", "processing"],
        ["", "processing"],
    ],
)
def test_states_that_go_backwards_or_lack_a_link_or_a_name_are_waited_on(
    words: list[str], clock: ManualClock
) -> None:
    pipefy = Pipefy(clock, [*map(export, words), FINISHED])
    assert pipefy.wait() is FINISHED


def test_finished_without_a_link_is_said_at_the_deadline(clock: ManualClock) -> None:
    with pytest.raises(ExportTimedOutError, match="still 'finished' but has no link"):
        Pipefy(clock, [export("finished")]).wait()


def test_errors_that_may_pass_are_waited_out(clock: ManualClock) -> None:
    pipefy = Pipefy(clock, [BROKEN, ServerUnavailableError("x", status=502), BROKEN, FINISHED])
    assert pipefy.wait() is FINISHED


def test_errors_that_do_not_pass_are_named_at_the_deadline(clock: ManualClock) -> None:
    with pytest.raises(ExportTimedOutError, match="the last answer was an error: broken"):
        Pipefy(clock, [export("processing"), BROKEN]).wait()


def test_an_error_that_stays_ends_the_wait(clock: ManualClock) -> None:
    with pytest.raises(AuthenticationError):
        Pipefy(clock, [export("processing"), AuthenticationError("no")]).wait()


def test_retry_after_wins_over_the_interval(clock: ManualClock) -> None:
    slow = RateLimitedError("slow", status=429, retry_after_s=100)
    pipefy = Pipefy(clock, [slow, FINISHED])
    pipefy.wait()
    assert pipefy.asked_at == [0, 100]


@pytest.mark.parametrize("asked_s", [1e9, 1e300])
def test_a_huge_retry_after_ends_at_the_deadline(asked_s: float, clock: ManualClock) -> None:
    pipefy = Pipefy(clock, [RateLimitedError("slow", status=429, retry_after_s=asked_s)])
    with pytest.raises(ExportTimedOutError, match="slow"):
        pipefy.wait()
    assert pipefy.asked_at == [0, 3600]


def test_one_answer_that_knows_no_such_export_may_be_a_replicas_lag(clock: ManualClock) -> None:
    pipefy = Pipefy(clock, [GONE, GONE, export("processing"), GONE, GONE, FINISHED])
    assert pipefy.wait() is FINISHED


def test_three_in_a_row_are_final(clock: ManualClock) -> None:
    pipefy = Pipefy(clock, [GONE])
    with pytest.raises(ExportNotFoundError):
        pipefy.wait()
    assert len(pipefy.asked_at) == 3


def jump(clock: ManualClock, seconds: float) -> Callable[[], None]:
    """Return a hook that sets the clock once, at the next sleep."""
    done = False

    def hook() -> None:
        nonlocal done
        if not done:
            clock.advance(seconds)
            done = True

    return hook


def test_a_clock_that_is_set_back_does_not_prolong_the_wait(clock: ManualClock) -> None:
    clock.on_sleep = jump(clock, -30 * 86400)
    pipefy = Pipefy(clock, [export("processing")])
    with pytest.raises(ExportTimedOutError):
        pipefy.wait()
    assert sum(clock.slept) == pytest.approx(3600, abs=31)


def test_a_clock_that_is_set_forward_ends_the_wait_with_a_question(clock: ManualClock) -> None:
    clock.on_sleep = jump(clock, 30 * 86400)
    pipefy = Pipefy(clock, [export("processing")])
    with pytest.raises(ExportTimedOutError):
        pipefy.wait(export("created"))
    assert len(pipefy.asked_at) == 1


def test_an_export_from_the_future_is_waited_for_as_if_it_were_new(clock: ManualClock) -> None:
    pipefy = Pipefy(clock, [export("processing")])
    pipefy.requested_at = clock.now() + timedelta(days=1)
    with pytest.raises(ExportTimedOutError):
        pipefy.wait()
    assert sum(clock.slept) == pytest.approx(3600, abs=31)
