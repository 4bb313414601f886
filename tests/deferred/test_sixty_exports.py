"""Sixty exports pending at once: no run waits for them, two requests ask about all, each is asked to be loaded once."""

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
LAUNCHED = 3
"""Runs that are executed here: how one export is loaded, the other tests of this folder show."""


@pytest.mark.timeout(600)
def test_sixty_exports_wait_without_a_run_and_each_is_launched_once(
    start_scene: Callable[..., Scene],
) -> None:
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
    outcomes = scene.launch_all(requests[:LAUNCHED])
    rest = scene.tick().requests
    assert stats.requests["status"] == 4 + LAUNCHED + 2, (
        "each run asked for its link, the sensor twice about the rest"
    )
    assert {request.run_key for request in rest} == {request.run_key for request in requests[LAUNCHED:]}

    assert [outcome.failure for outcome in outcomes if not outcome.success] == []
    tables = scene.project.tables()
    loaded = {
        (asset, request.partition_key) for request in requests[:LAUNCHED] for asset in assets_of(request)
    }
    assert set(tables) == loaded
    assert min(tables.values()) > 0
    assert scene.exports == stats.requests["create"] == 60
    assert stats.requests["download"] == LAUNCHED
    assert scene.clock.slept_s == 0
    assert scene.runs_alive() == 0
    with scene.project.instance() as instance:
        succeeded = dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS])
        assert instance.get_runs_count(succeeded) == len(PARTITIONS) + LAUNCHED


def assets_of(request: dg.RunRequest) -> list[str]:
    return [key.to_user_string() for key in request.asset_selection or ()]
