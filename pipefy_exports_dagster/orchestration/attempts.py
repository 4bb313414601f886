"""Whether another run may try what earlier runs of a sensor did not do.

A run key without a number would launch one run for ever: one that was killed would never be replaced (tried). So each
run carries the number of its attempt as a tag, and in its run key. The number goes up, but only when the run before it
has ended without success, after a pause that grows, and not for ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg

ATTEMPT = "pipefy/attempt"
"""Tag of a run that a sensor launched: 1 for the first."""
RUN_KEY, PARTITION = "dagster/run_key", "dagster/partition"
"""Dagster's tags of a run that a sensor launched."""

MAX_ATTEMPTS = 5
FIRST_PAUSE_S = 300.0
"""Between the end of the first run that did not succeed and the second; doubled for each after it."""
QUEUED = {dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.QUEUED}
MAX_NOTES = 8
NEWEST_EVENTS = 10
"""How many of a run's newest events tell whether its step works or waits for its next try."""
RESTS = dg.DagsterEventType.STEP_UP_FOR_RETRY
STEP_BEGINS = {dg.DagsterEventType.STEP_START, dg.DagsterEventType.STEP_RESTARTED}


@dataclass(frozen=True, slots=True)
class Work:
    """What the runs are for, as a refusal says it."""

    under_way: str
    undone: str
    remedy: str


LOADING = Work("a run is loading it, or about to", "did not load it", "materialize the partition")


@dataclass(frozen=True, slots=True)
class Silence:
    """How long a run may say nothing before it is taken for dead.

    Args:
        starting: Of a run that was launched, and whose process has not begun.
        working: Of one whose process has begun.
        resting: Of one whose step waits for its next try.
    """

    starting: timedelta
    working: timedelta
    resting: timedelta


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A run that was launched for an export.

    `ended_at` is when it ended or, of a dead run that Dagster believes alive (`is_dead`), when it was last heard of;
    None if it is under way. `run_key` is what it was launched under: earlier versions had keys of another form.
    """

    attempt: int
    was_submitted: bool
    ended_at: datetime | None
    run_key: str | None = None
    is_dead: bool = False

    @classmethod
    def of(
        cls, instance: dg.DagsterInstance, record: dg.RunRecord, now: datetime, *, silence: "Silence"
    ) -> "FollowUp":
        """Read a run; after that much silence it is taken for dead, whatever Dagster believes."""
        run = record.dagster_run
        ended_at, is_dead = _end_of(instance, record, now, silence)
        text = run.tags.get(ATTEMPT, "")
        return cls(
            attempt=int(text) if text.isdecimal() else 1,
            was_submitted=run.status is not dg.DagsterRunStatus.NOT_STARTED,
            ended_at=ended_at,
            run_key=run.tags.get(RUN_KEY),
            is_dead=is_dead,
        )


@dataclass(frozen=True, slots=True)
class NextAttempt:
    """The attempt that may be launched now, or why none may; under `run_key` if its run is already written down."""

    attempt: int = 0
    run_key: str | None = None
    refusal: str = ""
    is_for_good: bool = False


def next_attempt(follow_ups: Sequence[FollowUp], now: datetime, work: Work = LOADING) -> NextAttempt:
    """Return which attempt may be launched.

    Args:
        follow_ups: The runs launched for one export so far, none of which succeeded.
        now: The time.
        work: What they were for.
    """
    # The daemon stopped between writing this run down and launching it: the same key launches it now.
    if lost := [run for run in follow_ups if not run.was_submitted]:
        newest = max(lost, key=lambda run: run.attempt)
        return NextAttempt(newest.attempt, newest.run_key)
    if any(run.ended_at is None for run in follow_ups):
        return NextAttempt(refusal=work.under_way)
    attempts = max((run.attempt for run in follow_ups), default=0)
    if attempts >= MAX_ATTEMPTS:
        return NextAttempt(
            refusal=f"{attempts} runs {work.undone}; see what they say, then {work.remedy}", is_for_good=True
        )
    resting_until = max(
        (run.ended_at + _pause(run, attempts) for run in follow_ups if run.ended_at), default=now
    )
    if now < resting_until:
        return NextAttempt(
            refusal=f"attempt {attempts} {work.undone}; the next is at {resting_until:%H:%M:%S} UTC or later"
        )
    return NextAttempt(attempts + 1)


def few_lines(notes: Sequence[str]) -> str:
    """Return the first of a tick's notes as lines, and how many more there are."""
    more = [f"... and {len(notes) - MAX_NOTES} more"] if len(notes) > MAX_NOTES else []
    return "\n".join([*notes[:MAX_NOTES], *more])


def _pause(run: FollowUp, attempts: int) -> timedelta:
    """Return how long after a run's end the next may begin.

    The first that died is followed at once: its machine died, not its work. One that dies again may be the reason.
    """
    doublings = attempts - 1 - run.is_dead
    return timedelta(seconds=FIRST_PAUSE_S * 2**doublings) if doublings >= 0 else timedelta()


def _end_of(
    instance: dg.DagsterInstance, record: dg.RunRecord, now: datetime, silence: Silence
) -> tuple[datetime | None, bool]:
    """Return when a run ended, None if it is under way; and whether it died without saying so."""
    run = record.dagster_run
    if run.is_finished and record.end_time is not None and not run.is_complete_and_waiting_to_retry:
        return datetime.fromtimestamp(record.end_time, UTC), False
    if run.status in QUEUED:
        return None, False
    # A run whose worker was killed stays "started".
    newest = instance.get_records_for_run(run.run_id, limit=NEWEST_EVENTS, ascending=False).records
    heard_at = datetime.fromtimestamp(newest[0].timestamp, UTC) if newest else record.update_timestamp
    is_dead = now - heard_at > _allowed(silence, run, newest)
    return (heard_at if is_dead else None), is_dead


def _allowed(silence: Silence, run: dg.DagsterRun, newest: Sequence[dg.EventLogRecord]) -> timedelta:
    if run.status is not dg.DagsterRunStatus.STARTED:
        return silence.starting
    of_steps = (record.event_log_entry.dagster_event_type for record in newest)
    last = next((type_ for type_ in of_steps if type_ in STEP_BEGINS or type_ is RESTS), None)
    return silence.resting if last is RESTS else silence.working
