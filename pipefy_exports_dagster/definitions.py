"""The code location: a configuration from the environment, or several from a YAML file."""

import dagster as dg

from pipefy_exports_dagster.configurations import configurations
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports
from pipefy_exports_dagster.orchestration.executor import side_by_side_executor

defs = dg.Definitions.merge(
    *(build_pipefy_exports(config) for config in configurations()),
    # Here and not in the factory: a project that has an executor of its own could not merge two.
    dg.Definitions(executor=side_by_side_executor()),
)
