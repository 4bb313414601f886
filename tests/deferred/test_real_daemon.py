"""A real daemon with the sensor: killed while exports are pending, and another goes on."""

from collections.abc import Callable

import dagster as dg
import pytest
from deferred.scene import ENDED, Scene
from deferred.test_deferred_runs import WRITTEN
from support.daemon import daemon, wait_for
from support.project import JOBS, REPORT

EXPORTS = {(JOBS, "last_month"), (REPORT, "last_month"), (JOBS, "current_month")}


@pytest.mark.timeout(600)
def test_a_daemon_that_is_killed_while_exports_are_pending_loses_none(
    start_scene: Callable[..., Scene],
) -> None:
    scene = start_scene(now=None, processing_seconds=3600)
    project, stats = scene.project, scene.sandbox.stats
    project.environment["PIPEFY_EXPORTS_WAIT"] = "deferred"
    scene.request(JOBS, REPORT)
    scene.request(JOBS, partition="current_month")

    with daemon(project):
        wait_for(lambda: stats.requests["status"], project)
    assert stats.requests["status"] == 1, "one request about all three"
    with project.instance() as instance:
        assert {run.status for run in instance.get_runs()} == {dg.DagsterRunStatus.SUCCESS}
        assert instance.get_runs_count() == 2, "no run while they wait"

    scene.sandbox.clock.advance(6 * WRITTEN)
    with daemon(project), project.instance() as instance:
        wait_for(lambda: instance.get_runs_count() == 5, project)
        wait_for(lambda: {run.status for run in instance.get_runs()} <= ENDED, project)
        assert {run.status for run in instance.get_runs()} == {dg.DagsterRunStatus.SUCCESS}
    assert scene.exports == 3
    assert set(project.tables()) == EXPORTS
