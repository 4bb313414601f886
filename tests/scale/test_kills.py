"""A machine is killed with all that it does, at each moment of a materialization; another finishes the work."""

import sys
import time
from functools import partial
from typing import Any

import dagster as dg
import pytest
from machines.launches import Launch
from reliability.kill_points import KILL_POINTS
from scale.world import A, B, World, table
from support.project import JOBS, PIPE_REPORT, REPORT

from pipefy_exports_dagster.orchestration.definition_names import PENDING_EXPORTS_SENSOR
from pipefy_exports_dagster.orchestration.milestones import Milestone

MAX_RUNTIME_S = 240
TICKS = 2
WHERE = {
    Milestone.REQUESTED: (REPORT, "last_month"),
    Milestone.WAITING: (PIPE_REPORT, "last_month"),
    Milestone.DOWNLOADING: (JOBS, "current_month"),
    Milestone.DOWNLOADED: (REPORT, "current_month"),
    Milestone.COMMITTED: (JOBS, "last_month"),
    # From here on its table is locked.
    Milestone.IN_TRANSACTION: (PIPE_REPORT, "current_month"),
    Milestone.ANSWERED: (REPORT, "last_3_months"),
}
"""One run for each, all at work on one machine at the same moment."""


@pytest.mark.timeout(1800)
def test_another_machine_finishes_what_a_killed_one_had_begun(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    """All but the first moment are resumed within two ticks; that one at the run's maximum runtime."""
    monitoring = {"max_runtime_seconds": MAX_RUNTIME_S, "poll_interval_seconds": 5}
    with World.running(
        tmp_path_factory.mktemp("world"),
        instance_settings={"run_monitoring": monitoring},
        runs_at_once=len(WHERE),
        workers=[A],
        processing_seconds=3,
    ) as world:
        killed = {}
        for milestone, (asset, partition) in WHERE.items():
            world.stop_at(milestone)
            [killed[milestone]] = world.launch(Launch(asset, partition))
            world.wait_for(partial(world.has_stopped_at, milestone))
        world.installation.workers[A].kill()
        world.installation.start_worker(B)
        killed_at = time.time()
        world.start_sensor(PENDING_EXPORTS_SENSOR)

        resumed = [milestone for milestone in WHERE if milestone is not Milestone.ANSWERED]
        world.wait_for(lambda: all(loaded(world, milestone) for milestone in resumed))
        assert world.exports == len(WHERE), "one each: all are resumed"
        world.wait_for(lambda: loaded(world, Milestone.ANSWERED))
        exports: dict[Milestone, int] = dict.fromkeys(resumed, 1)
        exports[Milestone.ANSWERED] = 1 + world.exports - len(WHERE)

        ticks = ticks_of(world, PENDING_EXPORTS_SENSOR)
        took = {milestone: loaded(world, milestone)[-1]["at"] - killed_at for milestone in WHERE}
        needed = {
            milestone: sum(killed_at < tick < killed_at + seconds for tick in ticks)
            for milestone, seconds in took.items()
        }
        points = [point.milestone for point in KILL_POINTS]
        lines = [(f"`{point}`", f"{took[point]:.0f} s", needed[point], exports[point]) for point in points]
        with capsys.disabled():
            sys.stdout.write("\n" + table(("killed at", "loaded after", "ticks", "exports"), lines) + "\n")

        assert exports == {point.milestone: point.exports for point in KILL_POINTS}
        assert max(needed[milestone] for milestone in resumed) <= TICKS
        assert world.executed_by(B) >= len(WHERE)
        for asset, partition in WHERE.values():
            [(rows, distinct, last)] = world.query(
                "SELECT count(*), count(DISTINCT _file_row), max(_file_row) "
                f"FROM {asset} WHERE _period_filter = '{partition}'"
            )
            assert rows == distinct == last > 0

        # Dagster ends the killed runs by and by, and tries them again: none of these asks Pipefy for another export.
        world.wait_for(lambda: all(run.is_finished for run in world.runs(*killed.values())))
        runs = world.await_runs(minimum=2 * len(WHERE))
        assert world.exports == sum(exports.values()), world.last_words()
        retried = {run.status for run in runs if run.run_id not in killed.values()}
        assert retried == {dg.DagsterRunStatus.SUCCESS}, world.last_words()


def loaded(world: World, milestone: Milestone) -> list[dict[str, Any]]:
    """The loads of the slice, newest first: the retry of a killed run loads it once more."""
    return world.materializations(*WHERE[milestone])


def ticks_of(world: World, sensor: str) -> list[float]:
    """When a sensor has looked."""
    with world.installation.instance() as instance:
        [state] = [one for one in instance.all_instigator_state() if one.instigator_name == sensor]
        return [tick.timestamp for tick in instance.get_ticks(state.instigator_origin_id, state.selector_id)]
