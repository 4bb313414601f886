"""The code location, but it stops at one stage of a materialization, so that a test can kill it there.

`STOP_AT` names the stage; `STOP_MARKER` is a file that is written when the stage is reached. A process
that finds the marker does not stop: the test wants only one to.
"""

import os
import time
from pathlib import Path

from pipefy_exports_dagster.environment import config_from_environment
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports


def stop(stage: str) -> None:
    marker = Path(os.environ["STOP_MARKER"])
    if stage == os.environ["STOP_AT"] and not marker.exists():
        marker.write_text(str(os.getpid()))
        time.sleep(600)


defs = build_pipefy_exports(config_from_environment(), on_stage=stop)
