"""The sandbox's clock, which can be set while the sandbox runs."""

import threading
import time
from datetime import UTC, datetime, timedelta


class SandboxClock:
    """A clock that starts where it is told to, runs on at the real pace and can be set.

    `now` is what it reads: the data and all time stamps follow it. `elapsed_s` never goes back: export
    states and the lives of tokens and links follow it, so that setting the clock ahead by a day lets
    a day pass, while setting it back does not revive what has expired.
    """

    def __init__(self, now: datetime | None = None) -> None:
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._skipped_s = 0.0
        # Whole seconds: a workbook keeps no microseconds, and rows are compared with what is read back.
        self._set_to = _as_utc(now or datetime.now(UTC)).replace(microsecond=0)
        self._set_at = self._started

    def now(self) -> datetime:
        """Return what the clock reads, in UTC."""
        with self._lock:
            return self._read(time.monotonic())

    def elapsed_s(self) -> float:
        """Return how many seconds have passed for the sandbox since it was started."""
        with self._lock:
            return time.monotonic() - self._started + self._skipped_s

    def set(self, now: datetime) -> None:
        """Let the clock read `now`; a step ahead counts as time that has passed."""
        now = _as_utc(now)
        with self._lock:
            monotonic = time.monotonic()
            self._skipped_s += max(0.0, (now - self._read(monotonic)).total_seconds())
            self._set_to, self._set_at = now, monotonic

    def advance(self, step: timedelta) -> None:
        """Set the clock ahead by `step`."""
        self.set(self.now() + step)

    def _read(self, monotonic: float) -> datetime:
        return self._set_to + timedelta(seconds=monotonic - self._set_at)


def parse_moment(text: str) -> datetime:
    """Read an ISO 8601 date or time; without an offset it is UTC.

    Raises:
        ValueError: It is not one.
    """
    return _as_utc(datetime.fromisoformat(text))


def format_moment(moment: datetime) -> str:
    """Write a time as the API does: ISO 8601 with seconds, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _as_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
