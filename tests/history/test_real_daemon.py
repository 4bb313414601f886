"""A real webserver and daemon: a new installation is filled by a backfill, and kept going by the sensor."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import httpx
import pytest
from history.installation import HISTORY
from integration.server_process import free_port, server_process
from support.daemon import wait_for
from support.project import DEFINITIONS, JOBS, Project
from support.waiting import PATIENCE_S

from pipefy_exports_dagster.periods import add_months
from pipefy_exports_dagster.sandbox import Sandbox

ENDED = {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}
BACKFILL = """mutation($of: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $of) { ... on LaunchBackfillSuccess { backfillId } }
}"""
START_SENSOR = """mutation($of: SensorSelector!) {
  startSensor(sensorSelector: $of) { ... on Sensor { sensorState { status } } }
}"""
MONTHS = """query($of: AssetKeyInput!) {
  assetNodeOrError(assetKey: $of) {
    ... on AssetNode { partitionStats { numMaterialized numFailed } }
  }
}"""


class Ui:
    """What the UI does when a person clicks, without a browser."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/graphql"

    def ask(self, query: str, of: dict[str, Any]) -> Any:
        answer = httpx.post(
            self._url, json={"query": query, "variables": {"of": of}}, timeout=PATIENCE_S
        ).json()
        assert "errors" not in answer, answer
        [value] = answer["data"].values()
        return value


def runs_of_history(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """The runs that build months, newest first; none that is still at work."""
    runs = [run for run in instance.get_runs() if dg.AssetKey(HISTORY) in (run.asset_selection or ())]
    return runs if {run.status for run in runs} <= ENDED else []


@pytest.mark.timeout(600)
def test_a_backfill_fills_the_months_of_the_export_and_the_sensor_later_ones(
    start_sandbox: Callable[..., Sandbox], tmp_path: Any
) -> None:
    sandbox = start_sandbox(jobs=200, cards=1, processing_seconds=0.1)
    project = Project.for_sandbox(tmp_path / "project", sandbox.url)
    assert project.materialize(JOBS, partition="last_3_months").success
    this_month = datetime.now(UTC).date().replace(day=1)
    months = [f"{add_months(this_month, -back):%Y-%m}" for back in (4, 3, 2, 1, 0)]
    port = free_port()
    command = [sys.executable, "-m", "dagster", "dev", "-m", DEFINITIONS, "--port", str(port)]
    with (
        server_process(
            [*command, "--host", "127.0.0.1"],
            environment=project.environment,
            cwd=project.root,
            log=project.root / "daemon.log",
        ) as server,
        project.instance() as instance,
    ):
        ui = Ui(f"http://127.0.0.1:{port}")
        server.await_answer(f"http://127.0.0.1:{port}/server_info")

        asked = {"assetSelection": [{"path": [HISTORY]}], "partitionNames": months}
        assert ui.ask(BACKFILL, asked)["backfillId"]
        wait_for(lambda: runs_of_history(instance), project)
        [run] = runs_of_history(instance)
        assert run.status is dg.DagsterRunStatus.SUCCESS
        assert filled(project) == {months[1]: False, months[2]: True, months[3]: True}
        assert ui.ask(MONTHS, {"path": [HISTORY]}) == {
            "partitionStats": {"numMaterialized": 3, "numFailed": 0}
        }, "gaps are gaps"
        [said] = [
            log.user_message
            for log in instance.all_logs(run.run_id)
            if "no export covers" in log.user_message
        ]
        assert f"no export covers {months[0]}, {months[4]} of {HISTORY}" in said
        assert f"the history holds {months[1]} to {months[3]}, from 1 file" in said
        assert f"Materialize current_month of {JOBS}" in said

        assert project.materialize(JOBS, partition="current_month").success
        names = {"repositoryLocationName": DEFINITIONS, "repositoryName": "__repository__"}
        started = ui.ask(START_SENSOR, names | {"sensorName": "pipefy_history_sensor"})
        assert started["sensorState"]["status"] == "RUNNING"
        wait_for(lambda: len(runs_of_history(instance)) == 3, project)
        assert {run.status for run in runs_of_history(instance)} == {dg.DagsterRunStatus.SUCCESS}
    assert filled(project) == {months[1]: False, months[2]: True, months[3]: True, months[4]: False}


def filled(project: Project) -> dict[str, bool]:
    """The months in the table, and whether they are complete."""
    return dict(project.query(f"SELECT DISTINCT strftime(_month, '%Y-%m'), _is_complete FROM {HISTORY}"))
