"""Waiting for an export: there is no webhook, so its state is asked, ever less often."""

import logging
from collections.abc import Callable
from datetime import datetime

from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.config.model import PollPolicy
from pipefy_exports_dagster.errors import (
    ExportFailedError,
    ExportNotFoundError,
    ExportTimedOutError,
    ServerUnavailableError,
    TransientError,
)
from pipefy_exports_dagster.pipefy.export import Export, ExportState

logger = logging.getLogger(__name__)

MAX_UNKNOWN_ANSWERS = 3
"""After so many answers in a row that know no such export, it is gone. One alone may be a replica's lag."""


def await_export(
    export: Export,
    *,
    refresh: Callable[[str], Export],
    requested_at: datetime,
    policy: PollPolicy,
    clock: Clock,
    label: str,
    on_state: Callable[[Export, float], None],
) -> Export:
    """Wait until Pipefy has written the export's file.

    Poll errors that may pass are tolerated until the deadline; a failed export is not: its id never
    recovers.

    Args:
        export: What is known of it; a resumed export starts as `UNKNOWN` and is asked about at once.
        refresh: Asks Pipefy about an export id.
        requested_at: When the export was created. The deadline counts from there, so that a resumed wait
            does not start over; an export past its deadline is still asked about once.
        policy: Intervals and deadline, in seconds.
        clock: Tells the time and sleeps.
        label: Names the export in messages, such as `automation jobs, last_month`.
        on_state: Called with each new state and the seconds since `requested_at`.

    Raises:
        ExportFailedError: Pipefy reports the export as failed.
        ExportNotFoundError: Pipefy does not know the export.
        ExportTimedOutError: The deadline passed; the export can still be resumed.
        PermanentError: Pipefy refuses to answer, for a reason that stays.
    """
    wait = _Wait(requested_at, policy, clock)
    trouble, correlation_id, unknown_answers = "", None, 0
    pause_s = 0.0 if export.state is ExportState.UNKNOWN else wait.pause_s()
    while not export.is_ready:
        if export.state is ExportState.FAILED:
            raise ExportFailedError(
                f"export {export.id!r} ({label}) failed at Pipefy; materialize the partition again to ask for "
                "another. If it fails each time, ask Pipefy's support and name this id",
                export_id=export.id,
            )
        wait.sleep(pause_s)
        try:
            answer = refresh(export.id)
        except ExportNotFoundError:
            unknown_answers += 1
            if unknown_answers >= MAX_UNKNOWN_ANSWERS:
                raise
            pause_s = wait.pause_s()
            continue
        except TransientError as error:
            trouble, correlation_id = f"; the last answer was an error: {error}", error.correlation_id
            logger.warning("asking about export %r failed, and is tried again: %s", export.id, error)
            pause_s = wait.pause_s(at_least_s=_asked_pause_s(error))
        else:
            trouble, correlation_id, unknown_answers = "", None, 0
            if answer.reported_state != export.reported_state:
                on_state(answer, wait.elapsed_s())
            export = answer
            pause_s = wait.pause_s()
        if wait.is_over() and not export.is_ready and export.state is not ExportState.FAILED:
            raise ExportTimedOutError(
                _timed_out(export, label, policy, trouble), export_id=export.id
            ).of_request(correlation_id)
    return export


class _Wait:
    """How long an export has been waited for, and how long to pause before it is asked about again."""

    def __init__(self, requested_at: datetime, policy: PollPolicy, clock: Clock) -> None:
        self._requested_at = requested_at
        self._policy = policy
        self._clock = clock
        self._at_least_s = 0.0
        self._at_least_s = self.elapsed_s()

    def elapsed_s(self) -> float:
        # A clock that is set back must not make the wait endless, so the pauses are counted as well.
        return max(self._at_least_s, (self._clock.now() - self._requested_at).total_seconds())

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)
        self._at_least_s += seconds

    def is_over(self) -> bool:
        return self.elapsed_s() >= self._policy.timeout_s

    def pause_s(self, *, at_least_s: float = 0.0) -> float:
        policy = self._policy
        usual_s = policy.pause_s(self.elapsed_s())
        remaining_s = max(policy.timeout_s - self.elapsed_s(), 0.0)
        # The last pause ends at the deadline, so that the deadline is met and asked at once more.
        return min(max(usual_s, at_least_s), max(remaining_s, policy.min_interval_s))


def _asked_pause_s(error: TransientError) -> float:
    return (error.retry_after_s or 0.0) if isinstance(error, ServerUnavailableError) else 0.0


def _timed_out(export: Export, label: str, policy: PollPolicy, trouble: str) -> str:
    state = export.reported_state or "not known"
    missing_link = " but has no link" if export.state is ExportState.FINISHED else ""
    return (
        f"export {export.id!r} ({label}) is still {state!r}{missing_link} after {policy.timeout_s:.0f} s{trouble}; "
        "re-materialize the partition to resume it, or raise `polling.timeout_s` in the configuration"
    )
