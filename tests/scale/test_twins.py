"""The same work on two machines at the same moment."""

import subprocess
import sys

import dagster as dg
import pytest
from machines.launches import Launch
from scale import slices
from scale.world import A, B, World
from support.project import JOBS

pytestmark = pytest.mark.timeout(1500)
TWINS = [Launch(JOBS, machine=A), Launch(JOBS, machine=B)]


def test_twins_ask_for_one_export_and_load_one_slice(world: World) -> None:
    """Nothing is there before: both are the first, of the schema and of the table too."""
    runs = world.await_runs(*world.launch(*TWINS))
    assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS}, world.last_words()
    assert world.exports == 1
    world.await_executed(A, B)
    [(rows, distinct, last)] = world.query(
        f"SELECT count(*), count(DISTINCT _file_row), max(_file_row) FROM {JOBS}"
    )
    assert rows == distinct == last > 0
    loads = world.materializations(JOBS, "last_month")
    assert {load["pipefy/export_id"] for load in loads} == {loads[0]["pipefy/export_id"]}
    said = [line for run in runs for line in world.said(run.run_id)]
    assert any("another run works on this partition" in line for line in said)


def test_eight_slices_of_one_table_at_once_from_two_machines_all_arrive_twenty_times(world: World) -> None:
    """They are the first ones, too: of the table, and all eight of the same slice of another."""
    rounds = 20
    machines = list(world.installation.workers.values())
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "scale.slices", str(number), str(rounds)],
            env=machines[number % 2].environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for number in range(slices.PROCESSES)
    ]
    said = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * slices.PROCESSES, said
    rows = world.query(
        f"SELECT _organization_id, count(*), count(DISTINCT _file_row), any_value(_export_id) "
        f"FROM {slices.TABLE} GROUP BY ALL ORDER BY 1"
    )
    assert rows == [
        (str(number), slices.ROWS, slices.ROWS, f"{number}-{rounds - 1}")
        for number in range(slices.PROCESSES)
    ]
    assert world.query(f"SELECT count(*) FROM {slices.FIRST}") == [(slices.ROWS,)]
