"""The sandbox's clock as ours: what we sleep passes for both at once."""

import time
from datetime import datetime, timedelta

from pipefy_exports_dagster.sandbox import Sandbox


class SharedClock:
    """Tells the sandbox's time; a sleep sets it ahead instead of waiting."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._clock = sandbox.clock
        self.slept_s = 0.0

    def now(self) -> datetime:
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        self.slept_s += seconds
        self._clock.advance(timedelta(seconds=seconds))


class SleepingClock(SharedClock):
    """Tells the sandbox's time, and sleeps: for what a sandbox does for a time of the machine's clock."""

    def sleep(self, seconds: float) -> None:
        self.slept_s += seconds
        time.sleep(seconds)
