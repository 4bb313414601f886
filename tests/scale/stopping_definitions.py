"""The code location of two machines. A run stops where a test has said so, for its machine to be killed there.

The folder `STOPS` is the test's way to all machines: a file `stop-at-<milestone>` stops the first run that reaches
it, which renames it to `reached-<milestone>`.
"""

import os
import time
from pathlib import Path

import dagster as dg

from pipefy_exports_dagster.config.environment import config_from_environment
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports
from pipefy_exports_dagster.orchestration.executor import side_by_side_executor


def stop(milestone: str) -> None:
    folder = Path(os.environ["STOPS"])
    try:
        (folder / f"stop-at-{milestone}").rename(folder / f"reached-{milestone}")
    except FileNotFoundError:
        return
    time.sleep(3600)


defs = dg.Definitions.merge(
    build_pipefy_exports(config_from_environment(), on_milestone=stop),
    dg.Definitions(executor=side_by_side_executor()),
)
