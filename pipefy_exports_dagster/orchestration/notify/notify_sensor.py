"""The sensor that tells the addresses of `notify`: one message for each run, and one for what needs no run."""

import os
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import timedelta

import dagster as dg

from pipefy_exports_dagster.clock import Clock
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.notifications.addresses import Address, addresses_of
from pipefy_exports_dagster.notifications.sending import (
    INSTALL,
    MOST_AT_ONCE,
    Delivery,
    is_installed,
    send,
)
from pipefy_exports_dagster.orchestration.definition_names import NOTIFY_SENSOR
from pipefy_exports_dagster.orchestration.notify.ended_runs import (
    RunlessResults,
    Told,
    ended_runs,
    newest_number,
    notice_of,
)
from pipefy_exports_dagster.orchestration.notify.notice import Notice, message_of
from pipefy_exports_dagster.orchestration.notify.positions import MOST_IN_DOUBT, Position, Positions

MOST_MESSAGES = 10
"""Of one tick to one address; where more runs wait, one message has a line for each."""
BEGINS_WITHIN_S = 10.0
"""After this time of a tick no message is begun: Dagster waits 60 s for a tick, and other sensors wait for it. The last
one takes 20 s; what was not begun is for the next tick."""
LONGEST_AGO = timedelta(days=1)
"""What ended before is not told any more, such as after a week in which the sensor was switched off."""


def notify_sensor(config: PipefyExportsConfig, told_of: Told, clock: Clock) -> dg.SensorDefinition:
    """Return the sensor, running: it starts nothing. What ended before its first tick is not told.

    Args:
        config: Has the addresses' names.
        told_of: The assets and checks to tell of.
        clock: The time.
    """
    name = config.definition_name(NOTIFY_SENSOR)

    @dg.sensor(
        name=name,
        minimum_interval_seconds=15,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Tells the addresses of `notify` of failed runs and of checks that did not pass, with one message for "
            "each run. It launches no run."
        ),
    )
    def tell(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        tick = Tick(config, told_of, context, Positions.of(context, name), clock)
        tick.evaluate()
        for problem in tick.problems:
            context.log.error(problem)
        return dg.SkipReason(str(tick))

    return tell


@dataclass(slots=True)
class Tick:
    """One look at what there is to tell."""

    config: PipefyExportsConfig
    told_of: Told
    context: dg.SensorEvaluationContext
    positions: Positions
    clock: Clock
    now: float = field(init=False)
    messages: int = 0
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now = self.clock.now().timestamp()

    def __str__(self) -> str:
        return "; ".join([f"{self.messages} message{'s' * (self.messages != 1)} told", *self.problems])

    def evaluate(self) -> None:
        """Tell each address what it has not been told."""
        found = addresses_of(self.config.notify, os.environ)
        self.problems += [address.problem for address in found if address.hidden is None]
        addresses = [address for address in found if address.hidden]
        if not is_installed():
            self.problems.append(INSTALL)
            return
        if not addresses:
            return
        results = RunlessResults.read(self.context.instance, self.told_of)
        self._begin(found, results)
        due = [address for address in addresses if not self._of(address).waits(self.now)]
        if not due:
            return
        after = min(self._of(address).runs for address in due)
        ended = ended_runs(self.context.instance, after, self._is_ours)
        notices = self._notices(ended.ends)
        queues = {address: self._queue(address, notices, results) for address in due}
        self._send_all(queues)
        for address, queue in queues.items():
            if not queue:
                self._store(address, runs=max(ended.read_to, self._of(address).runs), results=results.newest)

    def _begin(self, found: Sequence[Address], results: RunlessResults) -> None:
        """Give each address its position; where there is none yet, it begins at the newest of what there is to tell."""
        newest = newest_number(self.context.instance)
        for address in (each for each in found if each.hidden):
            known = self.positions.of_address(address) or Position(newest, results.newest)
            # An event log that was begun anew has smaller numbers.
            of_results = min(known.results, results.newest) if results.newest else known.results
            self.positions.store(
                address.name, replace(known, runs=min(known.runs, newest), results=of_results)
            )
        self.positions.keep_only(found)

    def _of(self, address: Address) -> Position:
        return self.positions.by_name[address.name]

    def _store(self, address: Address, *, runs: int | None = None, results: int | None = None) -> None:
        known = self._of(address)
        self.positions.store(
            address.name,
            Position(known.runs if runs is None else runs, known.results if results is None else results),
        )

    def _is_ours(self, run: dg.DagsterRun) -> bool:
        """Whether a run is of this code location, as Dagster's own sensors of failed runs judge it."""
        here, origin = self.context.code_location_origin, run.remote_job_origin
        there = origin.repository_origin.code_location_origin if origin else None
        is_here = (here.location_name if here else None) == (there.location_name if there else None)
        return is_here and self.told_of.concerns(run)

    def _notices(self, ends: Sequence[tuple[int, float, dg.DagsterRun]]) -> list[Notice]:
        longest_ago = self.now - LONGEST_AGO.total_seconds()
        recent = [(number, run) for number, moment, run in ends if moment >= longest_ago]
        notices = (notice_of(self.context.instance, number, run, self.told_of) for number, run in recent)
        return [notice for notice in notices if notice]

    def _queue(
        self, address: Address, notices: Sequence[Notice], results: RunlessResults
    ) -> list[list[Notice]]:
        """Return what an address is to be told, each message's notices together."""
        position = self._of(address)
        runs = [notice for notice in notices if notice.number > position.runs]
        queue = [[notice] for notice in runs] if len(runs) <= MOST_MESSAGES else [runs]
        without_run = results.notice(position.results)
        return [*queue, *([[without_run]] if without_run else [])]

    def _send_all(self, queues: Mapping[Address, list[list[Notice]]]) -> None:
        """Send each address its messages in their order, beside the others', while there is time.

        A delivery counts as soon as it is made. No address waits for a slow one, unless `MOST_AT_ONCE` are slow.
        """
        ready = deque(address for address, queue in queues.items() if queue)
        going: set[Future[Delivery]] = set()
        with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
            while True:
                while ready and len(going) < MOST_AT_ONCE and self._may_begin():
                    address = ready.popleft()
                    going.add(pool.submit(send, address, message_of(queues[address][0], self.config.ui_url)))
                if not going:
                    return
                done, going = wait(going, return_when=FIRST_COMPLETED)
                for delivery in (future.result() for future in done):
                    queue = queues[delivery.address]
                    if self._settle(delivery, queue) and queue:
                        ready.append(delivery.address)

    def _may_begin(self) -> bool:
        return self.clock.now().timestamp() < self.now + BEGINS_WITHIN_S

    def _settle(self, delivery: Delivery, queue: list[list[Notice]]) -> bool:
        """Keep what became of a message; say whether the next may follow."""
        address, last = delivery.address, queue[0][-1]
        tried = self._of(address).after_try(self.now)
        gives_up = delivery.in_part or (delivery.in_doubt and tried.tries >= MOST_IN_DOUBT)
        if not delivery.arrived:
            service = f" ({delivery.service})" if delivery.service else ""
            then = (
                "it is not sent again, because it may have arrived, at least in part"
                if gives_up
                else f"it is sent again in {tried.again_at - self.now:.0f} s"
            )
            self.problems.append(
                f"a message did not arrive at {address.name}{service}: {delivery.problem}; {then}"
            )
        if not delivery.arrived and not gives_up:
            self.positions.store(address.name, tried)
            return False
        self.messages += delivery.arrived
        queue.pop(0)
        if last.run_id:
            self._store(address, runs=last.number)
        else:
            self._store(address, results=last.number)
        return delivery.arrived
