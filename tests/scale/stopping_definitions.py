"""The code location of two machines. A run stops where a test has said so, for its machine to be killed there.

The folder `STOPS` is the test's way to all machines: the file of a `Stop` there stops the run of that partition, which
renames it.
"""

import os
import time
from pathlib import Path

import dagster as dg
from scale.stops import Stop

from pipefy_exports_dagster.config.environment import config_from_environment
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports
from pipefy_exports_dagster.orchestration.executor import side_by_side_executor


def stop(milestone: str) -> None:
    step = dg.AssetExecutionContext.get()
    here, folder = Stop(milestone, step.op.name, step.partition_key), Path(os.environ["STOPS"])
    try:
        here.ordered(folder).rename(here.reached(folder))
    except FileNotFoundError:
        return
    time.sleep(3600)


defs = dg.Definitions.merge(
    build_pipefy_exports(config_from_environment(), on_milestone=stop),
    dg.Definitions(executor=side_by_side_executor()),
)
