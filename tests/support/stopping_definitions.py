"""The code location, but it stops at one milestone of a materialization, so that a test can kill it there.

`STOP_AT` names the milestone; `STOP_MARKER` is a file that is written when the milestone is reached. A process
that finds the marker does not stop: the test wants only one to. With `PROCESS_FOR_EACH_STEP` the export has one,
as several exports of a run do.
"""

import os
import time
from pathlib import Path

import dagster as dg

from pipefy_exports_dagster.config.environment import config_from_environment
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports
from pipefy_exports_dagster.orchestration.executor import side_by_side_executor


def stop(milestone: str) -> None:
    marker = Path(os.environ["STOP_MARKER"])
    if milestone == os.environ["STOP_AT"] and not marker.exists():
        marker.write_text(str(os.getpid()))
        time.sleep(600)


executor = dg.multiprocess_executor if os.environ.get("PROCESS_FOR_EACH_STEP") else side_by_side_executor()
defs = dg.Definitions.merge(
    build_pipefy_exports(config_from_environment(), on_milestone=stop), dg.Definitions(executor=executor)
)
