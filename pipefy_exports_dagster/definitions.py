"""The code location: a configuration from the environment, or several from a YAML file."""

import gc

import dagster as dg

from pipefy_exports_dagster.component.configurations import configurations
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports
from pipefy_exports_dagster.orchestration.executor import side_by_side_executor

defs = dg.Definitions.merge(
    *(build_pipefy_exports(config) for config in configurations()),
    # Here and not in the factory: a project that has an executor of its own could not merge two.
    dg.Definitions(executor=side_by_side_executor()),
)

# What is imported by now stays. Each pass of the garbage collector goes through all of it otherwise, which was half a
# second of CPU in a small export. Here and not in the factory: in other people's projects it is for them to decide.
gc.freeze()
