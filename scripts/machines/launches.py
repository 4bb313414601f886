"""Runs, as a person launches them in the UI: the web server queues them, the daemon gives them to a worker."""

import json
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

LOCATION = "pipefy_exports"
"""The name of the code location in the workspace."""
REPOSITORY = "__repository__"
TIMEOUT_S = 120
_LAUNCH = """mutation($of: [ExecutionParams!]!) { launchMultipleRuns(executionParamsList: $of) { __typename
  ... on LaunchMultipleRunsResult { launchMultipleRunsResult {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }
  ... on PythonError { message } } }"""
_START_SENSOR = """mutation($of: SensorSelector!) {
  startSensor(sensorSelector: $of) { __typename ... on Sensor { sensorState { status } } } }"""


@dataclass(frozen=True)
class Launch:
    """A run of one partition of one asset, on any machine or on one that is named."""

    asset: str
    partition: str = "last_month"
    machine: str = ""
    job: str = "pipefy_exports"

    @property
    def parameters(self) -> dict[str, Any]:
        tags = {"dagster/partition": self.partition}
        if self.machine:
            tags["dagster-celery/queue"] = self.machine
        return {
            "selector": {
                "repositoryLocationName": LOCATION,
                "repositoryName": REPOSITORY,
                "jobName": self.job,
                "assetSelection": [{"path": [self.asset]}],
            },
            "mode": "default",
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
        }


def launch(url: str, launches: Sequence[Launch]) -> list[str]:
    """Launch runs, and return their ids."""
    answer = _ask(url, _LAUNCH, [one.parameters for one in launches])
    return [one["run"]["runId"] for one in answer["launchMultipleRunsResult"]]


def start_sensor(url: str, name: str) -> None:
    """Switch a sensor on."""
    selector = {"repositoryLocationName": LOCATION, "repositoryName": REPOSITORY, "sensorName": name}
    _ask(url, _START_SENSOR, selector)["sensorState"]


def _ask(url: str, query: str, of: Any) -> Any:
    question = json.dumps({"query": query, "variables": {"of": of}}).encode()
    request = urllib.request.Request(
        f"{url}/graphql", data=question, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        [value] = json.load(answer)["data"].values()
    return value
