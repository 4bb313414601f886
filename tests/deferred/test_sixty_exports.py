"""Sixty exports pending at once: no run waits for them, two requests ask about all, every one is loaded."""

import time
from collections.abc import Callable

import dagster as dg
import pytest
from deferred.scene import PARTITIONS, Scene
from deferred.test_deferred_runs import WRITTEN
from support.project import JOBS

from pipefy_exports_dagster.config.exports import Report

REPORTS = [f"report_{number}" for number in range(1, 20)]
ASSETS = [JOBS, *REPORTS]
SENSOR_TIME_LIMIT_S = 60


@pytest.mark.timeout(600)
def test_sixty_exports_wait_without_a_run_and_all_are_loaded(start_scene: Callable[..., Scene]) -> None:
    reports = [Report(name=name, columns=("id", "title", "created_at")) for name in REPORTS]
    # CSV, and no checks: they are not what this is about, and take a quarter longer each.
    scene = start_scene(changes={"reports": reports, "checks": False}, file_format="csv")
    stats = scene.sandbox.stats

    for partition in PARTITIONS:
        scene.request(*ASSETS, partition=partition)
    assert scene.exports == 60
    assert scene.runs_alive() == 0

    started = time.monotonic()
    assert scene.tick().requests == []
    assert time.monotonic() - started < SENSOR_TIME_LIMIT_S / 2
    assert stats.requests["status"] == 2
    assert stats.fields["automationJobsExport"] == 3
    assert stats.fields["organizationReportExport"] == 57
    assert scene.runs_alive() == 0

    scene.sandbox.clock.advance(WRITTEN)
    requests = scene.tick().requests
    assert stats.requests["status"] == 4
    keys = {request.run_key for request in requests}
    assert len(keys) == 60

    # The daemon ends when it has launched a part of them. The next one knows what the event log says.
    outcomes = scene.launch_all(requests[:25])
    rest = scene.tick().requests
    assert stats.requests["status"] == 4 + 25 + 1, "each run asked for its link, the sensor once about 35"
    assert {request.run_key for request in rest} == {request.run_key for request in requests[25:]}
    outcomes += scene.launch_all(rest)

    assert [outcome.failure for outcome in outcomes if not outcome.success] == []
    assert scene.tick().said == "no export is pending"
    tables = scene.project.tables()
    assert set(tables) == {(asset, partition) for asset in ASSETS for partition in PARTITIONS}
    assert min(tables.values()) > 0
    assert scene.exports == 60
    assert stats.requests["create"] == stats.requests["download"] == 60
    assert stats.requests["status"] == 4 + 60 + 1
    assert scene.clock.slept_s == 0
    assert scene.runs_alive() == 0
    with scene.project.instance() as instance:
        assert instance.get_runs_count(dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS])) == 63
