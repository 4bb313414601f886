"""The code location: one configuration, filled from the environment."""

from pipefy_exports_dagster.config import config_from_environment
from pipefy_exports_dagster.orchestration.build import build_pipefy_exports

defs = build_pipefy_exports(config_from_environment())
