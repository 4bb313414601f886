"""The code location: one configuration, filled from the environment."""

import dagster as dg

from pipefy_exports_dagster.config import config_from_environment
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports, side_by_side_executor

defs = dg.Definitions.merge(
    build_pipefy_exports(config_from_environment()),
    # Here and not in the factory: a project that has an executor of its own could not merge two.
    dg.Definitions(executor=side_by_side_executor()),
)
