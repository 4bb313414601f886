"""A machine is killed with all that it does, at each moment of a materialization; another finishes the work."""

import sys
import time
from datetime import timedelta
from typing import Any

import dagster as dg
import pytest
from machines.launches import Launch
from reliability.kill_points import KILL_POINTS
from scale.stops import Stop
from scale.world import A, B, World, table
from support.project import JOBS, PIPE_REPORT, REPORT

from pipefy_exports_dagster.orchestration.definition_names import PENDING_EXPORTS_SENSOR
from pipefy_exports_dagster.orchestration.milestones import Milestone

TICKS = 2
PROCESSING = timedelta(minutes=10)
"""How long Pipefy takes for an export, by its own clock, which the test sets ahead."""
MAX_RUNTIME_S = 14400
"""As `deploy/celery/dagster.yaml` has it."""
WHERE = {
    Milestone.ANSWERED: (REPORT, "last_3_months"),
    Milestone.REQUESTED: (REPORT, "last_month"),
    Milestone.WAITING: (PIPE_REPORT, "last_month"),
    Milestone.DOWNLOADING: (JOBS, "current_month"),
    Milestone.DOWNLOADED: (REPORT, "current_month"),
    # Its table is locked from here on.
    Milestone.IN_TRANSACTION: (PIPE_REPORT, "current_month"),
    Milestone.COMMITTED: (JOBS, "last_month"),
}
"""One run for each, all at work on one machine at the same moment."""
BEFORE_THE_FILE = (Milestone.ANSWERED, Milestone.REQUESTED, Milestone.WAITING)


@pytest.mark.timeout(1500)
def test_another_machine_finishes_what_a_killed_one_had_begun(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    """All but the first moment are resumed within two ticks; that one at the run's maximum runtime.

    Ticks are counted up to the one that launches the run which loads the export: how long a load takes then is the
    machine's business.
    """
    with World.running(
        tmp_path_factory.mktemp("world"),
        instance_settings={"run_monitoring": {"poll_interval_seconds": 2}},
        runs_at_once=len(WHERE),
        workers=[A],
        processing_seconds=PROCESSING.total_seconds(),
    ) as world:
        stops = {milestone: Stop(milestone, *of) for milestone, of in WHERE.items()}
        for stop in stops.values():
            stop.ordered(world.stops).touch()
        killed = world.launch(*(Launch(*of) for of in WHERE.values()))

        def have_stopped(*milestones: Milestone) -> bool:
            return all(stops[milestone].reached(world.stops).exists() for milestone in milestones)

        world.wait_for(lambda: world.exports == len(WHERE) and have_stopped(*BEFORE_THE_FILE))
        world.sandbox.clock.advance(PROCESSING)
        world.wait_for(lambda: have_stopped(*WHERE))
        world.installation.workers[A].kill()
        killed_at = time.time()
        world.installation.start_worker(B)
        # Postgres notices the end of a connection in milliseconds, but a first tick could be earlier.
        world.wait_for(lambda: not world.has_locks(), pause_s=0.05)
        world.start_sensor(PENDING_EXPORTS_SENSOR)

        resumed = [milestone for milestone in WHERE if milestone is not Milestone.ANSWERED]
        world.wait_for(lambda: all(loads(world, milestone) for milestone in resumed))
        assert world.exports == len(WHERE), "one each: all are resumed"
        world.servers.instance.execute(
            "UPDATE runs SET start_time = start_time - %s WHERE run_id = ANY(%s)", MAX_RUNTIME_S, killed
        )
        over_at = time.time()
        world.wait_for(lambda: world.exports > len(WHERE))
        world.sandbox.clock.advance(PROCESSING)
        world.wait_for(lambda: loads(world, Milestone.ANSWERED))
        exports: dict[Milestone, int] = dict.fromkeys(resumed, 1)
        exports[Milestone.ANSWERED] = 1 + world.exports - len(WHERE)

        first = {milestone: loads(world, milestone)[-1] for milestone in WHERE}
        launched = launches_of(world, PENDING_EXPORTS_SENSOR)
        lines = [
            (
                f"`{point}`",
                f"{launched[first[point]['run_id']]}",
                f"{first[point]['at'] - killed_at:.0f} s",
                1,
            )
            if point in resumed
            else (f"`{point}`", "", f"maximum runtime + {first[point]['at'] - over_at:.0f} s", exports[point])
            for point in (point.milestone for point in KILL_POINTS)
        ]
        with capsys.disabled():
            heading = ("killed at", "launched by tick", "loaded after", "exports")
            sys.stdout.write("\n" + table(heading, lines) + "\n")

        assert exports == {point.milestone: point.exports for point in KILL_POINTS}
        assert max(launched[first[milestone]["run_id"]] for milestone in resumed) <= TICKS
        world.await_executed(B, runs=len(WHERE))
        for asset, partition in WHERE.values():
            [(rows, distinct, last)] = world.query(
                "SELECT count(*), count(DISTINCT _file_row), max(_file_row) "
                f"FROM {asset} WHERE _period_filter = '{partition}'"
            )
            assert rows == distinct == last > 0

        # Dagster has ended the killed runs, and tries each again: none of these asks Pipefy for another export.
        runs = world.await_runs(minimum=2 * len(WHERE) + len(resumed))
        assert world.exports == sum(exports.values()), world.last_words()
        others = {run.status for run in runs if run.run_id not in killed}
        assert others == {dg.DagsterRunStatus.SUCCESS}, world.last_words()


def loads(world: World, milestone: Milestone) -> list[dict[str, Any]]:
    """The loads of the slice, newest first: the retry of a killed run loads it once more."""
    return world.materializations(*WHERE[milestone])


def launches_of(world: World, sensor: str) -> dict[str, int]:
    """The runs that a sensor has launched, each with the number of the tick."""
    with world.installation.instance() as instance:
        [state] = [one for one in instance.all_instigator_state() if one.instigator_name == sensor]
        ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id)
    in_order = sorted(ticks, key=lambda tick: tick.timestamp)
    return {run_id: number for number, tick in enumerate(in_order, 1) for run_id in tick.run_ids}
