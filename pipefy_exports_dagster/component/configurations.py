"""The configurations of our own code location and command line: from a YAML file, or from the environment."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipefy_exports_dagster.config.environment import config_from_environment
from pipefy_exports_dagster.config.model import PipefyExportsConfig
from pipefy_exports_dagster.config.variables import CONFIG_FILE


def project_root(environ: Mapping[str, str]) -> Path:
    """Return the folder of the project that the configurations are in; the working directory without a YAML file."""
    if file := environ.get(CONFIG_FILE, "").strip():
        from pipefy_exports_dagster.component.yaml_file import project_root_of

        return project_root_of(Path(file))
    return Path.cwd()


def configurations(environ: Mapping[str, str] | None = None) -> Sequence[PipefyExportsConfig]:
    """Return what the file that `PIPEFY_EXPORTS_CONFIG` names configures, or else what the other variables do.

    Raises:
        ConfigurationError: Something in it cannot be used.
    """
    environ = os.environ if environ is None else environ
    if file := environ.get(CONFIG_FILE, "").strip():
        from pipefy_exports_dagster.component.yaml_file import configurations_in

        return configurations_in(Path(file), environ)
    return [config_from_environment(environ)]
